"""Messages to phone numbers (Sunshine Conversations, "Outbound messaging": Notification API, v1.1).

A message is matched with the conversation of its number, which is created if there is none.
"""

from __future__ import annotations

import re
from random import Random
from typing import Any, Final
from uuid import UUID

from channels._kit.simulator import Exchange, MalformedRequest, PublicUrls, SimulatorResponse
from channels.sunshine.simulator.conversations import (
    Conversation,
    ConversationStore,
    Json,
    build_message,
    draw_id,
)
from channels.sunshine.simulator.message_validation import validate_content
from channels.sunshine.simulator.responses import json_response
from channels.sunshine.simulator.webhooks import WebhookSender

INTEGRATIONS: Final = {"64f0b1c7e4e987667c300001": "twilio", "64f0b1c7e4e987667c300002": "whatsapp"}
"""Types of the integrations whose contacts have phone numbers, by ID."""

_NUMBER: Final = re.compile(r"\+?[1-9]\d{6,14}")
_SCHEMA: Final = "whatsapp"


def is_number(person: str) -> bool:
    """Return whether a person is known by a phone number."""
    return _NUMBER.fullmatch(person) is not None


def build_source(person: str, integration: str) -> Json:
    """Build the source of a person's message: with the full client for a number, else the web."""
    if not is_number(person):
        return {"type": "web"}
    integration = integration or next(iter(INTEGRATIONS))
    kind = INTEGRATIONS[integration]
    client = {"id": f"c-{person}", "type": kind, "integrationId": integration, "externalId": person}
    return {"type": kind, "integrationId": integration, "client": client}


def error_response(status: int, code: str, description: str) -> SimulatorResponse:
    """Build an error response of version 1.1."""
    return json_response(status, {"error": {"code": code, "description": description}})


class NotificationApi:
    """Accepts messages to numbers."""

    def __init__(
        self, conversations: ConversationStore, webhooks: WebhookSender, urls: PublicUrls, random: Random
    ) -> None:
        self._conversations = conversations
        self._webhooks = webhooks
        self._urls = urls
        self._random = random
        self.integration_of: dict[str, str] = {}
        """Integration over which each person was written to last."""

    def handle(self, sent: Json, now: float) -> Exchange:
        """Accept a message, or refuse it."""
        try:
            integration, number = self._validate(sent)
        except MalformedRequest as error:
            return error_response(400, "bad_request", str(error)), []
        if integration not in INTEGRATIONS:
            return error_response(404, "integration_not_found", "Integration not found"), []
        conversation = self._match(number)
        self.integration_of[number] = integration
        shown = _describe(sent["message"])
        message = build_message(
            draw_id(self._random), {"type": "business"}, shown, {"type": "notification"}, now
        )
        self._conversations.record_message(conversation, message, "out", now)
        notification = str(UUID(int=self._random.getrandbits(128), version=4))
        destination = {
            "type": INTEGRATIONS[integration],
            "integrationId": integration,
            "destinationId": number,
        }
        follows = self._webhooks.send_notification_statuses(conversation, notification, destination, now)
        return json_response(201, {"notification": {"_id": notification}}), follows

    def _validate(self, sent: Json) -> tuple[str, str]:
        """Return integration and number. Raises `MalformedRequest`."""
        destination, author, message = (sent.get(name) for name in ("destination", "author", "message"))
        if not isinstance(destination, dict) or not isinstance(destination.get("integrationId"), str):
            raise MalformedRequest("destination.integrationId is required")
        number = destination.get("destinationId")
        if not isinstance(number, str) or not is_number(number):
            raise MalformedRequest("destination.destinationId is not a phone number")
        if not isinstance(author, dict) or author.get("role") != "appMaker":
            raise MalformedRequest("author.role must be appMaker")
        if not isinstance(message, dict):
            raise MalformedRequest("message is required")
        self._validate_message(
            message, sent.get("messageSchema"), INTEGRATIONS.get(destination["integrationId"])
        )
        return destination["integrationId"], f"+{number.removeprefix('+')}"

    def _validate_message(self, message: Json, schema: Any, kind: str | None) -> None:
        if schema is None:
            validate_content(message, self._urls)
            return
        template = message.get("template")
        if schema != _SCHEMA or message.get("type") != "template" or kind not in (_SCHEMA, None):
            raise MalformedRequest(
                "messageSchema must be whatsapp, for a template to an integration of WhatsApp"
            )
        if not isinstance(template, dict) or not template.get("name") or not template.get("language"):
            raise MalformedRequest("a template needs name and language")

    def _match(self, number: str) -> Conversation:
        conversation = self._conversations.find(number)
        if conversation is None:
            conversation = Conversation(draw_id(self._random), number)
            self._conversations.by_id[conversation.id] = conversation
        return conversation


def _describe(message: Json) -> Json:
    """Return a message as it is shown; a template by its name and values."""
    if message.get("type") != "template":
        return message
    template = message["template"]
    values = [
        str(parameter.get("text", ""))
        for component in template.get("components", ())
        for parameter in component.get("parameters", ())
    ]
    return {"type": "text", "text": " ".join(["[template", template["name"], *values]) + "]"}
