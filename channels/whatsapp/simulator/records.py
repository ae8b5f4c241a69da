"""The twin's memory of messages, and how Meta writes them into webhooks."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from channels._kit.simulator import Delivery, Line, Said

Json = dict[str, Any]


class Identity(StrEnum):
    """How far the roll-out of user names has come for a person: what webhooks tell of them."""

    PHONE = "phone"
    BOTH = "both"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Step:
    """A state that a message reaches at a time."""

    at: float
    word: str
    error_code: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """A message in either direction; `sent` is the JSON that we sent, `life` its states."""

    number: int
    at: float
    direction: str
    wamid: str
    ours: str
    person: str
    text: str
    media: tuple[str, ...] = ()
    sent: Json | None = None
    life: tuple[Step, ...] = ()

    def line(self, now: float) -> Line:
        """The form that tests and the console read."""
        reached = [step.word for step in self.life if step.at <= now]
        return Line(
            number=self.number,
            at=self.at,
            direction=self.direction,
            id=self.wamid,
            ours=self.ours,
            person=self.person,
            text=self.text,
            media=self.media,
            status=reached[-1] if reached else "accepted" if self.sent else "received",
            choices=offered(self.sent or {}),
        )


class Records:
    """Messages in the order they were taken; the oldest are forgotten beyond `most`."""

    def __init__(self, most: int) -> None:
        self._kept: deque[Record] = deque(maxlen=most)
        self._count = 0

    def next_number(self) -> int:
        """The number of the message that comes next."""
        self._count += 1
        return self._count

    def keep(self, record: Record) -> Record:
        """Remember a message."""
        self._kept.append(record)
        return record

    def of(self, person: str = "") -> list[Record]:
        """The messages with one person, or with all, oldest first."""
        return [record for record in self._kept if not person or record.person == person]

    def offering(self, person: str, payload: str) -> Record | None:
        """The newest message to a person that has a button or a row of that payload."""
        for record in reversed(self.of(person)):
            if any(known == payload for known, _ in offered(record.sent or {})):
                return record
        return None


def offered(sent: Json) -> tuple[tuple[str, str], ...]:
    """Payload and label of what can be tapped in a message that we sent."""
    action = sent.get("interactive", {}).get("action", {})
    buttons = [button["reply"] for button in action.get("buttons", [])]
    rows = [row for section in action.get("sections", []) for row in section["rows"]]
    return tuple((each["id"], each["title"]) for each in [*buttons, *rows])


def shown(sent: Json) -> tuple[str, tuple[str, ...]]:
    """The text and the media of a message that we sent."""
    value = sent.get(str(sent.get("type")), {})
    if sent.get("type") == "interactive":
        return value["body"]["text"], ()
    if sent.get("type") == "template":
        texts = [gap["text"] for part in value.get("components", []) for gap in part["parameters"]]
        return " ".join([value["name"], *texts]), ()
    file = value.get("link") or value.get("id")
    text = value.get("body") or value.get("caption") or value.get("emoji") or ""
    return text, (file,) if file else ()


def content(said: Said, tapped: Record | None, media: Iterable[str]) -> Json:
    """What a person said, as the part of a message that differs by kind."""
    if said.button:
        reply = {"id": said.button, "title": said.text or said.button}
        kind = "list_reply" if tapped and "sections" in _action(tapped) else "button_reply"
        made: Json = {"type": "interactive", "interactive": {"type": kind, kind: reply}}
        return {**made, "context": {"from": "us", "id": tapped.wamid}} if tapped else made
    if said.place is not None:
        return {
            "type": "location",
            "location": {"latitude": said.place[0], "longitude": said.place[1]},
        }
    for medium in media:
        kind = said.media_type.partition("/")[0]
        kind = kind if kind in ("image", "video", "audio") else "document"
        file = {"id": medium, "mime_type": said.media_type, "sha256": "c2hhMjU2"}
        return {"type": kind, kind: {**file, "caption": said.text} if said.text else file}
    return {"type": "text", "text": {"body": said.text}}


def _action(record: Record) -> Mapping[str, Any]:
    action: Mapping[str, Any] = (record.sent or {}).get("interactive", {}).get("action", {})
    return action


def signed(url: str, account: str, changes: Iterable[Json], *, secret: str, at: float) -> Delivery:
    """A webhook as Meta writes it: ASCII, slashes escaped, HMAC-SHA256 of those bytes."""
    made = {"object": "whatsapp_business_account", "entry": [{"id": account, "changes": list(changes)}]}
    body = json.dumps(made, separators=(",", ":")).replace("/", "\\/").encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return Delivery(
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
