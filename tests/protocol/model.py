"""The scripts of gateway/redis/scripts/ as pure functions of one session's state, name for name.

Times are kept only as far as the scripts can tell them apart: a moment is unset, yet to come, or past.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Moment = Literal["later", "past"] | None
ModelAcceptResult = Literal["new", "duplicate", "full"]
MarkResult = bool | Literal["wait"] | None


class ModelView(NamedTuple):
    """What the holder of a lease last saw: turns, replies, marks, and whether a timer ran out."""

    owner: str
    state: tuple[str, ...]
    turns: tuple[str, ...]
    out: tuple[str, ...]
    marked: str | None
    tries: int
    waits: int
    fired: bool = False


class Store(NamedTuple):
    """Everything the server keeps of the session. A turn and a reply are their keys; jobs are numbered.

    `quiet` is the end of a burst of messages, `timer` that of the person's time to write, `pace` when the
    provider takes the next send, `slot` the place in it that a reply waits for.
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
    """Each method is one script: what it makes of the store, and what it answers.

    `None` as an answer means what nil means in Lua: the lease is lost, or held by somebody else.
    """

    mailbox_length = 1000
    fenced = True
    merges_bursts = False
    """Whether messages that come one after the other are taken as one turn."""
    limits_rate = False
    """Whether the provider takes only one send at a time."""

    # What prelude.lua shares among them.

    def wake(self, s: Store) -> Store:
        """Enqueue a drain unless one is on its way or the session is held back until later."""
        if s.job is not None:
            return s
        if "later" in (s.hold, s.quiet):
            return s._replace(due="later")
        number = s.jobs + 1
        return s._replace(jobs=number, queue=(*s.queue, number), job=number, hold=None, due="later")

    def is_lease_valid(self, s: Store, fence: int) -> bool:
        """Whether this fence is the newest and its lease lasts."""
        return s.fence == fence and s.lease == "later"

    def view(self, s: Store) -> tuple[Store, ModelView]:
        """What the holder sees. Looking at a waiting turn with nothing left to send is one try."""
        turns: tuple[str, ...] = ()
        if not s.out and self.shows_turns(s):
            turns, s = s.mail if self.merges_bursts else s.mail[:1], s._replace(quiet=None)
        fired = not turns and not s.out and s.timer == "past"
        if turns or fired:
            s = s._replace(tries=s.tries + 1)
        return s, ModelView(s.owner, s.state, turns, s.out[:10], s.marked, s.tries, s.waits, fired)

    def shows_turns(self, s: Store) -> bool:
        """A burst that may still grow is not shown."""
        return s.quiet != "later"

    def release_lease(self, s: Store) -> Store:
        """Give the lease and the job mark back."""
        return s._replace(lease=None, job=None)

    def settle(self, s: Store) -> Store:
        """Take the first reply out of the outbox."""
        return s._replace(out=s.out[1:], marked=None, waits=0, slot=None)

    # The web side.

    def accept(self, s: Store, turn: str) -> tuple[Store, ModelAcceptResult]:
        """Mark a turn as seen, append it and wake the session, in one step."""
        if len(s.mail) >= self.mailbox_length:
            return s, "duplicate" if turn in s.seen else "full"
        if turn in s.seen:
            return s, "duplicate"
        s = s._replace(seen=s.seen | {turn}, mail=(*s.mail, turn), timer=None)
        return self.wake(s._replace(quiet="later") if self.merges_bursts else s), "new"

    def control(self, s: Store, name: str, owner: str) -> tuple[Store, ModelAcceptResult]:
        """Change who speaks (the other half of accept.lua)."""
        if name in s.seen:
            return s, "duplicate"
        return s._replace(seen=s.seen | {name}, owner=owner, timer=None), "new"

    # The worker side.

    def claim(self, s: Store) -> tuple[Store, tuple[int, ModelView] | None]:
        """Take the lease with a new fence, unless it is held."""
        if s.lease == "later":
            return s, None
        s = s._replace(fence=s.fence + 1, lease="later", hold=None, due="later")
        s, view = self.view(s)
        return s, (s.fence, view)

    def renew(self, s: Store, fence: int) -> tuple[Store, bool]:
        """Make the lease last longer."""
        if not self.is_lease_valid(s, fence):
            return s, False
        return s._replace(lease="later", due="later"), True

    def look(self, s: Store, fence: int) -> tuple[Store, ModelView | None]:
        """The session as it is now."""
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
        """End the first turns: state, replies, their timer and their leaving, all or none."""
        if not self.is_lease_valid(s, fence):
            return s, None
        letters = (*s.dead, dead) if dead else s.dead
        s = s._replace(state=state, mail=s.mail[turns:], tries=0, out=(*s.out, *replies), dead=letters)
        return self.view(s._replace(timer="later" if timer else None))

    def fire(self, s: Store, fence: int, replies: tuple[str, ...]) -> tuple[Store, ModelView | None]:
        """Answer a timer (commit.lua too), unless a message or a person has cancelled it meanwhile."""
        if not self.is_lease_valid(s, fence):
            return s, None
        s = s._replace(tries=0)
        if s.timer != "past" or s.mail:
            return self.view(s)
        return self.view(s._replace(timer=None, out=(*s.out, *replies)))

    def mark(self, s: Store, fence: int, reply: str) -> tuple[Store, MarkResult]:
        """Note that a reply is about to be sent; False drops it, for a person speaks."""
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
        """The provider took the first reply."""
        return (self.settle(s), True) if self.is_lease_valid(s, fence) else (s, None)

    def refuse(self, s: Store, fence: int) -> tuple[Store, bool | None]:
        """The provider will never take the first reply, which is set aside."""
        if not self.is_lease_valid(s, fence):
            return s, None
        return self.settle(s._replace(dead=(*s.dead, s.out[0]))), True

    def postpone(
        self, s: Store, fence: int, settled: bool, counted: bool = True
    ) -> tuple[Store, bool | None]:
        """Give the lease back until later."""
        if not self.is_lease_valid(s, fence):
            return s, None
        s = self.release_lease(s._replace(hold="later"))
        if settled:
            s = s._replace(marked=None)
        if s.out and counted:
            s = s._replace(waits=s.waits + 1)
        return s._replace(due="later"), True

    def pass_on(self, s: Store, fence: int) -> tuple[Store, bool | None]:
        """Give the lease back with work left, and enqueue the next drain; the turn was not tried."""
        if not self.is_lease_valid(s, fence):
            return s, None
        return self.wake(self.release_lease(s)._replace(tries=max(s.tries - 1, 0))), True

    def release(self, s: Store, fence: int) -> tuple[Store, bool | None]:
        """Find nothing left and clear the job mark in one step, or say that there is more."""
        if not self.is_lease_valid(s, fence):
            return s, None
        if s.out or s.timer == "past" or (s.mail and s.quiet != "later"):
            return s, False
        if s.mail:  # a burst may still grow
            return self.release_lease(s)._replace(due="later"), True
        return self.release_lease(s)._replace(hold=None, quiet=None, due="later" if s.timer else None), True

    # Everybody's sweeper.

    def is_job_queued(self, s: Store) -> bool:
        """Jobs are numbered as they are pushed and leave at the head, so one comparison tells."""
        return s.job is not None and bool(s.queue) and s.job >= s.queue[0]

    def sweep(self, s: Store) -> tuple[Store, bool]:
        """Look at the session if it is overdue; True when it was enqueued."""
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
