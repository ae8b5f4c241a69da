"""Channels that cannot be asked what they took, but tell our key back in their statuses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import httpx
from redis.asyncio import Redis

from core.errors import DeliveryError, Unavailable
from core.model import Address, Event, Message, MessagePart, Reply, SentMessage
from core.ports import Channel, Webhook, WebhookResponse
from gateway.redis.records.identities import echo_key

_STATUS_WAIT_SECONDS = 15.0


class StatusLookup:
    """A channel with a look-up that it has not by itself: what its statuses told back, given some time.

    The first status comes within a second or so; who waits too short sends twice.
    """

    def __init__(
        self, channel: Channel[httpx.AsyncClient], redis: Redis, patience: float = _STATUS_WAIT_SECONDS
    ) -> None:
        self.name = channel.name
        self.capabilities = channel.capabilities.model_copy(update={"look_up": True})
        self._channel = channel
        self._redis = redis
        self._wait_seconds = patience

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """The message that a status named by our key. Raises `Unavailable` while one may still come."""
        found = await self._redis.get(echo_key(self.name, reply.global_key))
        if found:
            return SentMessage(provider_id=found.decode() if isinstance(found, bytes) else found)
        left = self._wait_seconds - (datetime.now(UTC) - since).total_seconds()
        if left > 0:
            raise Unavailable(f"{self.name}: no status has told of it yet", retry_after=min(left, 5.0))
        return None

    def verify(self, webhook: Webhook) -> None:
        """As the channel does."""
        self._channel.verify(webhook)

    def parse(self, webhook: Webhook) -> list[Event]:
        """As the channel does."""
        return self._channel.parse(webhook)

    def answer(self, webhook: Webhook, events: Sequence[Event]) -> WebhookResponse:
        """As the channel does."""
        return self._channel.answer(webhook, events)

    def render(self, message: Message, address: Address) -> list[MessagePart]:
        """As the channel does."""
        return self._channel.render(message, address)

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """As the channel does."""
        return await self._channel.send(reply, http)

    def classify(self, error: Exception) -> DeliveryError:
        """As the channel does."""
        return self._channel.classify(error)
