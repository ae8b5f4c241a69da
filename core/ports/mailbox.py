"""Port of the session protocol: operations of the web side and of the worker on the store.

Every method is one atomic step. Times are the store's clock, so no process's clock matters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pydantic import JsonValue

from core.model import Event, FailureKind, FiredTimer, Owner, Reply, SentMessage, TimerKind, Turn
from core.ports.dialog import Reminder, State


class AcceptResult(StrEnum):
    """Result for one event of a request."""

    NEW = "new"
    DUPLICATE = "duplicate"
    FULL = "full"
    STALE = "stale"
    EARLY = "early"
    COUNTED = "counted"
    UNKNOWN = "unknown"
    SILENCED = "silenced"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to process a session.

    `fence` is the fencing token, a number and the claimer's nonce: it is never given twice, and only the
    newest may write. `valid_until` is when the lease expires unless renewed, in seconds of this process's
    monotonic clock.
    """

    session: str
    fence: str
    valid_until: float = 0.0


@dataclass(frozen=True, slots=True)
class SendMark:
    """A reply whose send was started and not settled; `at_ms` is the start in ms since the epoch."""

    key: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as the holder of its lease sees it.

    `outbox` are the first unsent replies; if there are none, `turns` is the first waiting turn, or all that
    may be merged with it. `tries` counts the failures of the first turn, `deaths` the workers that started
    the first reply, or the first turn, and never reported back. `postponements` counts the failed sends of
    the first reply, `unknown_sends` those whose outcome is unknown. `recent_provider_ids` are those of
    settled replies. `granted_key` is the key of a reply that was marked in the same step and may be sent.
    `overflowed`: messages were refused and the contact was not informed. `fired_timer` is an expired
    timer, if there is nothing else. `lease_released`: there is nothing to do, so the lease was released in
    the same step. `read_at_ms` is the store's time.
    """

    owner: Owner = Owner.BOT
    opted_out: bool = False
    state: State | None = None
    turns: tuple[Turn, ...] = ()
    outbox: tuple[Reply, ...] = ()
    send_mark: SendMark | None = None
    granted_key: str = ""
    tries: int = 0
    deaths: int = 0
    postponements: int = 0
    unknown_sends: int = 0
    recent_provider_ids: frozenset[str] = frozenset()
    overflowed: bool = False
    fired_timer: FiredTimer | None = None
    lease_released: bool = False
    read_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class SendPermit:
    """Permission to send a reply now.

    If not granted: retry after `wait` seconds; 0 means that the reply left the outbox. With `window_closed`
    it must take another way. `reason` says why it must wait.
    """

    granted: bool
    wait: float = 0.0
    reason: str = ""
    window_closed: bool = False


@dataclass(frozen=True, slots=True)
class SendFailure:
    """A failed send, for the account's circuit breaker, which opens after failures of a few replies in a row.

    Further tries of the same reply do not count. With `cooldown_seconds` above 0 it opens at once, for at
    least that long. `may_be_copy`: the provider may have accepted the reply and cannot be asked, so the next
    try may be a copy.
    """

    reply: Reply
    cooldown_seconds: float = 0.0
    may_be_copy: bool = False


@dataclass(frozen=True, slots=True)
class SendPause:
    """A rate limit of the provider: sends of the reply's account wait, with `one_number` of its number only.

    It is no failure of the account, so the circuit breaker does not count it.
    """

    reply: Reply
    seconds: float
    one_number: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease together with the session's contents.

    Without `is_started` the view is empty: the session is read when it may run. `suspicion` grows with the
    workers that died or lost the lease while answering its turn; above 0 it runs apart from others.
    """

    lease: Lease
    view: SessionView
    suspicion: int = 0
    is_started: bool = True


@dataclass(frozen=True, slots=True)
class Commit:
    """End of a turn: state, replies and the finished turns, all or none (guarantee L6).

    `dead_letter_reason` makes the turns dead letters. `owner` changes the session's owner; with
    `ownership_expires` the bot resumes when no agent is active for long. `marks_first_reply` marks the first
    reply as being sent in the same step. `reports_overflow`: the replies report refused messages.
    `fired_timer` is the timer that this answers in place of turns; if a message has arrived meanwhile,
    nothing is committed. `timer` starts one, with its seconds. With `delivers_via_log` the replies are read
    in the session's log: the same step delivers them or, if the bot may not send any more, refuses them.
    `opts_out`: the contact is opted out of everything after these replies. `reminders` are scheduled in the
    same step.
    """

    turns: tuple[Turn, ...]
    state: State | None = None
    replies: tuple[Reply, ...] = ()
    outcome: str = ""
    owner: Owner | None = None
    ownership_expires: bool = False
    dead_letter_reason: str | None = None
    marks_first_reply: bool = False
    reports_overflow: bool = False
    delivers_via_log: bool = False
    fired_timer: TimerKind | None = None
    timer: tuple[TimerKind, float] | None = None
    opts_out: bool = False
    reminders: tuple[Reminder, ...] = ()
    details: Mapping[str, JsonValue] = field(default_factory=dict)


class Inbox(Protocol):
    """Web side of the session protocol."""

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        """Record all events of one request and enqueue the jobs that they need (guarantees L2, L3, L8).

        Raises `StorageUnavailable` if nothing may be acknowledged, `MailboxFull` if a session is at its
        limit; events recorded before that are duplicates when the provider retries.
        """
        ...


