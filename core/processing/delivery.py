"""Sending what was committed: in order, and once where that can be known (laws L7 and L10)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Generic

from core.errors import DeliveryError, LeaseLost, Rejected, Unavailable, Unknown
from core.model.message import Reply, SentMessage
from core.ports.channel import Channel, Http
from core.ports.mailbox import Lease, Mailbox, Trouble, View
from core.processing.retry_policy import Bounds

log = logging.getLogger("turngate.delivery")


class Delivery(Generic[Http]):
    """Sends the first reply of a session's outbox."""

    def __init__(
        self, mailbox: Mailbox, channels: Mapping[str, Channel[Http]], http: Http, bounds: Bounds
    ) -> None:
        self._mailbox = mailbox
        self._channels = channels
        self._http = http
        self._bounds = bounds

    async def deliver(self, lease: Lease, view: View) -> View | None:
        """Send the first reply; what is next, or `None` when it must wait and the lease was given back."""
        reply = view.outbox[0]
        try:
            sent = await self._already_sent(reply, view)
            if sent is None:
                if view.granted != reply.key:
                    permit = await self._mailbox.mark(lease, reply)
                    if permit.wait:
                        await self._mailbox.postpone(lease, permit.wait, "the provider's pace", counted=False)
                        return None
                    if not permit.granted:
                        return await self._mailbox.look(lease)
                if not self._mailbox.holds(lease):
                    raise LeaseLost("the lease may have run out since the reply was marked")
                sent = await self._send(reply)
        except (Unavailable, Unknown, Rejected) as error:
            if isinstance(error, Rejected) and not error.account_wide:
                await self._refuse(lease, reply, error, error.reason)
            elif view.waits + 1 < self._bounds.send_tries:
                await self._wait(lease, reply, view, error)
                return None
            else:
                reason = f"gave up after {view.waits + 1} tries: {error.reason}"
                await self._refuse(lease, reply, error, reason)
        else:
            return await self._mailbox.sent(lease, reply, sent.provider_id, leave=True)
        return await self._mailbox.look(lease)

    async def _refuse(self, lease: Lease, reply: Reply, error: DeliveryError, reason: str) -> None:
        opted_out = isinstance(error, Rejected) and error.opted_out
        await self._mailbox.refuse(lease, reply, reason, code=error.code, opted_out=opted_out)

    async def _wait(self, lease: Lease, reply: Reply, view: View, error: DeliveryError) -> None:
        retry_after = error.retry_after if isinstance(error, Unavailable) else None
        seconds, rest = retry_after or self._bounds.backoff(view.waits), 0.0
        if isinstance(error, Rejected):
            log.error("%s refuses every send (%s %s)", reply.address.channel, error.code, error.reason)
            seconds = rest = self._bounds.longest_wait
        settled = not isinstance(error, Unknown) and not self._is_marked(reply, view)
        await self._mailbox.postpone(
            lease,
            min(seconds, self._bounds.longest_wait),
            error.reason,
            settled=settled,
            trouble=Trouble(reply=reply, rest=rest),
        )

    def _is_marked(self, reply: Reply, view: View) -> bool:
        return view.marked is not None and view.marked.key == reply.key

    async def _already_sent(self, reply: Reply, view: View) -> SentMessage | None:
        """Ask the provider about a reply whose send was begun earlier and never settled (law L7)."""
        channel = self._channel(reply)
        if not self._is_marked(reply, view) or not channel.capabilities.look_up:
            return None
        assert view.marked is not None, "it is this reply that is marked"
        since = datetime.fromtimestamp(view.marked.at_ms / 1000, UTC)
        try:
            return await channel.find_sent(reply, self._http, since=since, known=view.recent)
        except DeliveryError:
            raise
        except Exception as error:
            raise channel.classify(error) from error

    def _channel(self, reply: Reply) -> Channel[Http]:
        """Raises `Rejected` when the reply's channel is not configured any more."""
        channel = self._channels.get(reply.address.channel)
        if channel is None:
            raise Rejected(f"the channel {reply.address.channel} is not configured here")
        return channel

    async def _send(self, reply: Reply) -> SentMessage:
        channel = self._channel(reply)
        try:
            return await channel.send(reply, self._http)
        except DeliveryError:
            raise
        except Exception as error:
            raise channel.classify(error) from error
