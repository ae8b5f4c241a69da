"""What every channel does alike, so that each folder holds what is its provider's own."""

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
    """Proves that a request is the provider's."""

    def verify(self, webhook: Webhook) -> None:
        """Pass what the provider sent. Raises `WebhookRefused` otherwise, never anything else."""
        ...


class BaseChannel:
    """The parts of `core.ports.channel.Channel` that most channels share."""

    name: str
    capabilities: Capabilities

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    def verify(self, webhook: Webhook) -> None:
        """Pass what the provider sent. Raises `WebhookRefused` otherwise."""
        self._verifier.verify(webhook)

    def answer(self, webhook: Webhook, events: Sequence[Event]) -> WebhookResponse:
        """200 without a body."""
        return WebhookResponse()

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """The provider cannot be asked what it took."""
        return None

    def classify(self, error: Exception) -> DeliveryError:
        """The delivery error that an exception of the HTTP client stands for."""
        return classify_http_error(error, self.name)
