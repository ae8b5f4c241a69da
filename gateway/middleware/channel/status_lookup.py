"""Look-up of sends with unknown outcome through status callbacks that echo our key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import httpx
from redis.asyncio import Redis

from core.errors import DeliveryError, Unavailable
from core.model import Address, Event, Message, MessagePart, Reply, SentMessage
from core.ports import Channel, Webhook, WebhookResponse
from gateway.redis.records.contacts.identities import echo_key

_STATUS_WAIT_SECONDS = 15.0


class StatusLookup:
    """Adds `find_sent` to a channel whose API has no look-up but whose statuses echo our key.

    The first status arrives within about a second; resending before that may duplicate the message.
    """

    def __init__(
        self,
        channel: Channel[httpx.AsyncClient],
        find_stores: Callable[[str], Sequence[Redis]],
        wait_seconds: float = _STATUS_WAIT_SECONDS,
    ) -> None:
        """Create the look-up; `find_stores` returns the partitions that may have a key, the likely first."""
        self.name = channel.name
        self.capabilities = channel.capabilities.model_copy(update={"look_up": True})
        self._channel = channel
        self._find_stores = find_stores
        self._wait_seconds = wait_seconds

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Return the message that a status named by our key. Raises `Unavailable` while one may come."""
        key = echo_key(self.name, reply.global_key)
        stores = self._find_stores(key)
        for store in stores:
            if provider_id := await store.get(key):
                return SentMessage(
                    provider_id=provider_id.decode() if isinstance(provider_id, bytes) else provider_id
                )
        seconds, microseconds = await stores[0].time()  # `since` is the store's time, too
        remaining = self._wait_seconds - (seconds + microseconds / 1e6 - since.timestamp())
        if remaining > 0:
            raise Unavailable(
                f"{self.name}: no status callback for this reply yet", retry_after=min(remaining, 5.0)
            )
        return None

    def verify(self, webhook: Webhook) -> None:
        """Delegate to the channel."""
        self._channel.verify(webhook)

    def parse(self, webhook: Webhook) -> list[Event]:
        """Delegate to the channel."""
        return self._channel.parse(webhook)

    def answer(self, webhook: Webhook, events: Sequence[Event]) -> WebhookResponse:
        """Delegate to the channel."""
        return self._channel.answer(webhook, events)

    def render(self, message: Message, address: Address) -> list[MessagePart]:
        """Delegate to the channel."""
        return self._channel.render(message, address)

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Delegate to the channel."""
        return await self._channel.send(reply, http)

    def classify(self, error: Exception) -> DeliveryError:
        """Delegate to the channel."""
        return self._channel.classify(error)
