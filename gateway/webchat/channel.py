"""The web channel: our own HTTP API instead of a provider's; clients read replies in the log."""

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
    """Return the session of a client's own ID."""
    return f"{NAME}:{session_id}"


def build_address(session_id: str) -> Address:
    """Return the address of a client: where messages come from and replies go to."""
    return Address(channel=NAME, account=NAME, ours=NAME, theirs=session_id)


class WebChannel:
    """Channel whose clients read the log, where replies are visible with their commit.

    Only proactive messages pass the outbox; they are sent by recording them as sent.
    """

    name = NAME
    capabilities = CAPABILITIES

    def verify(self, webhook: Webhook) -> None:
        """Reject: there is no webhook, clients use /turn and /stream."""
        raise InvalidSignature("the web channel has no webhook")

    def parse(self, webhook: Webhook) -> list[Event]:
        """Return nothing: there is no webhook."""
        return []

    def answer(self, webhook: Webhook, events: Sequence[Event]) -> WebhookResponse:
        """Return an empty response: there is no webhook."""
        return WebhookResponse(status=404)

    def render(self, message: Message, address: Address) -> list[MessagePart]:
        """Return the message unchanged: clients render CommonMark, choices and media."""
        return [MessagePart(body=message.text, choices=message.choices, media=message.media)]

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Record the reply as sent; the mark before it has checked that the bot may speak."""
        return SentMessage(provider_id=reply.global_key)

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Return nothing: sending again is harmless, it is the same entry of the log."""
        return None

    def classify(self, error: Exception) -> DeliveryError:
        """Classify an error; none can occur, as there is no provider."""
        return Unknown(type(error).__name__)
