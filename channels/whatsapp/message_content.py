"""Parses a WhatsApp message of any type into an event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from channels._kit.inbound import (
    JsonObject,
    get_identifier,
    get_number,
    get_object,
    get_object_list,
    get_text,
)
from channels.whatsapp.identities import BusinessNumber, Contact
from core.model import Attachment, Event, Ignored, Location, Turn, TurnReceived

_MAX_TEXT_LENGTH: Final = 16_000
_MAX_FORM_LENGTH: Final = 4000
_MAX_ITEMS: Final = 50
_FILE_TYPES: Final = frozenset({"image", "video", "audio", "document", "sticker"})
_IGNORED_TYPES: Final[Mapping[str, str]] = {
    "reaction": "reaction",
    "edit": "edited message",
    "revoke": "revoked message",
    "unsupported": "unsupported message",
    "unknown": "unsupported message",
    "request_welcome": "chat opened",
    "errors": "unsupported message",
}
_REFERRAL_FIELDS: Final[Mapping[str, int]] = {
    "source_id": 200,
    "source_type": 40,
    "source_url": 1000,
    "headline": 500,
    "body": 1000,
    "ctwa_clid": 500,
}


@dataclass(frozen=True, slots=True)
class _MessageContent:
    """Content of a message."""

    text: str = ""
    payload: str = ""
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    form: str = ""


@dataclass(frozen=True, slots=True)
class MessageParser:
    """Parses messages into events. `media_url` is the URL prefix of a media id."""

    media_url: str

    def parse(self, message: JsonObject, business_number: BusinessNumber, contact: Contact) -> Event:
        """Return a turn, or an `Ignored` with its reason."""
        kind, wamid = get_text(message, "type", 40), get_identifier(message, "id")
        if not wamid:
            return Ignored(reason="no message id")
        if "group_id" in message:
            return Ignored(reason="group message")  # the conversation is the group's, not this contact's
        if not contact.recipient:
            return Ignored(reason="no sender")
        if kind in _IGNORED_TYPES:
            return Ignored(reason=_IGNORED_TYPES[kind], aliases=())
        content = self._parse_content(message, kind)
        if content is None:
            return Ignored(reason="unknown kind")
        if content == _MessageContent():
            return Ignored(reason="empty message")
        aliases = contact.build_aliases(business_number)
        turn = Turn(
            id=wamid,
            session=aliases[0],
            address=contact.build_address(business_number),
            text=content.text,
            payload=content.payload,
            attachments=content.attachments,
            location=content.location,
            details=_build_details(message, kind, contact, content.form),
            at=parse_timestamp(message),
        )
        return TurnReceived(turn=turn, aliases=aliases)

    def _parse_content(self, message: JsonObject, kind: str) -> _MessageContent | None:
        value = get_object(message, kind)
        match kind:
            case "text":
                return _MessageContent(text=get_text(value, "body", _MAX_TEXT_LENGTH))
            case "button":
                return _MessageContent(
                    text=get_text(value, "text", _MAX_TEXT_LENGTH), payload=get_text(value, "payload", 1000)
                )
            case "interactive":
                return _parse_interactive(value)
            case "location":
                return _MessageContent(location=_parse_location(value))
            case "contacts":
                return _MessageContent(text=_format_contacts(get_object_list(message, "contacts")))
            case "order":
                return _parse_order(value)
            case _ if kind in _FILE_TYPES:
                return self._parse_file(value, kind)
        return None

    def _parse_file(self, value: JsonObject, kind: str) -> _MessageContent:
        medium = get_identifier(value, "id", 100)
        if not medium:
            return _MessageContent(text=get_text(value, "caption", _MAX_TEXT_LENGTH))
        attachment = Attachment(
            url=f"{self.media_url}/{medium}",
            content_type=get_text(value, "mime_type", 100) or "application/octet-stream",
            name=get_text(value, "filename") or ("voice.ogg" if value.get("voice") is True else ""),
        )
        return _MessageContent(text=get_text(value, "caption", _MAX_TEXT_LENGTH), attachments=(attachment,))


def _parse_interactive(value: JsonObject) -> _MessageContent | None:
    """Parse a tapped button, a chosen list row or a completed form."""
    kind = get_text(value, "type", 40)
    reply = get_object(value, kind)
    if kind in ("button_reply", "list_reply"):
        return _MessageContent(text=get_text(reply, "title", 1000), payload=get_text(reply, "id", 1000))
    if kind == "nfm_reply":
        form = get_text(reply, "response_json", _MAX_FORM_LENGTH)
        return _MessageContent(
            text=get_text(reply, "body", _MAX_TEXT_LENGTH) or get_text(reply, "name"), form=form
        )
    return None


def _parse_location(value: JsonObject) -> Location | None:
    """Return the shared location; values outside the globe are none."""
    latitude, longitude = get_number(value, "latitude"), get_number(value, "longitude")
    if latitude is None or longitude is None or not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return Location(
        latitude=latitude,
        longitude=longitude,
        label=get_text(value, "name"),
        address=get_text(value, "address", 500),
    )


def _format_contacts(cards: list[JsonObject]) -> str:
    """Format shared contacts, one line each: name and numbers."""
    lines = []
    for card in cards[:_MAX_ITEMS]:
        numbers = [get_text(phone, "phone", 40) for phone in get_object_list(card, "phones")[:10]]
        lines.append(" ".join(filter(None, [get_text(get_object(card, "name"), "formatted_name"), *numbers])))
    return "\n".join(filter(None, lines))


def _parse_order(value: JsonObject) -> _MessageContent:
    """Parse an order: the contact's text, or its items as text, and the items as data."""
    items = [
        {
            name: get_text(item, name) or get_number(item, name)
            for name in ("product_retailer_id", "quantity", "item_price", "currency")
        }
        for item in get_object_list(value, "product_items")[:_MAX_ITEMS]
    ]
    lines = [f"{item['quantity']} × {item['product_retailer_id']}" for item in items]
    form = json.dumps({"catalog_id": get_text(value, "catalog_id"), "items": items})
    return _MessageContent(
        text=get_text(value, "text", _MAX_TEXT_LENGTH) or "\n".join(lines),
        form=form if len(form) <= _MAX_FORM_LENGTH else "",
    )


def _build_details(message: JsonObject, kind: str, contact: Contact, form: str) -> dict[str, str]:
    context, referral, file = (
        get_object(message, "context"),
        get_object(message, "referral"),
        get_object(message, kind),
    )
    details = {
        "kind": kind,
        "profile_name": contact.name,
        "profile_username": contact.username,
        "user_id": contact.user_id,
        "sent_at": _get_timestamp(message),
        "quoted": get_identifier(context, "id"),
        "quoted_product": get_text(get_object(context, "referred_product"), "product_retailer_id"),
        "sha256": get_text(file, "sha256", 100),
        "voice": "true" if kind == "audio" and file.get("voice") is True else "",
        "form": form,
        **{f"referral_{name}": get_text(referral, name, limit) for name, limit in _REFERRAL_FIELDS.items()},
    }
    if context.get("forwarded") is True or context.get("frequently_forwarded") is True:
        details["forwarded"] = "true"
    return {name: value for name, value in details.items() if value}


def parse_timestamp(message: JsonObject) -> float:
    """Return Meta's time of a message in seconds since the epoch; 0 if there is none."""
    return float(_get_timestamp(message) or 0)


def _get_timestamp(message: JsonObject) -> str:
    """Return the time of sending in seconds since the epoch; empty if it is not a number."""
    timestamp = get_text(message, "timestamp", 20)
    return timestamp if timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12 else ""
