"""The scripts of gateway/redis/scripts/ as pure functions of one session's state, with the same names.

Times are kept only as far as the scripts can distinguish them: unset, in the future, or past.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

Moment = Literal["later", "past"] | None
Fence = tuple[int, int]
"""A fencing token: its number, and the claimer's nonce."""
ModelAcceptResult = Literal["new", "duplicate", "full", "stale"]
MarkResult = bool | Literal["wait", "not next", "window"] | None


class ModelView(NamedTuple):
    """The session as the holder of a lease last read it: turns, replies, marks, and an expired timer.

    `moved`: its first reply goes to the contact's new address.
    """

    owner: str
    state: tuple[str, ...]
    turns: tuple[str, ...]
    out: tuple[str, ...]
    marked: str | None
    tries: int
    waits: int
    fired: bool = False
    deaths: int = 0
    moved: bool = False


class ScheduledRecord(NamedTuple):
    """Record of a message that is sent later; one that is being released is due again after a while."""

    key: str
    state: Literal["waiting", "releasing", "cancelled"] = "waiting"
    due: Moment = "later"


class BroadcastRecord(NamedTuple):
    """Record of a broadcast. `held` is the end of the `holder`'s right to process rows.

    `claimed` is the row that has the session.
    """

    rows: tuple[str, ...]
    state: Literal["running", "paused", "stopped", "finished"] = "running"
    holder: str = ""
    held: Moment = None
    claimed: int | None = None
    processed: int = 0
    queued: int = 0
    skipped: int = 0
    sent: int = 0
    refused: int = 0


class Store(NamedTuple):
    """Everything that the server stores of the session. Turns and replies are their keys; jobs are numbers.

    `quiet` is the end of a burst, `timer` the end of the contact's time to answer, `pace` the time of the
    next permitted send, `slot` the reserved time of a waiting reply. `transferred`: the provider's record
    made the hold; `ours`: a newer record says that the bot has the conversation. `moved`: the contact has the
    new address, `marked_moved`: the marked reply was sent there. `received`: what of `seen` came by webhook;
    `refused`: what of that was erased, and is not taken again. `window` is the end of the service window,
    `held` what waits for the contact to open it.
    """

    mail: tuple[str, ...] = ()
    out: tuple[str, ...] = ()
    seen: frozenset[str] = frozenset()
    owner: str = "bot"
    state: tuple[str, ...] = ()
    fence: Fence = (0, 0)
    lease: Moment = None
    job: int | None = None
    hold: Moment = None
    tries: int = 0
    started: tuple[Fence, ...] = ()
    sends: tuple[Fence, ...] = ()
    losses: int = 0
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
    transferred: bool = False
    ours: bool = False
    moved: bool = False
    marked_moved: bool = False
    received: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    window: Moment = None
    held: tuple[str, ...] = ()
    opted_out: bool = False
    scheduled: tuple[ScheduledRecord, ...] = ()
    broadcast: BroadcastRecord | None = None


