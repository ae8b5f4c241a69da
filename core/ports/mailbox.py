"""Worker side of the session protocol: a worker's operations on the store.

Every method is one atomic step. Times are the store's clock, so no process's clock matters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from core.model import FailureKind, Reply, SentMessage, Template
from core.ports.session_view import Claim, Commit, Lease, SessionView


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
        """Add names of the session: webhooks identify by them the thread that is opened next."""
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
        template: Template | None = None,
        reason: str,
    ) -> None:
        """Put the replies `instead` in the place of a reply that takes another way.

        Without any, it was passed on to another session. `covered` are the keys of the replies right behind
        it that these stand for as well. `template` is what `instead` sends: if it was sent for another part
        of the same message before, nothing is sent.
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
