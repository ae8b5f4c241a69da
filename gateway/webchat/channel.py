"""The web channel: our own HTTP API in place of a provider's. What it sends stands in the session's log."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import httpx

from core.errors import DeliveryError, InvalidSignature, Unknown
from core.model import Address, Event, Message, MessagePart, Reply, SentMessage
from core.ports import Capabilities, Webhook, WebhookResponse

NAME: Final = "web"

CAPABILITIES: Final = Capabilities(
    max_webhook_bytes=64 * 1024,
    max_webhook_fields=10,
    text_length=100_000,
    buttons=20,
    button_title_length=200,
    payload_length=1_000,
    media=10,
    idempotent_send=True,
    reads_log=True,
)


def build_session_id(session_id: str) -> str:
    """The session of a client's own id."""
    return f"{NAME}:{session_id}"


def build_address(session_id: str) -> Address:
    """Where a client's messages come from and replies go to."""
    return Address(channel=NAME, account=NAME, ours=NAME, theirs=session_id)


class WebChannel:
    """Its clients read the log, where replies are since their commit.

    Only what the business says of its own accord goes through the outbox, and is sent by saying that it is.
    """

    name = NAME
    capabilities = CAPABILITIES

    def verify(self, webhook: Webhook) -> None:
        """There is no webhook: clients use /turn and /stream."""
        raise InvalidSignature("the web channel has no webhook")

    def parse(self, webhook: Webhook) -> list[Event]:
        """Nothing comes this way."""
        return []

    def answer(self, webhook: Webhook, events: Sequence[Event]) -> WebhookResponse:
        """Nothing comes this way."""
        return WebhookResponse(status=404)

    def render(self, message: Message, address: Address) -> list[MessagePart]:
        """The message as it is: the client shows CommonMark, choices and media."""
        return [MessagePart(body=message.text, choices=message.choices, media=message.media)]

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """The mark before a send has asked whether the bot may speak; no wire follows."""
        return SentMessage(provider_id=reply.global_key)

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Sending again is harmless: it is the same entry of the log."""
        return None

    def classify(self, error: Exception) -> DeliveryError:
        """No client is used, so nothing of it fails."""
        return Unknown(type(error).__name__)
