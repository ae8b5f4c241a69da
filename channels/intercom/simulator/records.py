"""Conversations of the simulator, and their JSON in responses and webhooks."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any, Final

from channels._kit.simulator import TranscriptEntry, UserMessage

Json = dict[str, Any]

_MAX_PARTS: Final = 500
_DELETED_BODY: Final = "<p>This message was deleted</p>"
_LINE_BREAK: Final = re.compile(r"<br>|</p>|</li>|</h[12]>")
_TAG: Final = re.compile(r"<[^>]+>")


@dataclass(slots=True)
class Conversation:
    """A conversation: assignee, state, and its newest 500 parts."""

    id: str
    person: str
    name: str
    source: Json
    created_at: int
    admin: str = ""
    team: str = ""
    state: str = "open"
    tags: dict[str, Json] = field(default_factory=dict)
    snoozed_until: int | None = None
    title: str | None = None
    custom_attributes: Json = field(default_factory=dict)
    parts: deque[Json] = field(default_factory=lambda: deque(maxlen=_MAX_PARTS))

    def to_json(self, parts: Iterable[Json], version: str = "2.14") -> Json:
        """Return the JSON with some of its parts.

        A missing assignee is null (seen in webhooks), and 0 from API version 2.16.
        """
        included = list(parts)
        return {
            **self.to_list_item(version),
            "conversation_parts": {
                "type": "conversation_part.list",
                "total_count": len(included),
                "conversation_parts": included,
            },
        }

    def to_list_item(self, version: str = "2.14") -> Json:
        """Return the JSON without parts, as in lists."""
        nobody = 0 if version == "2.16" else None
        return {
            "type": "conversation",
            "id": self.id,
            "created_at": self.created_at,
            "source": self.source,
            "contacts": {
                "type": "contact.list",
                "contacts": [{"type": "contact", "id": contact_id(self.person), "external_id": None}],
            },
            "admin_assignee_id": int(self.admin) if self.admin else nobody,
            "team_assignee_id": int(self.team) if self.team else nobody,
            "open": self.state == "open",
            "state": self.state,
            "snoozed_until": self.snoozed_until,
            "title": self.title,
            "custom_attributes": self.custom_attributes,
            "tags": {"type": "tag.list", "tags": list(self.tags.values())},
        }

    def add_part(self, kind: str, author: Json, number: int, now: float, **fields: Any) -> Json:
        """Add a part."""
        part: Json = {
            "type": "conversation_part",
            "id": f"3735{number:010}",
            "part_type": kind,
            "body": None,
            "created_at": int(now),
            "updated_at": int(now),
            "assigned_to": self.assignee_json(),
            "author": author,
            "attachments": [],
            "redacted": False,
            "metadata": {},
            "app_package_code": None,
            **fields,
        }
        self.parts.append(part)
        return part

    def redact(self, message_id: str) -> None:
        """Redact the source or a part."""
        for message in (self.source, *self.parts):
            if message["id"] == message_id:
                message.update(redacted=True, body=_DELETED_BODY, attachments=[])

    def assignee_json(self) -> Json | None:
        """Return the assignee in the form of a conversation part."""
        if self.admin:
            return {"type": "admin", "id": self.admin}
        return {"type": "team", "id": self.team} if self.team else None


class ConversationStore:
    """Conversations by ID and by contact, and a transcript of at most `limit` entries."""

    def __init__(self, limit: int) -> None:
        self._conversations: dict[str, Conversation] = {}
        self._newest: dict[str, str] = {}
        self._transcript: deque[TranscriptEntry] = deque(maxlen=limit)
        self._count = 0

    def next_number(self) -> int:
        """Return the number of the next part."""
        self._count += 1
        return self._count

    def create(self, person: str, name: str, source: Json, now: float) -> Conversation:
        """Create a conversation."""
        conversation = Conversation(f"2154{self._count:011}", person, name, source, int(now))
        self._conversations[conversation.id] = conversation
        self._newest[person] = conversation.id
        return conversation

    def find(self, number: str) -> Conversation | None:
        """Return a conversation by its ID."""
        return self._conversations.get(number)

    def find_newest(self, person: str) -> Conversation | None:
        """Return a contact's newest conversation."""
        return self._conversations.get(self._newest.get(person, ""))

    def list_newest_first(self) -> list[Conversation]:
        """Return all conversations."""
        return list(reversed(self._conversations.values()))

    def delete(self, conversation: Conversation) -> None:
        """Delete a conversation; its messages stay in the transcript."""
        del self._conversations[conversation.id]

    def record_message(self, direction: str, conversation: Conversation, part: Json, now: float) -> None:
        """Record a message: `in` by the contact, `out` by the bot, by an `agent`, or a `note`."""
        options = part["metadata"].get("quick_reply_options", [])
        self._transcript.append(
            TranscriptEntry(
                number=self._count,
                at=now,
                direction=direction,
                id=part["id"],
                ours=conversation.id,
                person=conversation.person,
                text=visible_text(part["body"] or ""),
                media=tuple(each["url"] for each in part["attachments"]),
                choices=tuple((option["uuid"], option["text"]) for option in options),
            )
        )

    def record_entry(self, entry: TranscriptEntry) -> None:
        """Record a message that belongs to no conversation yet."""
        self._transcript.append(entry)

    def list_messages(self, person: str, after: int) -> list[TranscriptEntry]:
        """Return the transcript of one contact or of all, with numbers above `after`."""
        return [entry for entry in self._transcript if entry.number > after and person in ("", entry.person)]


