"""Base class with default implementations for channels."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

import httpx

from channels._kit.outbound import classify_http_error
from core.errors import DeliveryError
from core.model import Event, Reply, SentMessage
from core.ports import Capabilities, Webhook, WebhookResponse


class Verifier(Protocol):
    """Verifies that a request comes from the provider."""

    def verify(self, webhook: Webhook) -> None:
        """Accept a genuine request. Raises `WebhookRefused` for any other, and no other error."""
        ...


class BaseChannel:
    """Default implementations of `core.ports.channel.Channel`."""

    name: str
    capabilities: Capabilities

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    def verify(self, webhook: Webhook) -> None:
        """Verify a webhook. Raises `WebhookRefused`."""
        self._verifier.verify(webhook)

    def answer(self, webhook: Webhook, events: Sequence[Event]) -> WebhookResponse:
        """Return 200 without a body."""
        return WebhookResponse()

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Return `None`: the provider has no look-up."""
        return None

    def classify(self, error: Exception) -> DeliveryError:
        """Return the delivery error for an exception of the HTTP client."""
        return classify_http_error(error, self.name)
