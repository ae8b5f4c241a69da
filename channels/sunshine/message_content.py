"""Parses a contact's message of any type (Sunshine Conversations, "Message types")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from channels._kit.inbound import (
    FormValues,
    JsonObject,
    get_identifier,
    get_number,
    get_object,
    get_object_list,
    get_text,
    remove_file_name,
)
from channels._kit.text import sanitize
from core.model import Attachment, Location, QuotedMessage

_MAX_TEXT_LENGTH: Final = 16_000
_MAX_FIELDS: Final = 100
_MAX_OPTION_LENGTH: Final = 200
_BUSINESS_KINDS: Final = frozenset({"", "carousel", "form", "list", "template"})


@dataclass(frozen=True, slots=True)
class MessageContent:
    """Content of a message."""

    text: str = ""
    payload: str = ""
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    form: FormValues | None = None


def is_business_kind(value: JsonObject) -> bool:
    """Return whether a message is of a kind that only a business sends, or has no kind."""
    return _get_kind(value) in _BUSINESS_KINDS


def _get_kind(value: JsonObject) -> str:
    return get_text(value, "type", 40) or ("text" if get_text(value, "text") else "")


def parse_content(value: JsonObject) -> MessageContent | None:
    """Return a message's content; `None` for a kind that is not supported, or content that cannot be read."""
    text = get_text(value, "text", _MAX_TEXT_LENGTH)
    match _get_kind(value):
        case "text":
            return MessageContent(text=text, payload=get_text(value, "payload", 1000))
        case "image" | "file":
            caption = remove_file_name(text, get_text(value, "altText"))
            return _build_content(MessageContent(text=caption, attachments=_parse_attachments(value)))
        case "location":
            location = _parse_location(value)
            place = get_object(value, "location")
            known = (text,) if text else (get_text(place, "name"), get_text(place, "address", 500))
            words = "" if location else ", ".join(filter(None, known))
            return _build_content(MessageContent(text=words, location=location))
        case "formResponse":
            return _build_content(_parse_form(value))
    return None


def _build_content(content: MessageContent) -> MessageContent | None:
    return None if content == MessageContent() else content


def parse_quoted(message: JsonObject) -> QuotedMessage | None:
    """Return the message that the user answers, by id or with its text."""
    reference = get_object(message, "quotedMessage")
    quoted = get_object(reference, "message")
    found = QuotedMessage(
        id=get_identifier(quoted, "id") or get_identifier(reference, "externalMessageId"),
        text=get_text(get_object(quoted, "content"), "text", _MAX_TEXT_LENGTH),
    )
    return None if found == QuotedMessage() else found


def _parse_form(value: JsonObject) -> MessageContent:
    """Return a filled-in form: its answers by field, and as text where Zendesk has written none."""
    values: FormValues = {}
    lines = []
    for field in get_object_list(value, "fields")[:_MAX_FIELDS]:
        label, answer = get_text(field, "label"), _parse_answer(field)
        if name := get_text(field, "name") or label:
            values[name] = answer
            shown = ", ".join(map(str, answer)) if isinstance(answer, list) else str(answer)
            lines.append(f"{label or name}: {shown}")
    text = get_text(value, "textFallback", _MAX_TEXT_LENGTH) or "\n".join(lines)[:_MAX_TEXT_LENGTH]
    return MessageContent(text=text, form=values or None)


def _parse_answer(field: JsonObject) -> JsonValue:
    """Return the answer to one field: its text, or the chosen options."""
    kind = get_text(field, "type", 20)
    if isinstance(options := field.get(kind), list):
        chosen: list[JsonValue] = [_parse_option(each) for each in options[:_MAX_FIELDS]]
        return chosen[0] if len(chosen) == 1 else chosen
    known = (get_text(field, name, _MAX_TEXT_LENGTH) for name in ("text", "email", kind))
    return next(filter(None, known), "")


def _parse_option(option: object) -> str:
    if isinstance(option, dict):
        return get_text(option, "label") or get_text(option, "name")
    return sanitize(option, _MAX_OPTION_LENGTH) if isinstance(option, str) else ""


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