class ScriptModel:
    """Each method is one script: it returns the new store and the answer.

    `None` as an answer is Lua's nil: the lease is lost, or held by another worker.
    """

    mailbox_length = 1000
    fenced = True
    fences_repeat = False
    """The next number may be one that a worker still has."""
    merges_bursts = False
    """Messages in a burst are merged into one turn."""
    checks_address = True
    """A reply is not marked for an address that the contact has given up."""
    limits_rate = False
    """The provider accepts only one send at a time."""

    # Functions that scripts share.

    def wake(self, s: Store) -> Store:
        """Enqueue a job unless the session has one or must wait."""
        if s.job is not None:
            return s
        if "later" in (s.hold, s.quiet):
            return s._replace(due="later")
        number = s.jobs + 1
        return s._replace(jobs=number, queue=(*s.queue, number), job=number, hold=None, due="later")

    def is_lease_valid(self, s: Store, fence: Fence) -> bool:
        """Return whether this is the newest fencing token and its lease is valid."""
        return s.fence == fence and s.lease == "later"

    def view(self, s: Store, fence: Fence) -> tuple[Store, ModelView]:
        """Read the session. Reading the first reply starts it, and a waiting turn if the outbox is empty."""
        deaths = sum(token != fence for token in (s.sends if s.out else s.started))
        turns: tuple[str, ...] = ()
        if not s.out and self.shows_turns(s):
            turns, s = s.mail if self.merges_bursts else s.mail[:1], s._replace(quiet=None)
        fired = not turns and not s.out and s.timer == "past"
        if (turns or fired) and fence not in s.started:
            s = s._replace(started=(*s.started, fence))
        if s.out and fence not in s.sends:
            s = s._replace(sends=(*s.sends, fence))
        is_marked = s.marked is not None and s.out[:1] == (s.marked,)
        moved = bool(s.out) and (s.marked_moved if is_marked else s.moved)
        out = s.out[:10]
        return s, ModelView(s.owner, s.state, turns, out, s.marked, s.tries, s.waits, fired, deaths, moved)

    def clear_start(self, s: Store, fence: Fence) -> Store:
        """Remove a worker's start of the first turn or reply: it has reported back."""
        return self.without_starts(s, lambda token: token == fence)

    def without_starts(self, s: Store, is_removed: Callable[[Fence], bool]) -> Store:
        """Remove starts of turns and replies."""
        started = tuple(token for token in s.started if not is_removed(token))
        return s._replace(started=started, sends=tuple(token for token in s.sends if not is_removed(token)))

    def shows_turns(self, s: Store) -> bool:
        """Return False for a burst that may still grow."""
        return s.quiet != "later"

    def release_lease(self, s: Store) -> Store:
        """Clear the lease and the job mark."""
        return s._replace(lease=None, job=None)

    def is_next(self, s: Store, reply: str) -> bool:
        """Return whether the outbox begins with this reply."""
        return s.out[:1] == (reply,)

    def settle(self, s: Store, reply: str) -> Store:
        """Remove the named reply from the outbox; any other stays."""
        if not self.is_next(s, reply):
            return s
        return self.unmark(s)._replace(out=s.out[1:], waits=0, slot=None, sends=(), losses=0)

    def unmark(self, s: Store) -> Store:
        """Forget that a send was started."""
        return s._replace(marked=None, marked_moved=False)

    # Web process.

    def receive(self, s: Store, name: str) -> Store:
        """Record the IDs of a webhook (deduplication)."""
        return s._replace(seen=s.seen | {name}, received=s.received | {name})

    def accept(self, s: Store, turn: str, heals: bool = False) -> tuple[Store, ModelAcceptResult]:
        """Mark a turn as seen, append it and enqueue the session, in one step.

        With `heals` its webhook says that the bot has the conversation, which ends a transfer's hold.
        """
        if len(s.mail) >= self.mailbox_length:
            return s, "duplicate" if turn in s.seen else "full"
        if turn in s.seen or turn in s.refused:
            return s, "duplicate"
        s = self.receive(s, turn)._replace(mail=(*s.mail, turn), timer=None, moved=False)
        if heals:
            s = s._replace(ours=True)
            if s.owner == "human" and s.transferred:
                s = s._replace(owner="bot", transferred=False)
        return self.wake(s._replace(quiet="later") if self.merges_bursts else s), "new"

    def control(
        self, s: Store, name: str, owner: str, transfer: bool = False
    ) -> tuple[Store, ModelAcceptResult]:
        """Change the owner (another part of accept.lua), unless a newer record contradicts the transfer."""
        if name in s.seen or name in s.refused:
            return s, "duplicate"
        s = self.receive(s, name)
        if transfer and s.ours:
            return s, "stale"
        return s._replace(owner=owner, timer=None, transferred=transfer), "new"

    def participant(self, s: Store, name: str) -> Store:
        """Record a message of another participant (another part of accept.lua)."""
        return self.receive(s, name)

    def move(self, s: Store, name: str) -> Store:
        """Record the contact's new address (another part of accept.lua)."""
        return self.receive(s, name)._replace(moved=True)

    def say(self, s: Store, name: str, voice: str) -> tuple[Store, bool]:
        """Append a message of an agent, who takes over, or of the business.

        False if it is a duplicate, or if the business may not speak.
        """
        if name in s.seen or not self.may_speak(s, voice):
            return s, False
        if voice == "person":
            s = s._replace(owner="human", timer=None, transferred=False)
        return self.wake(s._replace(seen=s.seen | {name}, out=(*s.out, name))), True

    def erase(self, s: Store) -> Store:
        """Delete everything about the session and its queued job; a started job continues."""
        queue = tuple(job for job in s.queue if job != s.job)
        return Store(jobs=s.jobs, queue=queue, pace=s.pace, refused=s.refused | s.received)

    # Worker.

    def claim(self, s: Store, nonce: int) -> tuple[Store, tuple[Fence, ModelView] | None]:
        """Acquire the lease with a new fencing token, unless it is held.

        The holder's nonce comes again if the answer to its claim was lost: it lives.
        """
        is_own = bool(nonce) and s.fence[1] == nonce and s.lease == "later"
        if nonce and not is_own:
            s = self.without_starts(s, lambda token: token[1] == nonce)
        if s.lease == "later" and not is_own:
            return s, None
        fence = s.fence if is_own else (s.fence[0] + 1, nonce)
        s = s._replace(fence=fence, lease="later", hold=None, due="later")
        s, view = self.view(s, fence)
        return s, (fence, view)

    def survived(self, s: Store, fence: Fence) -> Store:
        """Record that a worker lives: a valid lease is released, a lost one counts as a loss."""
        had_started = fence in s.started + s.sends
        s = self.clear_start(s, fence)
        if self.is_lease_valid(s, fence):
            return self.release_lease(s)._replace(due="later")
        return s._replace(losses=s.losses + 1) if had_started else s

    def renew(self, s: Store, fence: Fence) -> tuple[Store, bool]:
        """Extend the lease."""
        if not self.is_lease_valid(s, fence):
            return s, False
        return s._replace(lease="later", due="later"), True

    def look(self, s: Store, fence: Fence) -> tuple[Store, ModelView | None]:
        """Read the session under the lease."""
        return self.view(s, fence) if self.is_lease_valid(s, fence) else (s, None)

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
        """Commit the named turns: state, replies, timer and removal from the mailbox, atomically."""
        if not self.is_lease_valid(s, fence) or s.mail[: len(turns)] != turns:
            return s, None
        letters = (*s.dead, dead) if dead else s.dead
        s = s._replace(state=state, mail=s.mail[len(turns) :], out=(*s.out, *replies), dead=letters)
        s = s._replace(tries=0, started=(), losses=0, timer="later" if timer else None)
        return self.view(s, fence)

    def fire(self, s: Store, fence: Fence, replies: tuple[str, ...]) -> tuple[Store, ModelView | None]:
        """Answer a timer (commit.lua too), unless a message or an agent has cancelled it meanwhile."""
        if not self.is_lease_valid(s, fence):
            return s, None
        if s.timer != "past" or s.mail:
            return self.view(s._replace(tries=0, started=()), fence)
        s = s._replace(tries=0, started=(), losses=0, timer=None, out=(*s.out, *replies))
        return self.view(s, fence)

    def may_speak(self, s: Store, voice: str) -> bool:
        """Return whether a voice may speak: the bot's does not while an agent owns the session."""
        return voice == "person" or s.owner not in ("human", "closed")

    def mark(
        self, s: Store, fence: Fence, reply: str, voice: str = "bot", moved: bool = False
    ) -> tuple[Store, MarkResult]:
        """Mark the next reply as about to be sent; False drops it, because an agent owns the session.

        `moved`: the worker would send it to the new address.
        """
        if not self.is_lease_valid(s, fence):
            return s, None
        if not self.is_next(s, reply):
            return s, "not next"
        if moved != s.moved and self.checks_address:
            return self.unmark(s), "not next"
        if not self.may_speak(s, voice):
            return self.settle(s, reply), False
        if self.limits_rate:
            if s.slot == "later" or (s.slot is None and s.pace == "later"):
                return s._replace(slot="later"), "wait"
            s = s._replace(slot=None, pace="later" if s.slot is None else s.pace)
        return s._replace(marked=reply, marked_moved=moved), True

    def sent(self, s: Store, fence: Fence, reply: str) -> tuple[Store, bool | None]:
        """Record that the provider accepted a reply."""
        return (self.settle(s, reply), True) if self.is_lease_valid(s, fence) else (s, None)

    def refuse(self, s: Store, fence: Fence, reply: str) -> tuple[Store, bool | None]:
        """Record that the provider rejected a reply for good: a dead letter."""
        if not self.is_lease_valid(s, fence):
            return s, None
        if not self.is_next(s, reply):
            return s, True
        return self.settle(s._replace(dead=(*s.dead, reply)), reply), True

    def postpone(
        self, s: Store, fence: Fence, settled: bool, counted: bool = True, failed: bool = False
    ) -> tuple[Store, bool | None]:
        """Release the lease and schedule the session for later; `failed` counts a try of the turn."""
        if not self.is_lease_valid(s, fence):
            return s, None
        s = self.release_lease(self.clear_start(s, fence)._replace(hold="later"))
        if failed:
            s = s._replace(tries=s.tries + 1)
        if settled:
            s = self.unmark(s)
        if s.out and counted:
            s = s._replace(waits=s.waits + 1, sends=())
        return s._replace(due="later"), True

    def pass_on(self, s: Store, fence: Fence) -> tuple[Store, bool | None]:
        """Release the lease with work left, and enqueue the next job; the turn does not count as tried."""
        if not self.is_lease_valid(s, fence):
            return s, None
        return self.wake(self.release_lease(self.clear_start(s, fence))), True

    def release(self, s: Store, fence: Fence) -> tuple[Store, bool | None]:
        """Release the lease and clear the job mark if no work is left, in one step."""
        if not self.is_lease_valid(s, fence):
            return s, None
        if s.out or s.timer == "past" or (s.mail and s.quiet != "later"):
            return s, False
        if s.mail:  # a burst may still grow
            return self.release_lease(s)._replace(due="later"), True
        s = self.release_lease(s)._replace(hold=None, quiet=None, due="later" if s.timer else None)
        return (s if s.seen else self.erase(s)), True

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
            s = self.release_lease(s)._replace(due="later" if s.timer else None)
            return (s if s.seen else self.erase(s)), False
        if self.is_job_queued(s):
            return s._replace(due="later"), False
        woken = self.wake(self.release_lease(s)._replace(hold=None))
        return woken, woken.jobs > s.jobs
