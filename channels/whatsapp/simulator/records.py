"""Messages of the simulator, and their JSON in Meta's webhooks."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any

from channels._kit.simulator import TranscriptEntry, UserMessage

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
    status_changes: list[StatusChange] = field(default_factory=list)

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

    def __init__(self, limit: int, random: Random) -> None:
        self._messages: deque[Message] = deque(maxlen=limit)
        self._random = random
        self._count = 0

    def new_wamid(self) -> str:
        """Return the ID of a new message."""
        return f"wamid.{self._random.getrandbits(160):040X}="

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

    def find(self, wamid: str) -> Message | None:
        """Return a message by its id."""
        return next((record for record in self._messages if record.wamid == wamid), None)

    def find_newest_sent(self, person: str) -> Message | None:
        """Return the newest message to a contact."""
        return next(
            (each for each in reversed(self.list_for_person(person)) if each.direction == "out"), None
        )

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
    if sent.get("type") == "template":
        parts = [each for each in sent["template"].get("components", []) if "parameters" in each]
        payloads = [each["payload"] for part in parts for each in part["parameters"] if "payload" in each]
        return tuple((payload, payload) for payload in payloads)
    rows = [row for section in action.get("sections", []) for row in section["rows"]]
    return tuple((each["id"], each["title"]) for each in [*buttons, *rows])


def get_media_object(sent: Json) -> tuple[str, Json]:
    """Return kind and media object of a sent message or of its header; empty if it has none."""
    kind = sent.get("type", "text")
    value = sent.get(kind, {})
    if kind == "interactive":
        value = value.get("header", {})
        kind = value.get("type", "")
        value = value.get(kind, {})
    return (kind, value) if isinstance(value, dict) and {"link", "id"} & set(value) else ("", {})


def get_text_and_media(sent: Json) -> tuple[str, tuple[str, ...]]:
    """Return text and media of a sent message."""
    kind = sent.get("type", "text")
    value, (_, medium) = sent.get(kind, {}), get_media_object(sent)
    media = (medium.get("link") or medium["id"],) if medium else ()
    if kind == "interactive":
        return value["body"]["text"], media
    if kind == "template":
        parameters = [each for part in value.get("components", []) for each in part.get("parameters", [])]
        texts = [str(each.get("text", "")) for each in parameters]
        return " ".join([value["name"], *filter(None, texts)]), ()
    if kind == "contacts":
        return ", ".join(contact["name"]["formatted_name"] for contact in value), ()
    return value.get("body") or value.get("caption") or value.get("emoji") or value.get("name") or "", media


def build_content(message: UserMessage, answered: Message | None, media: Iterable[str]) -> Json:
    """Build the type-specific part of a contact's message; `answered` is what is tapped or reacted to."""
    if message.reaction:
        wamid = answered.wamid if answered else ""
        return {"type": "reaction", "reaction": {"message_id": wamid, "emoji": message.reaction}}
    if message.form is not None:
        form = {"name": "flow", "body": "Sent", "response_json": json.dumps(dict(message.form))}
        return {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": form}}
    if message.button:
        if answered and "template" in (answered.request_body or {}):
            button = {"payload": message.button, "text": message.text or message.button}
            context = {"from": answered.ours, "id": answered.wamid}
            return {"type": "button", "button": button, "context": context}
        reply = {"id": message.button, "title": message.text or message.button}
        kind = "list_reply" if answered and "sections" in _get_action(answered) else "button_reply"
        content: Json = {"type": "interactive", "interactive": {"type": kind, kind: reply}}
        return {**content, "context": {"from": answered.ours, "id": answered.wamid}} if answered else content
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


def build_user_id(person: str) -> str:
    """Return the business-scoped ID of a contact, derived from the number."""
    return f"US.1{person.lstrip('+'):0>20}"


def build_contact(person: str, name: str, identity: IdentityMode) -> tuple[Json, Json]:
    """Return the sender's fields of a message, and the contact that a webhook names beside it."""
    phone, user_id = person.lstrip("+"), build_user_id(person)
    sender: Json = {}
    contact: Json = {"profile": {"name": name or "Ada"}}
    if identity is not IdentityMode.HIDDEN:
        sender["from"] = contact["wa_id"] = phone
    if identity is not IdentityMode.PHONE:
        sender["from_user_id"] = contact["user_id"] = user_id
    return sender, contact
