"""Messages of the simulator, and their JSON in Meta's webhooks."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from channels._kit.simulator import TranscriptEntry, UserMessage, WebhookDelivery

Json = dict[str, Any]


class IdentityMode(StrEnum):
    """Stage of the user-name roll-out for a contact: which identifiers webhooks contain."""

    PHONE = "phone"
    BOTH = "both"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A state that a message reaches at a time."""

    at: float
    status: str
    error_code: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """A message in either direction; `request_body` is the API request's JSON."""

    number: int
    at: float
    direction: str
    wamid: str
    ours: str
    person: str
    text: str
    media: tuple[str, ...] = ()
    request_body: Json | None = None
    status_changes: tuple[StatusChange, ...] = ()

    def to_transcript_entry(self, now: float) -> TranscriptEntry:
        """Return the transcript entry for tests and the console."""
        reached = [change.status for change in self.status_changes if change.at <= now]
        return TranscriptEntry(
            number=self.number,
            at=self.at,
            direction=self.direction,
            id=self.wamid,
            ours=self.ours,
            person=self.person,
            text=self.text,
            media=self.media,
            status=reached[-1] if reached else "accepted" if self.request_body else "received",
            choices=get_choices(self.request_body or {}),
        )


class MessageStore:
    """Messages in order of acceptance; the oldest beyond `limit` are dropped."""

    def __init__(self, limit: int) -> None:
        self._messages: deque[Message] = deque(maxlen=limit)
        self._count = 0

    def next_number(self) -> int:
        """Return the number of the next message."""
        self._count += 1
        return self._count

    def add(self, record: Message) -> Message:
        """Store a message."""
        self._messages.append(record)
        return record

    def list_for_person(self, person: str = "") -> list[Message]:
        """Return the messages of one contact or of all, oldest first."""
        return [record for record in self._messages if not person or record.person == person]

    def find_offering(self, person: str, payload: str) -> Message | None:
        """Return the newest message to a contact with a button or list row of that payload."""
        for record in reversed(self.list_for_person(person)):
            if any(offered == payload for offered, _ in get_choices(record.request_body or {})):
                return record
        return None


def get_choices(sent: Json) -> tuple[tuple[str, str], ...]:
    """Return payload and label of each button or list row of a sent message."""
    action = sent.get("interactive", {}).get("action", {})
    buttons = [button["reply"] for button in action.get("buttons", [])]
    rows = [row for section in action.get("sections", []) for row in section["rows"]]
    return tuple((each["id"], each["title"]) for each in [*buttons, *rows])


def get_text_and_media(sent: Json) -> tuple[str, tuple[str, ...]]:
    """Return text and media of a sent message."""
    value = sent.get(str(sent.get("type")), {})
    if sent.get("type") == "interactive":
        header = value.get("header", {})
        file = header.get(header.get("type"), {})
        return value["body"]["text"], tuple(filter(None, (file.get("link") or file.get("id"),)))
    if sent.get("type") == "template":
        texts = [gap["text"] for part in value.get("components", []) for gap in part["parameters"]]
        return " ".join([value["name"], *texts]), ()
    file = value.get("link") or value.get("id")
    text = value.get("body") or value.get("caption") or value.get("emoji") or ""
    return text, (file,) if file else ()


def build_content(message: UserMessage, tapped: Message | None, media: Iterable[str]) -> Json:
    """Build the type-specific part of a contact's message."""
    if message.button:
        reply = {"id": message.button, "title": message.text or message.button}
        kind = "list_reply" if tapped and "sections" in _get_action(tapped) else "button_reply"
        content: Json = {"type": "interactive", "interactive": {"type": kind, kind: reply}}
        return {**content, "context": {"from": "us", "id": tapped.wamid}} if tapped else content
    if message.place is not None:
        return {
            "type": "location",
            "location": {"latitude": message.place[0], "longitude": message.place[1]},
        }
    for medium in media:
        kind = message.media_type.partition("/")[0]
        kind = kind if kind in ("image", "video", "audio") else "document"
        file = {"id": medium, "mime_type": message.media_type, "sha256": "c2hhMjU2"}
        return {"type": kind, kind: {**file, "caption": message.text} if message.text else file}
    return {"type": "text", "text": {"body": message.text}}


def _get_action(record: Message) -> Mapping[str, Any]:
    action: Mapping[str, Any] = (record.request_body or {}).get("interactive", {}).get("action", {})
    return action


def build_signed_delivery(
    url: str, account: str, changes: Iterable[Json], *, secret: str, at: float
) -> WebhookDelivery:
    """Build a signed webhook with Meta's encoding: ASCII, slashes escaped, HMAC-SHA256 of those bytes."""
    payload = {"object": "whatsapp_business_account", "entry": [{"id": account, "changes": list(changes)}]}
    body = json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return WebhookDelivery(
        at=at,
        method="POST",
        url=url,
        headers={
            "content-type": "application/json",
            "user-agent": "facebookexternalua",
            "x-hub-signature-256": f"sha256={digest}",
        },
        body=body,
        timeout=20.0,
    )
