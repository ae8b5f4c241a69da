"""Port of a channel: verify, parse, render and send for one messaging provider."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from core.errors import DeliveryError
from core.model import Address, Event, Message, MessagePart, Reply, SentMessage
from core.ports.capabilities import Capabilities

Http = TypeVar("Http", contravariant=True)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A raw request. Header names are lower case; `url` is as the server saw it, query included."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """HTTP response that the provider expects for a webhook."""

    status: int = 200
    content_type: str = "text/plain"
    body: bytes = b""


class Channel(Protocol[Http]):
    """One provider. `Http` is the HTTP client, owned and passed in by the caller."""

    name: str
    capabilities: Capabilities

    def verify(self, webhook: Webhook) -> None:
        """Verify the raw bytes of a webhook. Raises `WebhookRefused` if it cannot be trusted."""
        ...

    def parse(self, webhook: Webhook) -> list[Event]:
        """Parse a verified webhook into events.

        Unknown content becomes `Ignored`; raises only `MalformedWebhook`.
        """
        ...

    def answer(self, webhook: Webhook, events: Sequence[Event]) -> WebhookResponse:
        """Return the response to an accepted webhook."""
        ...

    def render(self, message: Message, address: Address) -> list[MessagePart]:
        """Split a message into parts within the channel's limits, in order, one API call each."""
        ...

    async def send(self, reply: Reply, http: Http) -> SentMessage:
        """Make one call of the provider's API. Raises `Rejected`, `Unavailable` or `Unknown`."""
        ...

    async def find_sent(
        self, reply: Reply, http: Http, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Look up whether the provider accepted `reply` at or after `since`.

        `known` are IDs of other replies. Returns `None` if it did not. Raises `Unavailable` when the provider
        cannot tell, `Rejected` when it refuses the look-up.
        """
        ...

    def classify(self, error: Exception) -> DeliveryError:
        """Return the delivery error for an exception of the HTTP client."""
        ...
