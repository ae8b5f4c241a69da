"""One message of a WhatsApp user, whatever its kind, as an event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from channels._kit.inbound.json import Object, child, children, name_of, number, word
from channels.whatsapp.identities import Line, Person
from core.model.event import Event, Ignored, TurnReceived
from core.model.turn import Attachment, Location, Turn

_LONGEST_TEXT: Final = 16_000
_LONGEST_FORM: Final = 4000
_MOST_ITEMS: Final = 50
_FILES: Final = frozenset({"image", "video", "audio", "document", "sticker"})
_NO_TURN: Final[Mapping[str, str]] = {
    "reaction": "reaction",
    "edit": "edited message",
    "revoke": "revoked message",
    "unsupported": "unsupported message",
    "unknown": "unsupported message",
    "request_welcome": "chat opened",
    "errors": "unsupported message",
}
_REFERRAL: Final[Mapping[str, int]] = {
    "source_id": 200,
    "source_type": 40,
    "source_url": 1000,
    "headline": 500,
    "body": 1000,
    "ctwa_clid": 500,
}


@dataclass(frozen=True, slots=True)
class _Content:
    """What a message says."""

    text: str = ""
    payload: str = ""
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    form: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes events of messages. `media_url` stands before a medium's id: where it is asked for."""

    media_url: str

    def event(self, message: Object, line: Line, person: Person) -> Event:
        """A turn, or why it is none."""
        kind, wamid = word(message, "type", 40), name_of(message, "id")
        if not wamid:
            return Ignored(reason="no message id")
        if "group_id" in message:
            return Ignored(reason="group message")  # its conversation is the group's, not this person's
        if not person.theirs:
            return Ignored(reason="no sender")
        if kind in _NO_TURN:
            return Ignored(reason=_NO_TURN[kind], aliases=())
        content = self._content(message, kind)
        if content is None:
            return Ignored(reason="unknown kind")
        if content == _Content():
            return Ignored(reason="empty message")
        aliases = person.aliases(line)
        turn = Turn(
            id=wamid,
            session=aliases[0],
            address=person.address(line),
            text=content.text,
            payload=content.payload,
            attachments=content.attachments,
            location=content.location,
            details=_details(message, kind, person, content.form),
        )
        return TurnReceived(turn=turn, aliases=aliases)

    def _content(self, message: Object, kind: str) -> _Content | None:
        value = child(message, kind)
        match kind:
            case "text":
                return _Content(text=word(value, "body", _LONGEST_TEXT))
            case "button":
                return _Content(text=word(value, "text", _LONGEST_TEXT), payload=word(value, "payload", 1000))
            case "interactive":
                return _interactive(value)
            case "location":
                return _Content(location=_location(value))
            case "contacts":
                return _Content(text=_cards(children(message, "contacts")))
            case "order":
                return _order(value)
            case _ if kind in _FILES:
                return self._file(value, kind)
        return None

    def _file(self, value: Object, kind: str) -> _Content:
        medium = name_of(value, "id", 100)
        if not medium:
            return _Content(text=word(value, "caption", _LONGEST_TEXT))
        attachment = Attachment(
            url=f"{self.media_url}/{medium}",
            content_type=word(value, "mime_type", 100) or "application/octet-stream",
            name=word(value, "filename") or ("voice.ogg" if value.get("voice") is True else ""),
        )
        return _Content(text=word(value, "caption", _LONGEST_TEXT), attachments=(attachment,))


def _interactive(value: Object) -> _Content | None:
    """A tapped button, a chosen row or a filled form."""
    kind = word(value, "type", 40)
    told = child(value, kind)
    if kind in ("button_reply", "list_reply"):
        return _Content(text=word(told, "title", 1000), payload=word(told, "id", 1000))
    if kind == "nfm_reply":
        form = word(told, "response_json", _LONGEST_FORM)
        return _Content(text=word(told, "body", _LONGEST_TEXT) or word(told, "name"), form=form)
    return None


def _location(value: Object) -> Location | None:
    """The shared place; what is not on the globe is none."""
    latitude, longitude = number(value, "latitude"), number(value, "longitude")
    if latitude is None or longitude is None or not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return Location(
        latitude=latitude,
        longitude=longitude,
        label=word(value, "name"),
        address=word(value, "address", 500),
    )


def _cards(cards: list[Object]) -> str:
    """Shared contacts, a line each: name and numbers."""
    lines = []
    for card in cards[:_MOST_ITEMS]:
        numbers = [word(phone, "phone", 40) for phone in children(card, "phones")[:10]]
        lines.append(" ".join(filter(None, [word(child(card, "name"), "formatted_name"), *numbers])))
    return "\n".join(filter(None, lines))


def _order(value: Object) -> _Content:
    """A shopping basket: what the person wrote, or the items in words, and the items as data."""
    items = [
        {
            name: word(item, name) or number(item, name)
            for name in ("product_retailer_id", "quantity", "item_price", "currency")
        }
        for item in children(value, "product_items")[:_MOST_ITEMS]
    ]
    words = [f"{item['quantity']} × {item['product_retailer_id']}" for item in items]
    form = json.dumps({"catalog_id": word(value, "catalog_id"), "items": items})
    return _Content(
        text=word(value, "text", _LONGEST_TEXT) or "\n".join(words),
        form=form if len(form) <= _LONGEST_FORM else "",
    )


def _details(message: Object, kind: str, person: Person, form: str) -> dict[str, str]:
    """Facts that are known and useful."""
    context, referral, file = child(message, "context"), child(message, "referral"), child(message, kind)
    found = {
        "kind": kind,
        "profile_name": person.name,
        "profile_username": person.username,
        "user_id": person.user_id,
        "sent_at": _seconds(message),
        "quoted": name_of(context, "id"),
        "quoted_product": word(child(context, "referred_product"), "product_retailer_id"),
        "sha256": word(file, "sha256", 100),
        "voice": "true" if kind == "audio" and file.get("voice") is True else "",
        "form": form,
        **{f"referral_{name}": word(referral, name, limit) for name, limit in _REFERRAL.items()},
    }
    if context.get("forwarded") is True or context.get("frequently_forwarded") is True:
        found["forwarded"] = "true"
    return {name: value for name, value in found.items() if value}


def _seconds(message: Object) -> str:
    """When it was sent, in seconds since the epoch; nothing that is no such number."""
    told = word(message, "timestamp", 20)
    return told if told.isascii() and told.isdigit() and len(told) <= 12 else ""
