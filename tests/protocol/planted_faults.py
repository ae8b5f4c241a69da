"""The protocol with planted faults, each a known defect of systems like this one."""

from __future__ import annotations

from tests.protocol.actors import Actors
from tests.protocol.model import Fence, MarkResult, ModelAcceptResult, ModelView, ScriptModel, Store
from tests.protocol.worker_steps import NextSteps
from tests.protocol.world import Delivery, Step, World


class MarkedBeforeAppended(Actors):
    """(a) The deduplication key is set in one step and the message appended in the next."""

    def web_steps(self, world: World, index: int, delivery: Delivery) -> NextSteps:
        """Check and mark first; a process that dies here leaves a key without a message."""
        who, turn, store = f"web {index + 1}", delivery.turn, world.store
        if delivery.stage == "waiting" and turn in store.seen:
            yield (
                Step("accept", who, f"{turn} duplicate"),
                self._with_delivery_stage(world, index, "recorded"),
            )
        elif delivery.stage == "waiting":
            marked = world._replace(store=store._replace(seen=store.seen | {turn}))
            yield Step("mark_seen", who, turn), self._with_delivery_stage(marked, index, "marked")
        elif delivery.stage == "marked":
            woken = self.scripts.wake(store._replace(mail=(*store.mail, turn)))
            appended = world._replace(store=woken, accepted=(*world.accepted, turn))
            yield Step("append", who, turn), self._with_delivery_stage(appended, index, "recorded")
        else:
            yield from super().web_steps(world, index, delivery)


class WithoutFences(ScriptModel):
    """(b) The lock expires, and writes do not check the fencing token."""

    fenced = False

    def is_lease_valid(self, s: Store, fence: Fence) -> bool:
        """Return True for any former holder."""
        return True


class UncheckedUnlock(ScriptModel):
    """(c) The unlock trusts an earlier read of the mailbox."""

    def release(self, s: Store, fence: Fence) -> tuple[Store, bool | None]:
        """Clear the lock, the job mark and the due time, even if a message arrived meanwhile."""
        if not self.is_lease_valid(s, fence):
            return s, None
        return self.release_lease(s)._replace(hold=None, due=None), True


class PoppedBeforeProcessing(ScriptModel):
    """(d) The turn leaves the mailbox when a worker reads it, not when it is committed."""

    def view(self, s: Store, fence: Fence) -> tuple[Store, ModelView]:
        """Pop the first turn when reading it."""
        s, view = super().view(s, fence)
        return (s, view) if view.out else (s._replace(mail=s.mail[1:]), view)

    def commit(
        self,
        s: Store,
        fence: Fence,
        state: tuple[str, ...],
        replies: tuple[str, ...],
        dead: str = "",
        turns: tuple[str, ...] = (),
        timer: bool = False,
    ) -> tuple[Store, ModelView | None]:
        """Commit state and replies; the turn was popped before."""
        if not self.is_lease_valid(s, fence):
            return s, None
        s = s._replace(state=state, tries=0, started=(), losses=0, out=(*s.out, *replies))
        return self.view(s, fence)


class CancelledTimerAnswered(ScriptModel):
    """(f) The timer is checked when it is read, not when it is answered."""

    def fire(self, s: Store, fence: Fence, replies: tuple[str, ...]) -> tuple[Store, ModelView | None]:
        """Answer it, even if a message arrived meanwhile."""
        if not self.is_lease_valid(s, fence):
            return s, None
        s = s._replace(timer=None, tries=0, started=(), losses=0, out=(*s.out, *replies))
        return self.view(s, fence)


class StaleTimerKept(ScriptModel):
    """(g) A timer continues when the next turn, already waiting when it was started, is answered."""

    def commit(
        self,
        s: Store,
        fence: Fence,
        state: tuple[str, ...],
        replies: tuple[str, ...],
        dead: str = "",
        turns: tuple[str, ...] = (),
        timer: bool = False,
    ) -> tuple[Store, ModelView | None]:
        """Start a timer, but never cancel one."""
        after, view = super().commit(s, fence, state, replies, dead, turns, timer)
        return (after if timer or view is None else after._replace(timer=s.timer)), view


