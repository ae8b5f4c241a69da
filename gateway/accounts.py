"""One more set of credentials of a channel, under a name of its own: `twilio/shop2`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import httpx

from core.channel import Answer, Capabilities, Channel, Webhook
from core.errors import DeliveryError
from core.event import ControlReceived, Event, StatusChanged, TurnReceived
from core.message import Message, Part, Reply, SentMessage
from core.turn import Address


class AccountChannel:
    """A channel whose events carry the account's name, so that answers leave by the same credentials."""

    def __init__(self, channel: Channel[httpx.AsyncClient], name: str) -> None:
        self.name = name
        self.capabilities: Capabilities = channel.capabilities
        self._channel = channel

    def __getattr__(self, name: str) -> Any:
        """What only some channels have: typing, interaction, files."""
        return getattr(self._channel, name)

    def verify(self, webhook: Webhook) -> None:
        """Check the raw bytes by this account's secrets."""
        self._channel.verify(webhook)

    def parse(self, webhook: Webhook) -> list[Event]:
        """Read a verified webhook; what it tells of is this account's."""
        return [self._named(event) for event in self._channel.parse(webhook)]

    def answer(self, webhook: Webhook, events: Sequence[Event]) -> Answer:
        """The response for a webhook that was accepted."""
        return self._channel.answer(webhook, events)

    def render(self, message: Message, address: Address) -> list[Part]:
        """Cut a message to the channel's limits."""
        return self._channel.render(message, address)

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """One call of the provider's API."""
        return await self._channel.send(reply, http)

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Ask the provider whether it took `reply`."""
        return await self._channel.find_sent(reply, http, since=since, known=known)

    def classify(self, error: Exception) -> DeliveryError:
        """The delivery error that an exception of the HTTP client stands for."""
        return self._channel.classify(error)

    def _named(self, event: Event) -> Event:
        match event:
            case TurnReceived(turn=turn):
                address = turn.address.model_copy(update={"channel": self.name})
                return event.model_copy(update={"turn": turn.model_copy(update={"address": address})})
            case ControlReceived(address=address):
                own = address.model_copy(update={"channel": self.name})
                return event.model_copy(update={"address": own})
            case StatusChanged():
                return event.model_copy(update={"channel": self.name})
        return event
