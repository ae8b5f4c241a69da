"""The port of the session protocol: what the web side and the worker side may ask of the store.

Every method is one atomic step. Times are the store's own clock, so no process's clock matters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pydantic import JsonValue

from core.model import Event, FiredTimer, Owner, Reply, TimerKind, Turn
from core.ports.dialog import State


class AcceptResult(StrEnum):
    """What became of one event of a request."""

    NEW = "new"
    DUPLICATE = "duplicate"
    FULL = "full"
    STALE = "stale"
    EARLY = "early"
    COUNTED = "counted"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a session. `fence` grows with every claim; only the newest may write.

    `until` is how long it lasts without being renewed, in seconds of this process's monotonic clock.
    """

    session: str
    fence: int
    valid_until: float = 0.0


@dataclass(frozen=True, slots=True)
class SendMark:
    """A reply whose send was begun and not settled; `at_ms` is when, in milliseconds since the epoch."""

    key: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class SessionView:
    """What a session looks like to the holder of its lease.

    `outbox` are the first unsent replies; once there are none, `turns` is the first waiting turn, or as many
    as may be answered together. `tries` counts the claims that met the same first turn, `waits` how often the
    first reply was postponed. `recent` are the provider's ids of replies that were settled. `granted` is the
    key of a reply that was marked in the same step and may be sent. `overflowed` says that messages were
    turned away and the person was not told. `fired` is a timer that ran out, when there is nothing else.
    `released` says that there is nothing to do, so the lease was given back in the same step.
    """

    owner: Owner = Owner.BOT
    opted_out: bool = False
    state: State | None = None
    turns: tuple[Turn, ...] = ()
    outbox: tuple[Reply, ...] = ()
    send_mark: SendMark | None = None
    granted_key: str = ""
    tries: int = 0
    postponements: int = 0
    recent_provider_ids: frozenset[str] = frozenset()
    overflowed: bool = False
    fired_timer: FiredTimer | None = None
    lease_released: bool = False


@dataclass(frozen=True, slots=True)
class SendPermit:
    """Whether a reply may be sent now. If not: after `wait` seconds, or, with 0, it left the outbox."""

    granted: bool
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class SendFailure:
    """A failed send, for the account's sake: after a few in a row it rests, for at least `rest` seconds.

    With a `rest` above 0 it rests at once.
    """

    reply: Reply
    cooldown_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease together with what it opens."""

    lease: Lease
    view: SessionView


@dataclass(frozen=True, slots=True)
class Commit:
    """A turn's end: state, replies and the turns that are done, all or none (law L6).

    `dead` sets the turns aside as dead letters with that reason. `owner` changes who speaks; `lapses` lets
    the bot speak again when nobody of the business is heard of for long. `mark` marks the first reply in the
    same step, for who is going to send it at once. `told` says that the replies tell of an overflow. `fired`
    is the timer that this answers, in place of turns: when a message has come meanwhile, nothing of it
    happens. `timer` starts one, with its seconds. With `read_here` the replies are read in the session's log:
    the same step says them or, where the bot may not speak any more, refuses them.
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
    details: Mapping[str, JsonValue] = field(default_factory=dict)


class Inbox(Protocol):
    """The web side."""

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        """Record all events of one request, enqueueing the drains they need (laws L2, L3, L8).

        Raises `StorageUnavailable` when nothing may be acknowledged, `MailboxFull` when a session is at its
        bound; events recorded before that are duplicates when the provider tries again.
        """
        ...


class Mailbox(Protocol):
    """The worker side. Every method with a lease raises `LeaseLost` when it is not the newest."""

    async def claim(self, session: str) -> Claim | None:
        """Take the lease; `None` while somebody else holds it."""
        ...

    def keep_lease_alive(self, lease: Lease) -> AbstractAsyncContextManager[None]:
        """Renew the lease for as long as the block runs; a loss cancels the block and raises `LeaseLost`."""
        ...

    def is_lease_valid(self, lease: Lease) -> bool:
        """Whether a kept lease surely lasts, by this process's own clock; asked right before a send.

        The store refuses who lost the lease. A provider cannot, so a process that stood still must notice.
        """
        ...

    async def read_session(self, lease: Lease, *, again: bool = False) -> SessionView:
        """The session as it is now. `again` begins the same turn anew, which is no new try."""
        ...

    def watch_arrivals(self, session: str) -> AbstractContextManager[asyncio.Event]:
        """An event that is set when a message arrives within the block, where the policy is to interrupt."""
        ...

    async def commit(self, lease: Lease, commit: Commit, *, leave: bool = False) -> SessionView:
        """End a turn, and see what is next; with `leave`, give the lease back when that is nothing."""
        ...

    async def mark_sending(self, lease: Lease, reply: Reply) -> SendPermit:
        """Note that a reply is about to be sent (laws L7 and L10).

        It may have to wait: the provider takes only so many a second, or its account rests after failures. It
        leaves the outbox when it may not be sent any more: a person speaks, the user opted out.
        """
        ...

    async def record_sent(
        self, lease: Lease, reply: Reply, provider_id: str, *, leave: bool = False
    ) -> SessionView:
        """Note that the provider took a reply, which leaves the outbox, and see what is next, as above."""
        ...

    async def record_rejected(
        self, lease: Lease, reply: Reply, reason: str, *, code: str = "", opted_out: bool = False
    ) -> None:
        """Note that the provider will never take a reply; it leaves the outbox and becomes a dead letter.

        Who opted out is not written to again, so then there is no letter.
        """
        ...

    async def postpone(
        self,
        lease: Lease,
        seconds: float,
        reason: str,
        *,
        settled: bool = True,
        counted: bool = True,
        trouble: SendFailure | None = None,
    ) -> None:
        """Give the lease back and be woken in `seconds`.

        `settled` says that the marked reply surely was not sent, so that it need not be looked up; `counted`
        that this was one of the reply's bounded number of tries.
        """
        ...

    async def requeue(self, lease: Lease) -> None:
        """Give the lease back with work left, and enqueue the next drain."""
        ...

    async def release(self, lease: Lease) -> bool:
        """Give the lease back if nothing is left to do; False means there is more, and it was kept."""
        ...
