"""Parses a contact's message of any type (Sunshine Conversations, "Message types")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from channels._kit.inbound import JsonObject, get_number, get_object, get_text
from core.model import Attachment, Location

_MAX_TEXT_LENGTH: Final = 16_000


@dataclass(frozen=True, slots=True)
class MessageContent:
    """Content of a message."""

    text: str = ""
    payload: str = ""
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None


def parse_content(value: JsonObject) -> MessageContent | None:
    """Return a message's content; `None` for types that only a business sends."""
    text = get_text(value, "text", _MAX_TEXT_LENGTH)
    match get_text(value, "type", 40):
        case "text":
            return MessageContent(text=text, payload=get_text(value, "payload", 1000))
        case "image" | "file":
            return MessageContent(text=text, attachments=_parse_attachments(value))
        case "location":
            location = _parse_location(value)
            return MessageContent(text="" if location else text, location=location)
        case "formResponse":
            return MessageContent(text=get_text(value, "textFallback", _MAX_TEXT_LENGTH))
    return None


def _parse_attachments(value: JsonObject) -> tuple[Attachment, ...]:
    url = get_text(value, "mediaUrl", 2000)
    if not url.startswith(("https://", "http://")):
        return ()
    kind = get_text(value, "mediaType", 100) or "application/octet-stream"
    return (Attachment(url=url, content_type=kind, name=get_text(value, "altText")),)


def _parse_location(value: JsonObject) -> Location | None:
    """Return the shared location; values outside the globe are none."""
    coordinates, location = get_object(value, "coordinates"), get_object(value, "location")
    latitude, longitude = get_number(coordinates, "lat"), get_number(coordinates, "long")
    if latitude is None or longitude is None or not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    label, address = get_text(location, "name"), get_text(location, "address", 500)
    return Location(latitude=latitude, longitude=longitude, label=label, address=address)
