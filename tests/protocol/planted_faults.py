"""The protocol broken in five ways in which systems like this one are known to be broken."""

from __future__ import annotations

from tests.protocol.actors import Actors, NextSteps
from tests.protocol.model import MarkResult, ModelView, ScriptModel, Store
from tests.protocol.world import Delivery, Step, World


class MarkedBeforeAppended(Actors):
    """(a) The dedupe key is set in one step and the message appended in the next."""

    def web_steps(self, world: World, index: int, delivery: Delivery) -> NextSteps:
        """Ask and mark first; a process that dies here leaves a key without a message."""
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
    """(b) The lock expires, and nobody asks whether the writer still has it."""

    fenced = False

    def is_lease_valid(self, s: Store, fence: int) -> bool:
        """Whoever once had the lock believes to have it."""
        return True


class UncheckedUnlock(ScriptModel):
    """(c) The unlock trusts an earlier look at the mailbox."""

    def release(self, s: Store, fence: int) -> tuple[Store, bool | None]:
        """Clear the lock, the job mark and the due time, whatever came meanwhile."""
        if not self.is_lease_valid(s, fence):
            return s, None
        return self.release_lease(s)._replace(hold=None, due=None), True


class PoppedBeforeProcessing(ScriptModel):
    """(d) The turn leaves the mailbox when a worker takes it, not when it is done."""

    def view(self, s: Store) -> tuple[Store, ModelView]:
        """Pop the first turn to look at it."""
        s, view = super().view(s)
        return (s, view) if view.out else (s._replace(mail=s.mail[1:]), view)

    def commit(
        self,
        s: Store,
        fence: int,
        state: tuple[str, ...],
        replies: tuple[str, ...],
        dead: str = "",
        turns: int = 1,
        timer: bool = False,
    ) -> tuple[Store, ModelView | None]:
        """State and replies; the turn has left long ago."""
        if not self.is_lease_valid(s, fence):
            return s, None
        return self.view(s._replace(state=state, tries=0, out=(*s.out, *replies)))


class CancelledTimerAnswered(ScriptModel):
    """(f) Whether a timer still runs is asked when it is looked at, not when it is answered."""

    def fire(self, s: Store, fence: int, replies: tuple[str, ...]) -> tuple[Store, ModelView | None]:
        """Answer it, whatever came meanwhile."""
        if not self.is_lease_valid(s, fence):
            return s, None
        return self.view(s._replace(timer=None, tries=0, out=(*s.out, *replies)))


class StaleTimerKept(ScriptModel):
    """(g) A timer goes on when the next turn, which waited already when it was started, is answered."""

    def commit(
        self,
        s: Store,
        fence: int,
        state: tuple[str, ...],
        replies: tuple[str, ...],
        dead: str = "",
        turns: int = 1,
        timer: bool = False,
    ) -> tuple[Store, ModelView | None]:
        """Start a timer, and never stop one."""
        after, view = super().commit(s, fence, state, replies, dead, turns, timer)
        return (after if timer or view is None else after._replace(timer=s.timer)), view


class BurstReadEarly(ScriptModel):
    """(h) A burst is taken by whoever works on the session, also while it may still grow."""

    merges_bursts = True

    def shows_turns(self, s: Store) -> bool:
        """Whatever waits."""
        return True


class RateLimitIgnored(ScriptModel):
    """(i) A reply that waited for its place leaves although its place has not come."""

    limits_rate = True

    def mark(self, s: Store, fence: int, reply: str) -> tuple[Store, MarkResult]:
        """Whoever has a place goes."""
        return super().mark(s._replace(slot="past") if s.slot else s, fence, reply)


class UniqueJobs(ScriptModel):
    """(e) RQ's `unique=True` is the only wake-up: no due index, one job until its result expires."""

    def wake(self, s: Store) -> Store:
        """Enqueue, unless the job's key still exists: waiting, running, or done and kept."""
        return super().wake(s)._replace(due=None)

    def claim(self, s: Store) -> tuple[Store, tuple[int, ModelView] | None]:
        """A lease, but nothing that looks after it."""
        s, claim = super().claim(s)
        return s._replace(due=None), claim

    def renew(self, s: Store, fence: int) -> tuple[Store, bool]:
        """Make the lease last longer."""
        s, kept = super().renew(s, fence)
        return s._replace(due=None), kept

    def pass_on(self, s: Store, fence: int) -> tuple[Store, bool | None]:
        """The next job has the same name as this one, which still runs."""
        return (s._replace(lease=None), True) if self.is_lease_valid(s, fence) else (s, None)

    def release(self, s: Store, fence: int) -> tuple[Store, bool | None]:
        """The session is empty, and its job's key lives on."""
        if not self.is_lease_valid(s, fence):
            return s, None
        return (s, False) if s.mail or s.out else (s._replace(lease=None), True)
