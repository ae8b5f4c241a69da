"""Conversations of the simulator: holder of control, messages, and agents' actions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from channels._kit.simulator import AgentAction, TranscriptEntry, UserMessage

Json = dict[str, Any]

BOT_INTEGRATION: Final[Json] = {
    "id": "sb-bot",
    "name": "bot",
    "integrationId": "5f11a650e4e987667c200001",
    "integrationType": "custom",
}
DESK_INTEGRATION: Final[Json] = {
    "id": "sb-desk",
    "name": "zd-agentWorkspace",
    "integrationId": "5f11a650e4e987667c200002",
    "integrationType": "zd:agentWorkspace",
}

AGENT_ACTIONS: Final = (
    AgentAction("reply", "Reply", speaks=True),
    AgentAction("take", "Take it"),
    AgentAction("give_back", "Pass control to the bot"),
    AgentAction("offer", "Offer control to the bot"),
    AgentAction("release", "End the session"),
    AgentAction("merge", "Merge with the contact (name)", speaks=True),
    AgentAction("delete", "Delete"),
)


@dataclass(slots=True)
class Conversation:
    """A contact's conversation. `active` holds control, `pending` is offered it."""

    id: str
    person: str
    active: Json | None = None
    pending: Json | None = None
    messages: list[Json] = field(default_factory=list)

    @property
    def user_id(self) -> str:
        """ID of the user whose conversation it is."""
        return f"u-{self.id}"

    def to_json(self) -> Json:
        """Return the JSON used by the API and by every event."""
        body: Json = {"id": self.id, "type": "personal", "metadata": {}}
        if self.active:
            body["activeSwitchboardIntegration"] = self.active
        if self.pending:
            body["pendingSwitchboardIntegration"] = self.pending
        return body


class ConversationStore:
    """All conversations of an app, and their messages in order."""

    def __init__(self) -> None:
        self.by_id: dict[str, Conversation] = {}
        self._messages: list[tuple[Conversation, Json, str, float]] = []
        self._merged: dict[str, str] = {}

    def find(self, person: str) -> Conversation | None:
        """Return a contact's only conversation, which never ends; after a merge that of both contacts."""
        person = self._merged.get(person, person)
        return next(
            (conversation for conversation in self.by_id.values() if conversation.person == person), None
        )

    def merge(self, surviving: Conversation, discarded: Conversation) -> Json:
        """Merge two contacts and their conversations; return the payload of the event ("user:merge")."""
        payload = {
            "mergedUsers": {
                "surviving": {"id": surviving.user_id, "authenticated": True},
                "discarded": {"id": discarded.user_id, "authenticated": False},
            },
            "mergedConversations": {"surviving": surviving.to_json(), "discarded": discarded.to_json()},
            "reason": "api",
        }
        del self.by_id[discarded.id]
        surviving.messages[:0] = discarded.messages
        former = [person for person, found in self._merged.items() if found == discarded.person]
        self._merged |= dict.fromkeys([*former, discarded.person], surviving.person)
        self._messages = [
            (surviving if conversation is discarded else conversation, message, direction, at)
            for conversation, message, direction, at in self._messages
        ]
        return payload

    def record_message(self, conversation: Conversation, message: Json, direction: str, now: float) -> None:
        """Record a message with its direction: `in`, `out` or `agent`."""
        conversation.messages.append(message)
        self._messages.append((conversation, message, direction, now))

    def list_messages(self, person: str, after: int) -> Iterator[TranscriptEntry]:
        """Return the transcript of one contact or of all, with numbers above `after`."""
        person = self._merged.get(person, person)
        for number, (conversation, message, direction, at) in enumerate(self._messages, start=1):
            if number <= after or (person and conversation.person != person):
                continue
            content = message["content"]
            actions = content.get("actions", ())
            yield TranscriptEntry(
                number=number,
                at=at,
                direction=direction,
                id=message["id"],
                ours=conversation.id,
                person=conversation.person,
                text=content.get("text", ""),
                media=(content["mediaUrl"],) if "mediaUrl" in content else (),
                choices=tuple((each.get("payload", ""), each["text"]) for each in actions),
            )


def build_content(user_message: UserMessage) -> Json:
    """Build the `content` object of a contact's message."""
    for url in user_message.media:
        kind = "image" if user_message.media_type.startswith("image/") else "file"
        return {
            "type": kind,
            "mediaUrl": url,
            "mediaType": user_message.media_type,
            "text": user_message.text,
        }
    if user_message.form is not None:
        fields = [
            {"type": "text", "name": name, "label": name.capitalize(), "text": value}
            for name, value in user_message.form.items()
        ]
        return {"type": "formResponse", "fields": fields}
    if user_message.place is not None:
        return {
            "type": "location",
            "coordinates": {"lat": user_message.place[0], "long": user_message.place[1]},
        }
    tapped = {"payload": user_message.button} if user_message.button else {}
    return {"type": "text", "text": user_message.text or user_message.button, **tapped}


def draw_id(random: Random) -> str:
    """Return the ID of a conversation, a message or an event."""
    return f"{random.getrandbits(96):024x}"


def build_message(identifier: str, author: Json, content: Json, source: Json, now: float) -> Json:
    """Build the JSON of a message."""
    return {
        "id": identifier,
        "received": format_time(now),
        "author": author,
        "content": content,
        "source": source,
    }


def format_time(at: float) -> str:
    """Format a time as the API does, with milliseconds."""
    return f"{datetime.fromtimestamp(at, UTC).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"
