"""Sends committed replies in order, effectively once where the provider allows it (guarantees L7 and L10)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Generic

from core.errors import DeliveryError, LeaseLost, Rejected, Throttled, Unavailable, Unknown
from core.log_context import log_extra, log_fields
from core.model import FailureKind, Reply, Route
from core.ports import (
    Channel,
    Forwarder,
    Http,
    Lease,
    Mailbox,
    SendFailure,
    SendPermit,
    SessionView,
)
from core.processing.provider_calls import ProviderCalls
from core.processing.rerouting import Rerouter
from core.processing.retry_policy import ProcessingLimits
from core.processing.send_failures import build_pause, classify_failure, is_final, plan_wait, reply_age

log = logging.getLogger("turngate.delivery")

_WINDOW_CLOSED = "the service window is closed"
_LIMITS = ("rate limit", "rate limit of the provider", "reply limit")
QuietUntil = Callable[[Reply, int], int]
"""Takes a reply and the present time in ms since the epoch; returns when the reply may be sent, 0 for now."""


class OutboxSender(Generic[Http]):
    """Sends the first reply of a session's outbox."""

    def __init__(
        self,
        mailbox: Mailbox,
        channels: Mapping[str, Channel[Http]],
        http: Http,
        limits: ProcessingLimits,
        forwarder: Forwarder | None = None,
        quiet_until: QuietUntil | None = None,
    ) -> None:
        """Configure the sender.

        `forwarder` queues replies on other channels of their contact; `quiet_until` returns the end of quiet
        hours in which a reply may not be sent.
        """
        self._quiet_until = quiet_until
        self._mailbox = mailbox
        self._channels = channels
        self._calls = ProviderCalls(channels, http)
        self._limits = limits
        self._rerouter = Rerouter(mailbox, channels, forwarder)

    async def send_next(self, lease: Lease, view: SessionView) -> SessionView | None:
        """Send the first reply and return the next view; `None` if it must wait and the lease is released."""
        address = view.outbox[0].address
        with log_fields(message=view.outbox[0].key, account=f"{address.channel}:{address.account}"):
            return await self._send_first(lease, view)

    async def _send_first(self, lease: Lease, view: SessionView) -> SessionView | None:
        reply = view.outbox[0]
        if view.deaths >= self._limits.reply_deaths:
            reason = f"gave up after {view.deaths} workers died while sending it; it may have been delivered"
            await self._record_rejection(lease, reply, Rejected(reason))
            return await self._mailbox.read_session(lease)
        try:
            sent, looks_up = None, self._needs_look_up(reply, view)
            if looks_up:
                permit = await self._mailbox.request_probe(lease, reply)
                if permit.wait:
                    return await self._wait_for_permit(lease, reply, view, permit)
                sent = await self._calls.find_earlier_send(reply, view)
            if sent is None:
                if reply.bulk and await self._defer_in_quiet_hours(lease, reply, view):
                    return await self._mailbox.read_session(lease)
                if view.granted_key != reply.key:
                    permit = await self._mailbox.mark_sending(lease, reply, probed=looks_up)
                    if permit.wait:
                        return await self._wait_for_permit(lease, reply, view, permit)
                    if permit.window_closed:
                        closed, known_closed = Rejected(_WINDOW_CLOSED), reply.window_closed
                        return await self._leave_window(lease, reply, view, closed, known_closed=known_closed)
                    if not permit.granted:
                        return await self._mailbox.read_session(lease)
                if not self._mailbox.is_lease_valid(lease):
                    raise LeaseLost("the lease may have expired since the reply was marked")
                if reply.route:
                    return await self._take_route(lease, reply, view, reply.route)
                await self._name_threads(lease, reply)
                sent = await self._calls.send(reply)
        except (Unavailable, Unknown, Rejected) as error:
            if isinstance(error, Rejected) and error.failure is FailureKind.WINDOW:
                return await self._leave_window(lease, reply, view, error)
            too_many_copies = self._may_be_copy(reply, error) and (
                view.unknown_sends + 1 >= self._limits.max_copies
            )
            if not is_final(error) and not too_many_copies and self._seconds_left(reply, view) > 0:
                await self._postpone_retry(lease, reply, view, error)
                return None
            limit = f"{self._limits.max_copies} sends of unknown outcome" if too_many_copies else ""
            await self._record_rejection(lease, reply, error, limit)
            return await self._mailbox.read_session(lease)
        if view.postponements:
            tries = view.postponements + 1
            log.info("a reply was sent after %d tries", tries, extra=log_extra("send_recovered"))
        keep = self._channels[reply.address.channel].capabilities.statuses
        return await self._mailbox.record_sent(
            lease, reply, sent.provider_id, leave=True, keep=keep, opened=sent if sent.thread else None
        )

    async def _leave_window(
        self, lease: Lease, reply: Reply, view: SessionView, error: Rejected, *, known_closed: bool = True
    ) -> SessionView:
        """Take the reply's fallback, because the service window is closed, or reject it (guarantee L13).

        Unless the provider has said so, the contact may have opened it meanwhile.
        """
        problem = ""
        if reply.fallback:
            problem = await self._rerouter.take(
                lease, view, reply, reply.fallback, error.reason, known_closed=known_closed
            )
        if problem or not reply.fallback:
            reason = "; ".join(filter(None, (error.reason, problem)))
            refusal = Rejected(reason, code=error.code or "window", failure=FailureKind.WINDOW)
            await self._record_rejection(lease, reply, refusal)
        return await self._mailbox.read_session(lease)

    async def _take_route(self, lease: Lease, reply: Reply, view: SessionView, route: Route) -> SessionView:
        """Send a reply by the route that it names."""
        problem = await self._rerouter.take(lease, view, reply, route, "the flow chose it", known_closed=True)
        if problem:
            await self._record_rejection(lease, reply, Rejected(problem))
        return await self._mailbox.read_session(lease)

    async def _defer_in_quiet_hours(self, lease: Lease, reply: Reply, view: SessionView) -> bool:
        """Return whether a proactive reply was moved to the schedule, where it blocks no other reply."""
        due_ms = self._quiet_until(reply, view.read_at_ms) if self._quiet_until else 0
        return due_ms > 0 and await self._mailbox.defer(lease, reply, due_ms)

    def _may_be_copy(self, reply: Reply, error: DeliveryError) -> bool:
        """Return whether another send may deliver the reply twice: its outcome is unknown and stays so."""
        channel = self._channels.get(reply.address.channel)
        if not isinstance(error, Unknown) or channel is None:
            return False
        if channel.capabilities.idempotent_send:
            return False
        return error.is_accepted or not self._calls.can_look_up(reply)

    def _seconds_left(self, reply: Reply, view: SessionView) -> float:
        """Return the seconds until the reply is too old, by the store's clock (guarantee L14)."""
        return self._max_age(reply) - reply_age(reply, view)

    def _max_age(self, reply: Reply) -> float:
        """Return the age in seconds at which a reply of this channel is given up."""
        return self._limits.reply_seconds

    async def _wait_for_permit(
        self, lease: Lease, reply: Reply, view: SessionView, permit: SendPermit
    ) -> SessionView | None:
        """Postpone a reply that may not be sent yet, or give it up if it is too old."""
        seconds_left = self._seconds_left(reply, view)
        if seconds_left <= 0:
            await self._record_rejection(lease, reply, Unavailable(permit.reason))
            return await self._mailbox.read_session(lease)
        reason = permit.reason if permit.reason in _LIMITS else f"circuit breaker open: {permit.reason}"
        settled, wait = not self._is_marked(reply, view), min(permit.wait, seconds_left)
        await self._mailbox.postpone(lease, wait, reason, reply=reply, settled=settled, counted=False)
        return None

    async def _record_rejection(
        self, lease: Lease, reply: Reply, error: DeliveryError, limit: str = ""
    ) -> None:
        reason = error.reason
        if not is_final(error):
            limit = limit or f"{self._max_age(reply) / 3600:g} h"
            reason = f"gave up after {limit}: {reason}"
        await self._mailbox.record_rejected(
            lease,
            reply,
            reason,
            code=error.code,
            failure=classify_failure(error),
            taken_over=isinstance(error, Rejected) and error.taken_over and reply.voice == "bot",
        )

    async def _postpone_retry(
        self, lease: Lease, reply: Reply, view: SessionView, error: DeliveryError
    ) -> None:
        """Postpone the next try by exponential backoff, and for at least as long as the provider asks."""
        wait = plan_wait(error, self._limits, view.postponements, reply_age(reply, view))
        if isinstance(error, Rejected):
            log.error(
                "%s rejects every send of this account (%s %s): circuit breaker open, next attempt in %g s",
                reply.address.channel,
                error.code,
                error.reason,
                wait.cooldown_seconds,
                extra=log_extra("account_rejected", code=error.code, reason=error.reason),
            )
        if not view.postponements:
            log.info(
                "a send failed, it is tried again until the reply is too old: %s",
                error.reason,
                extra=log_extra("send_failed", code=error.code, reason=error.reason),
            )
        settled = not isinstance(error, Unknown) and not self._is_marked(reply, view)
        failure = SendFailure(
            reply=reply,
            cooldown_seconds=wait.cooldown_seconds,
            may_be_copy=self._may_be_copy(reply, error),
        )
        await self._mailbox.postpone(
            lease,
            min(wait.seconds, self._seconds_left(reply, view)),
            error.reason,
            reply=reply,
            settled=settled,
            failure=failure if wait.concerns_account else None,
            pause=build_pause(reply, error) if isinstance(error, Throttled) else None,
        )

    def _is_marked(self, reply: Reply, view: SessionView) -> bool:
        return view.send_mark is not None and view.send_mark.key == reply.key

    def _needs_look_up(self, reply: Reply, view: SessionView) -> bool:
        """Return whether an earlier send was started and never settled (guarantee L7)."""
        return self._is_marked(reply, view) and self._calls.can_look_up(reply)

    async def _name_threads(self, lease: Lease, reply: Reply) -> None:
        """Store the names of the thread that a reply opens, before its webhooks can name it."""
        if names := await self._calls.find_thread_names(reply):
            await self._mailbox.name_threads(lease, names)