class Mailbox(Protocol):
    """Worker side of the session protocol. Methods with a lease raise `LeaseLost` if it is not the newest."""

    async def claim(self, session: str) -> Claim | None:
        """Acquire the lease; returns `None` while another worker holds it."""
        ...

    def keep_lease_alive(self, lease: Lease) -> AbstractAsyncContextManager[None]:
        """Renew the lease while the block runs; losing it cancels the block and raises `LeaseLost`."""
        ...

    def is_lease_valid(self, lease: Lease) -> bool:
        """Return whether the lease is certainly still held, by this process's clock.

        Checked right before a send: the store refuses a stale holder, a provider cannot, so a process that
        was paused must notice it here.
        """
        ...

    async def read_session(self, lease: Lease, *, again: bool = False) -> SessionView:
        """Return the session's current view.

        With `again` the same turn restarts.
        """
        ...

    async def report_survival(self, lease: Lease, cause: Exception | None = None) -> None:
        """Record that this worker stopped but lives: the turn is not suspected of killing it.

        `cause` counts as a failure of the turn, unless it is the lost lease or the store's own failure.
        """
        ...

    def watch_arrivals(self, session: str) -> AbstractContextManager[asyncio.Event]:
        """Return an event that is set when a message arrives within the block (policy `interrupt` only)."""
        ...

    async def commit(self, lease: Lease, commit: Commit, *, leave: bool = False) -> SessionView:
        """End a turn and return the next view; with `leave`, release the lease if nothing is left to do."""
        ...

    async def request_probe(self, lease: Lease, reply: Reply) -> SendPermit:
        """Return whether a reply may be looked up at the provider now, or the circuit breaker's wait."""
        ...

    async def mark_sending(self, lease: Lease, reply: Reply, *, probed: bool = False) -> SendPermit:
        """Mark a reply as being sent (guarantees L7 and L10).

        The permit may ask to wait, for a rate limit, for the contact's limit or an open circuit breaker;
        with `probed` the breaker has let a look-up of this reply through. The reply leaves the outbox if it
        may not be sent any more: an agent owns the session, or the contact opted out. If only the service
        window is closed, it stays, and the permit says so.
        """
        ...

    async def name_threads(self, lease: Lease, names: Sequence[str]) -> None:
        """Let these names lead to the session: webhooks know the thread by them that is opened next."""
        ...

    async def record_sent(
        self,
        lease: Lease,
        reply: Reply,
        provider_id: str,
        *,
        leave: bool = False,
        keep: bool = False,
        opened: SentMessage | None = None,
    ) -> SessionView:
        """Record that the provider accepted a reply, remove it from the outbox and return the next view.

        `opened`: it opened a thread at the provider, which belongs to this session from now on.

        With `keep` the reply is kept for a while, to be sent again if a status says that it was not
        delivered and may be.
        """
        ...

    async def record_rejected(
        self,
        lease: Lease,
        reply: Reply,
        reason: str,
        *,
        code: str = "",
        failure: FailureKind = FailureKind.PERMANENT,
        taken_over: bool = False,
    ) -> None:
        """Record a permanent rejection: the reply leaves the outbox and becomes a dead letter.

        `failure` classifies it for the dialog. If the contact opted out, or an agent has taken the
        conversation over, no dead letter is made.
        """
        ...

    async def reroute(
        self,
        lease: Lease,
        reply: Reply,
        instead: Sequence[Reply],
        *,
        covered: Sequence[str] = (),
        reason: str,
    ) -> None:
        """Put the replies `instead` in the place of a reply that takes another way.

        Without any, it was passed on to another session. `covered` are the keys of the replies right behind
        it that these stand for as well.
        """
        ...

    async def hold(self, lease: Lease, reply: Reply, reason: str, *, known_closed: bool) -> None:
        """Set a reply aside until the contact's next message.

        Unless the provider has said so (`known_closed`), it stays if the contact has opened the service
        window meanwhile.
        """
        ...

    async def postpone(  # noqa: PLR0913 - keyword-only
        self,
        lease: Lease,
        seconds: float,
        reason: str,
        *,
        reply: Reply | None = None,
        settled: bool = True,
        counted: bool = True,
        failure: SendFailure | None = None,
        pause: SendPause | None = None,
    ) -> None:
        """Release the lease and schedule the session in `seconds`, because of `reply`.

        `settled`: the marked reply was certainly not sent, so it need not be looked up. `counted`: the reply
        was tried, so the next wait is longer.
        """
        ...

    async def defer(self, lease: Lease, reply: Reply, due_ms: int) -> bool:
        """Move the next reply, with its other parts, to the schedule until a time, because of quiet hours.

        Returns `False` if it has to be sent now, because a part of its message has left.
        """
        ...

    async def retry_turn(self, lease: Lease, seconds: float) -> None:
        """Release the lease and try the turn again in `seconds`: the dialog failed, which counts as a try."""
        ...

    async def requeue(self, lease: Lease) -> None:
        """Release the lease with work left and enqueue the next job."""
        ...

    async def release(self, lease: Lease) -> bool:
        """Release the lease if nothing is left to do; returns `False`, keeping it, if there is more."""
        ...
