"""What one message of a person says, whatever its kind (Sunshine Conversations, "Message types")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from channels._kit.inbound.json import Object, child, number, word
from core.model.turn import Attachment, Location

_LONGEST_TEXT: Final = 16_000


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says."""

    text: str = ""
    payload: str = ""
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None


def content_of(value: Object) -> Content | None:
    """The content of a person's message; `None` for kinds that only a business sends."""
    text = word(value, "text", _LONGEST_TEXT)
    match word(value, "type", 40):
        case "text":
            return Content(text=text, payload=word(value, "payload", 1000))
        case "image" | "file":
            return Content(text=text, attachments=_attachments(value))
        case "location":
            place = _location(value)
            return Content(text="" if place else text, location=place)
        case "formResponse":
            return Content(text=word(value, "textFallback", _LONGEST_TEXT))
    return None


def _attachments(value: Object) -> tuple[Attachment, ...]:
    url = word(value, "mediaUrl", 2000)
    if not url.startswith(("https://", "http://")):
        return ()
    kind = word(value, "mediaType", 100) or "application/octet-stream"
    return (Attachment(url=url, content_type=kind, name=word(value, "altText")),)


def _location(value: Object) -> Location | None:
    """The shared place; what is not on the globe is none."""
    at, told = child(value, "coordinates"), child(value, "location")
    latitude, longitude = number(at, "lat"), number(at, "long")
    if latitude is None or longitude is None or not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    label, address = word(told, "name"), word(told, "address", 500)
    return Location(latitude=latitude, longitude=longitude, label=label, address=address)
