"""Sends committed replies in order, effectively once where the provider allows it (guarantees L7 and L10)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Generic

from core.errors import DeliveryError, LeaseLost, Rejected, Unavailable, Unknown
from core.model import Reply, SentMessage
from core.ports import Channel, Http, Lease, Mailbox, SendFailure, SessionView
from core.processing.retry_policy import ProcessingLimits

log = logging.getLogger("turngate.delivery")


class OutboxSender(Generic[Http]):
    """Sends the first reply of a session's outbox."""

    def __init__(
        self, mailbox: Mailbox, channels: Mapping[str, Channel[Http]], http: Http, limits: ProcessingLimits
    ) -> None:
        self._mailbox = mailbox
        self._channels = channels
        self._http = http
        self._limits = limits

    async def send_next(self, lease: Lease, view: SessionView) -> SessionView | None:
        """Send the first reply and return the next view; `None` if it must wait and the lease is released."""
        reply = view.outbox[0]
        try:
            sent = await self._find_earlier_send(reply, view)
            if sent is None:
                if view.granted_key != reply.key:
                    permit = await self._mailbox.mark_sending(lease, reply)
                    if permit.wait:
                        await self._mailbox.postpone(
                            lease, permit.wait, "rate limit or open circuit breaker", counted=False
                        )
                        return None
                    if not permit.granted:
                        return await self._mailbox.read_session(lease)
                if not self._mailbox.is_lease_valid(lease):
                    raise LeaseLost("the lease may have expired since the reply was marked")
                sent = await self._send(reply)
        except (Unavailable, Unknown, Rejected) as error:
            if isinstance(error, Rejected) and not error.account_wide:
                await self._record_rejection(lease, reply, error, error.reason)
            elif view.postponements + 1 < self._limits.send_tries:
                await self._postpone_retry(lease, reply, view, error)
                return None
            else:
                reason = f"gave up after {view.postponements + 1} tries: {error.reason}"
                await self._record_rejection(lease, reply, error, reason)
        else:
            return await self._mailbox.record_sent(lease, reply, sent.provider_id, leave=True)
        return await self._mailbox.read_session(lease)

    async def _record_rejection(self, lease: Lease, reply: Reply, error: DeliveryError, reason: str) -> None:
        opted_out = isinstance(error, Rejected) and error.opted_out
        await self._mailbox.record_rejected(lease, reply, reason, code=error.code, opted_out=opted_out)

    async def _postpone_retry(
        self, lease: Lease, reply: Reply, view: SessionView, error: DeliveryError
    ) -> None:
        retry_after = error.retry_after if isinstance(error, Unavailable) else None
        seconds, cooldown_seconds = retry_after or self._limits.backoff(view.postponements), 0.0
        if isinstance(error, Rejected):
            seconds = cooldown_seconds = self._limits.max_delay
            log.error(
                "%s rejects every send of this account (%s %s): circuit breaker open, next attempt in %g s",
                reply.address.channel,
                error.code,
                error.reason,
                cooldown_seconds,
            )
        settled = not isinstance(error, Unknown) and not self._is_marked(reply, view)
        await self._mailbox.postpone(
            lease,
            min(seconds, self._limits.max_delay),
            error.reason,
            settled=settled,
            failure=SendFailure(reply=reply, cooldown_seconds=cooldown_seconds),
        )

    def _is_marked(self, reply: Reply, view: SessionView) -> bool:
        return view.send_mark is not None and view.send_mark.key == reply.key

    async def _find_earlier_send(self, reply: Reply, view: SessionView) -> SentMessage | None:
        """Look up a reply whose earlier send was started and never settled (guarantee L7)."""
        channel = self._get_channel(reply)
        if not self._is_marked(reply, view) or not channel.capabilities.look_up:
            return None
        assert view.send_mark is not None, "the marked reply is this one"
        since = datetime.fromtimestamp(view.send_mark.at_ms / 1000, UTC)
        try:
            return await channel.find_sent(reply, self._http, since=since, known=view.recent_provider_ids)
        except DeliveryError:
            raise
        except Exception as error:  # a channel may raise anything; it classifies its own errors
            raise channel.classify(error) from error

    def _get_channel(self, reply: Reply) -> Channel[Http]:
        """Return the reply's channel. Raises `Rejected` if it is not configured any more."""
        channel = self._channels.get(reply.address.channel)
        if channel is None:
            raise Rejected(f"the channel {reply.address.channel} is not configured here")
        return channel

    async def _send(self, reply: Reply) -> SentMessage:
        channel = self._get_channel(reply)
        try:
            return await channel.send(reply, self._http)
        except DeliveryError:
            raise
        except Exception as error:  # a channel may raise anything; it classifies its own errors
            raise channel.classify(error) from error