class BurstReadEarly(ScriptModel):
    """(h) A burst is taken by the worker that holds the session, even while it may still grow."""

    merges_bursts = True

    def shows_turns(self, s: Store) -> bool:
        """Return True for any waiting turns."""
        return True


class RateLimitIgnored(ScriptModel):
    """(i) A reply that waited for its rate-limit slot is sent before the slot."""

    limits_rate = True

    def mark(
        self, s: Store, fence: Fence, reply: str, voice: str = "bot", moved: bool = False
    ) -> tuple[Store, MarkResult]:
        """Permit any reply that has a slot."""
        return super().mark(s._replace(slot="past") if s.slot else s, fence, reply, voice, moved)


class UniqueJobs(ScriptModel):
    """(e) RQ's `unique=True` is the only wake-up: no due index, one job until its result expires."""

    def wake(self, s: Store) -> Store:
        """Enqueue, unless the job's key still exists: waiting, running, or finished and kept."""
        return super().wake(s)._replace(due=None)

    def claim(self, s: Store, nonce: int) -> tuple[Store, tuple[Fence, ModelView] | None]:
        """Take a lease without a due time."""
        s, claim = super().claim(s, nonce)
        return s._replace(due=None), claim

    def renew(self, s: Store, fence: Fence) -> tuple[Store, bool]:
        """Extend the lease."""
        s, is_renewed = super().renew(s, fence)
        return s._replace(due=None), is_renewed

    def pass_on(self, s: Store, fence: Fence) -> tuple[Store, bool | None]:
        """Fail to enqueue: the next job has the same name as this one, which still runs."""
        return (s._replace(lease=None), True) if self.is_lease_valid(s, fence) else (s, None)

    def release(self, s: Store, fence: Fence) -> tuple[Store, bool | None]:
        """Release the session, but keep its job's key."""
        if not self.is_lease_valid(s, fence):
            return s, None
        return (s, False) if s.mail or s.out else (s._replace(lease=None), True)


class OutboxHeadUnchecked(ScriptModel):
    """(j) Marks and settles the first reply, whichever it is."""

    def is_next(self, s: Store, reply: str) -> bool:
        """Return True for any outbox with a reply in it."""
        return bool(s.out)


class RepeatingFences(ScriptModel):
    """(k) The fencing token is a number in the session's own key, which erasure and failover set back."""

    fenced = False
    fences_repeat = True

    def claim(self, s: Store, nonce: int) -> tuple[Store, tuple[Fence, ModelView] | None]:
        """Acquire the lease with the next number only."""
        return super().claim(s, 0)


class OwnerUnchecked(ScriptModel):
    """(l) The owner is checked when the turn starts, not again when its reply is marked."""

    def may_speak(self, s: Store, voice: str) -> bool:
        """Return True for any voice."""
        return True


class DeathsCountedAsFailures(ScriptModel):
    """(m) Each start of a turn counts as a try, also one that ended in a pause."""

    def survived(self, s: Store, fence: Fence) -> Store:
        """Ignore the report."""
        return s


class SendDeathsUncounted(ScriptModel):
    """(n) The workers that a turn kills are counted, those that a reply kills are not."""

    def view(self, s: Store, fence: Fence) -> tuple[Store, ModelView]:
        """Read the session without starting its first reply."""
        s, view = super().view(s, fence)
        return s._replace(sends=()), view


class AddressUnchecked(ScriptModel):
    """A reply is sent to the address that the worker has read, whatever has changed since."""

    checks_address = False


class RecordNotBelieved(ScriptModel):
    """The owner that a message's webhook reports is ignored."""

    def accept(self, s: Store, turn: str, heals: bool = False) -> tuple[Store, ModelAcceptResult]:
        """Record the turn only."""
        return super().accept(s, turn)


class NonceForgotten(ScriptModel):
    """A claim whose response was lost is treated as that of a dead worker."""

    def claim(self, s: Store, nonce: int) -> tuple[Store, tuple[Fence, ModelView] | None]:
        """Refuse the holder's own nonce, too."""
        if s.lease == "later":
            return s, None
        started = s.started
        s, claim = super().claim(s, nonce)
        return s._replace(started=(*started, *s.started)), claim
