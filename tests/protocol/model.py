"""The scripts of gateway/redis/scripts/ as pure functions of one session's state, with the same names.

Times are kept only as far as the scripts can distinguish them: unset, in the future, or past.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Moment = Literal["later", "past"] | None
ModelAcceptResult = Literal["new", "duplicate", "full"]
MarkResult = bool | Literal["wait"] | None


class ModelView(NamedTuple):
    """The session as the holder of a lease last read it: turns, replies, marks, and an expired timer."""

    owner: str
    state: tuple[str, ...]
    turns: tuple[str, ...]
    out: tuple[str, ...]
    marked: str | None
    tries: int
    waits: int
    fired: bool = False


class Store(NamedTuple):
    """Everything that the server stores of the session. Turns and replies are their keys; jobs are numbers.

    `quiet` is the end of a burst, `timer` the end of the contact's time to answer, `pace` the time of the
    next permitted send, `slot` the reserved time of a waiting reply.
    """

    mail: tuple[str, ...] = ()
    out: tuple[str, ...] = ()
    seen: frozenset[str] = frozenset()
    owner: str = "bot"
    state: tuple[str, ...] = ()
    fence: int = 0
    lease: Moment = None
    job: int | None = None
    hold: Moment = None
    tries: int = 0
    waits: int = 0
    marked: str | None = None
    jobs: int = 0
    queue: tuple[int, ...] = ()
    due: Moment = None
    dead: tuple[str, ...] = ()
    quiet: Moment = None
    timer: Moment = None
    pace: Moment = None
    slot: Moment = None


class ScriptModel:
    """Each method is one script: it returns the new store and the answer.

    `None` as an answer is Lua's nil: the lease is lost, or held by another worker.
    """

    mailbox_length = 1000
    fenced = True
    merges_bursts = False
    """Messages in a burst are merged into one turn."""
    limits_rate = False
    """The provider accepts only one send at a time."""

    # Shared functions of prelude.lua.

    def wake(self, s: Store) -> Store:
        """Enqueue a job unless the session has one or must wait."""
        if s.job is not None:
            return s
        if "later" in (s.hold, s.quiet):
            return s._replace(due="later")
        number = s.jobs + 1
        return s._replace(jobs=number, queue=(*s.queue, number), job=number, hold=None, due="later")

    def is_lease_valid(self, s: Store, fence: int) -> bool:
        """Return whether this is the newest fencing token and its lease is valid."""
        return s.fence == fence and s.lease == "later"

    def view(self, s: Store) -> tuple[Store, ModelView]:
        """Read the session. Reading a waiting turn while the outbox is empty counts as a try."""
        turns: tuple[str, ...] = ()
        if not s.out and self.shows_turns(s):
            turns, s = s.mail if self.merges_bursts else s.mail[:1], s._replace(quiet=None)
        fired = not turns and not s.out and s.timer == "past"
        if turns or fired:
            s = s._replace(tries=s.tries + 1)
        return s, ModelView(s.owner, s.state, turns, s.out[:10], s.marked, s.tries, s.waits, fired)

    def shows_turns(self, s: Store) -> bool:
        """Return False for a burst that may still grow."""
        return s.quiet != "later"

    def release_lease(self, s: Store) -> Store:
        """Clear the lease and the job mark."""
        return s._replace(lease=None, job=None)

    def settle(self, s: Store) -> Store:
        """Remove the first reply from the outbox."""
        return s._replace(out=s.out[1:], marked=None, waits=0, slot=None)

    # Web process.

    def accept(self, s: Store, turn: str) -> tuple[Store, ModelAcceptResult]:
        """Mark a turn as seen, append it and enqueue the session, in one step."""
        if len(s.mail) >= self.mailbox_length:
            return s, "duplicate" if turn in s.seen else "full"
        if turn in s.seen:
            return s, "duplicate"
        s = s._replace(seen=s.seen | {turn}, mail=(*s.mail, turn), timer=None)
        return self.wake(s._replace(quiet="later") if self.merges_bursts else s), "new"

    def control(self, s: Store, name: str, owner: str) -> tuple[Store, ModelAcceptResult]:
        """Change the owner (the other half of accept.lua)."""
        if name in s.seen:
            return s, "duplicate"
        return s._replace(seen=s.seen | {name}, owner=owner, timer=None), "new"

    # Worker.

    def claim(self, s: Store) -> tuple[Store, tuple[int, ModelView] | None]:
        """Acquire the lease with a new fencing token, unless it is held."""
        if s.lease == "later":
            return s, None
        s = s._replace(fence=s.fence + 1, lease="later", hold=None, due="later")
        s, view = self.view(s)
        return s, (s.fence, view)

    def renew(self, s: Store, fence: int) -> tuple[Store, bool]:
        """Extend the lease."""
        if not self.is_lease_valid(s, fence):
            return s, False
        return s._replace(lease="later", due="later"), True

    def look(self, s: Store, fence: int) -> tuple[Store, ModelView | None]:
        """Read the session under the lease."""
        return self.view(s) if self.is_lease_valid(s, fence) else (s, None)

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
        """Commit the first turns: state, replies, timer and removal from the mailbox, atomically."""
        if not self.is_lease_valid(s, fence):
            return s, None
        letters = (*s.dead, dead) if dead else s.dead
        s = s._replace(state=state, mail=s.mail[turns:], tries=0, out=(*s.out, *replies), dead=letters)
        return self.view(s._replace(timer="later" if timer else None))

    def fire(self, s: Store, fence: int, replies: tuple[str, ...]) -> tuple[Store, ModelView | None]:
        """Answer a timer (commit.lua too), unless a message or an agent has cancelled it meanwhile."""
        if not self.is_lease_valid(s, fence):
            return s, None
        s = s._replace(tries=0)
        if s.timer != "past" or s.mail:
            return self.view(s)
        return self.view(s._replace(timer=None, out=(*s.out, *replies)))

    def mark(self, s: Store, fence: int, reply: str) -> tuple[Store, MarkResult]:
        """Mark a reply as about to be sent; False drops it, because an agent owns the session."""
        if not self.is_lease_valid(s, fence):
            return s, None
        if s.owner in ("human", "closed"):
            return self.settle(s), False
        if self.limits_rate:
            if s.slot == "later" or (s.slot is None and s.pace == "later"):
                return s._replace(slot="later"), "wait"
            s = s._replace(slot=None, pace="later" if s.slot is None else s.pace)
        return s._replace(marked=reply), True

    def sent(self, s: Store, fence: int) -> tuple[Store, bool | None]:
        """Record that the provider accepted the first reply."""
        return (self.settle(s), True) if self.is_lease_valid(s, fence) else (s, None)

    def refuse(self, s: Store, fence: int) -> tuple[Store, bool | None]:
        """Record that the provider rejected the first reply for good: a dead letter."""
        if not self.is_lease_valid(s, fence):
            return s, None
        return self.settle(s._replace(dead=(*s.dead, s.out[0]))), True

    def postpone(
        self, s: Store, fence: int, settled: bool, counted: bool = True
    ) -> tuple[Store, bool | None]:
        """Release the lease and schedule the session for later."""
        if not self.is_lease_valid(s, fence):
            return s, None
        s = self.release_lease(s._replace(hold="later"))
        if settled:
            s = s._replace(marked=None)
        if s.out and counted:
            s = s._replace(waits=s.waits + 1)
        return s._replace(due="later"), True

    def pass_on(self, s: Store, fence: int) -> tuple[Store, bool | None]:
        """Release the lease with work left, and enqueue the next job; the turn does not count as tried."""
        if not self.is_lease_valid(s, fence):
            return s, None
        return self.wake(self.release_lease(s)._replace(tries=max(s.tries - 1, 0))), True

    def release(self, s: Store, fence: int) -> tuple[Store, bool | None]:
        """Release the lease and clear the job mark if no work is left, in one step."""
        if not self.is_lease_valid(s, fence):
            return s, None
        if s.out or s.timer == "past" or (s.mail and s.quiet != "later"):
            return s, False
        if s.mail:  # a burst may still grow
            return self.release_lease(s)._replace(due="later"), True
        return self.release_lease(s)._replace(hold=None, quiet=None, due="later" if s.timer else None), True

    # Sweeper of every process.

    def is_job_queued(self, s: Store) -> bool:
        """Return whether the job is queued; jobs are numbered and leave at the head of the queue."""
        return s.job is not None and bool(s.queue) and s.job >= s.queue[0]

    def sweep(self, s: Store) -> tuple[Store, bool]:
        """Check the session if it is overdue; return whether it was enqueued."""
        if s.due != "past":
            return s, False
        if s.lease == "later":
            return s._replace(due="later"), False
        if not (s.mail or s.out or s.timer == "past"):
            return self.release_lease(s)._replace(due="later" if s.timer else None), False
        if self.is_job_queued(s):
            return s._replace(due="later"), False
        woken = self.wake(self.release_lease(s)._replace(hold=None))
        return woken, woken.jobs > s.jobs
