"""Messages of contacts: written in the Messenger, or sent through the API in a contact's name."""

from __future__ import annotations

from typing import Any, Final

from channels._kit.simulator import Exchange, UserMessage, WebhookDelivery
from channels.intercom.simulator.records import (
    ConversationStore,
    Json,
    build_contact,
    build_uploads,
    contact_id,
    format_body,
)
from channels.intercom.simulator.resources.messages import FirstMessages
from channels.intercom.simulator.validation import error_response, ok_response
from channels.intercom.simulator.webhooks import WebhookSender

_SURFACE: Final = "intercom"


class ContactMessages:
    """Adds contacts' messages to conversations, and reports them by webhook."""

    def __init__(
        self,
        contacts: dict[str, str],
        conversations: ConversationStore,
        first_messages: FirstMessages,
        webhooks: WebhookSender,
        *,
        plain: bool,
    ) -> None:
        """`contacts` are the known ones by id; with `plain` bodies are those of API version 2.15."""
        self._contacts = contacts
        self._conversations = conversations
        self._first_messages = first_messages
        self._webhooks = webhooks
        self._plain = plain

    def send(self, user_message: UserMessage, now: float) -> tuple[str, list[WebhookDelivery]]:
        """Send a message in the contact's newest conversation, or a new one: its part id and the webhook."""
        self._contacts[contact_id(user_message.person)] = user_message.person
        conversation, number = (
            self._conversations.find_newest(user_message.person),
            self._conversations.next_number(),
        )
        author, body = (
            build_contact(
                user_message.participant or user_message.person, user_message.participant or user_message.name
            ),
            format_body(self._build_reaction(user_message) or user_message.text, plain=self._plain),
        )
        started = self._first_messages.take_source(user_message.person)
        if started is not None:
            conversation = self._conversations.create(user_message.person, user_message.name, started, now)
        if conversation is None:
            return self._begin_conversation(user_message, author, body, number, now)
        kind = "open" if conversation.state == "closed" else "comment"
        conversation.state = "open"
        metadata = {"quick_reply_uuid": user_message.button} if user_message.button else {}
        part = conversation.add_part(
            kind, author, number, now, body=body, attachments=build_uploads(user_message), metadata=metadata
        )
        self._conversations.record_message("in", conversation, part, now)
        return part["id"], self._webhooks.notify(
            "conversation.user.replied", conversation.to_json([part]), now
        )

    def create(self, sent: Json, now: float) -> Exchange:
        """Create a conversation on behalf of a contact (Intercom, "Create a conversation")."""
        author = sent.get("from")
        if not isinstance(author, dict) or author.get("type") not in ("user", "lead", "contact"):
            return error_response(400, "parameter_invalid", "from is invalid"), []
        return self.add(author.get("id"), sent, now)

    def add(self, number: Any, sent: Json, now: float) -> Exchange:
        """Add a contact's message sent through the API; it is treated as one from the Messenger."""
        person, text = self._contacts.get(str(number)), sent.get("body")
        if person is None:
            return error_response(404, "not_found", "User Not Found"), []
        if not isinstance(text, str) or not text.strip():
            return error_response(400, "parameter_not_found", "body is required"), []
        message_id, deliveries = self.send(UserMessage(_SURFACE, person, text), now)
        conversation = self._conversations.find_newest(person)
        assert conversation is not None, "the conversation has just been created"
        body = {
            "type": "user_message",
            "id": message_id,
            "body": text,
            "created_at": int(now),
            "message_type": "inapp",
            "conversation_id": conversation.id,
        }
        return ok_response(body), deliveries

    def _build_reaction(self, message: UserMessage) -> str:
        """Return the words that Intercom writes for a reaction on a connected WhatsApp number."""
        if not message.reaction:
            return ""
        lines = self._conversations.list_messages(message.person, 0)
        sent = [line for line in lines if line.direction == "out"]
        return f'Reacted to "{sent[-1].text if sent else ""}" with {message.reaction}'

    def _begin_conversation(
        self, user_message: UserMessage, author: Json, body: str | None, number: int, now: float
    ) -> tuple[str, list[WebhookDelivery]]:
        source: Json = {
            "type": "conversation",
            "id": f"3381{number:06}",
            "delivered_as": "customer_initiated",
            "subject": "",
            "body": body,
            "author": author,
            "attachments": build_uploads(user_message),
            "url": "https://shop.example/",
            "redacted": False,
        }
        conversation = self._conversations.create(user_message.person, user_message.name, source, now)
        self._conversations.record_message("in", conversation, {**source, "metadata": {}}, now)
        return source["id"], self._webhooks.notify("conversation.user.created", conversation.to_json([]), now)