def contact_id(person: str) -> str:
    """Return the ID of a contact, derived from `person`."""
    return hashlib.sha256(person.encode()).hexdigest()[:24]


def build_contact(person: str, name: str) -> Json:
    """Build the author of a contact's part."""
    return {"type": "user", "id": contact_id(person), "name": name or "Ada", "email": ""}


def build_contact_record(person: str) -> Json:
    """Build the record of a contact: `person` is an e-mail address or a phone number."""
    is_email = "@" in person
    return {
        "type": "contact",
        "id": contact_id(person),
        "external_id": None,
        "role": "user",
        "email": person if is_email else "",
        "phone": None if is_email else person,
        "location": {"type": "location", "country": "Ireland", "region": "Dublin", "city": "Dublin"},
    }


def build_teammate(number: str, name: str) -> Json:
    """Build the author of a teammate's part."""
    return {"type": "admin", "id": number, "name": name, "email": f"{name.lower()}@shop.example"}


def build_team(number: str) -> Json:
    """Build a team; it has no members."""
    return {"type": "team", "id": number, "name": "Support", "admin_ids": []}


def build_uploads(message: UserMessage) -> list[Json]:
    """Build the attachments of a contact's message."""
    return [
        {"type": "upload", "name": url.rpartition("/")[2], "url": url, "content_type": message.media_type}
        for url in message.media
    ]


def build_attachments(sent: Json) -> list[Json]:
    """Build the attachments of an admin's reply: files by URL, and files sent as data."""
    by_url = [{"type": "upload", "url": url} for url in sent.get("attachment_urls", ())]
    names = [file["name"] for file in sent.get("attachment_files", ())]
    return [
        *by_url,
        *({"type": "upload", "url": f"https://files.intercomcdn.com/{each}", "name": each} for each in names),
    ]


def format_body(text: str, *, plain: bool) -> str | None:
    """Return a body in the webhook's format: HTML, or plain text from API version 2.15."""
    if plain or not text:
        return text or None
    return "".join(f'<p class="no-margin">{line}</p>' for line in escape(text, quote=False).split("\n"))


def visible_text(body: str) -> str:
    """Return a body's text without markup."""
    return unescape(_TAG.sub("", _LINE_BREAK.sub("\n", body))).strip()
