"""Parses a WhatsApp message of any type into an event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from channels._kit.inbound import (
    MAX_FORM_LENGTH,
    FormValues,
    JsonObject,
    get_identifier,
    get_number,
    get_object,
    get_object_list,
    get_text,
    parse_form_values,
    remove_file_name,
)
from channels.whatsapp.identities import BusinessNumber, Contact
from channels.whatsapp.message_kinds import ACTIVITIES, FILE_TYPES, find_ignored_reason, get_kind
from channels.whatsapp.structured_content import (
    parse_contact_cards,
    parse_order,
    parse_referral,
)
from core.model import (
    UNSUPPORTED_KIND,
    ActivityReceived,
    Attachment,
    ContactCard,
    Event,
    Ignored,
    Location,
    Order,
    QuotedMessage,
    Reaction,
    Turn,
    TurnReceived,
)

_MAX_TEXT_LENGTH: Final = 16_000
_REPLY_TYPES: Final = ("button_reply", "list_reply", "nfm_reply")
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
    form: FormValues | None = None
    order: Order | None = None
    contacts: tuple[ContactCard, ...] = ()
    reaction: Reaction | None = None


@dataclass(frozen=True, slots=True)
class MessageParser:
    """Parses messages into events. `media_url` is the URL prefix of a media id."""

    media_url: str

    def parse(self, message: JsonObject, business_number: BusinessNumber, contact: Contact) -> Event:
        """Return a turn, an activity, or an `Ignored` with its reason."""
        kind, wamid = get_kind(message), get_identifier(message, "id")
        if not wamid:
            return Ignored(reason="no message id")
        if message.get("group_id"):
            return Ignored(reason="group message")  # the group's conversation, not this contact's
        if not contact.recipient:
            return Ignored(reason="no sender")
        if reason := find_ignored_reason(message, kind):
            return Ignored(reason=reason)
        aliases = contact.build_aliases(business_number)
        if activity := ACTIVITIES.get(kind):
            return ActivityReceived(
                id=wamid,
                session=aliases[0],
                activity=activity,
                message_id=get_identifier(get_object(message, kind), "original_message_id"),
                aliases=aliases,
            )
        content = self._parse_content(message, kind)
        if content == _MessageContent():
            return Ignored(reason="empty message")
        if content is None:
            kind, content = UNSUPPORTED_KIND, _MessageContent()
        turn = Turn(
            id=wamid,
            session=aliases[0],
            address=contact.build_address(business_number),
            text=content.text,
            payload=content.payload,
            attachments=content.attachments,
            location=content.location,
            kind="audio" if kind == "voice" else kind,
            reaction=content.reaction,
            quoted=_parse_quoted(message),
            form=content.form,
            order=content.order,
            referral=parse_referral(get_object(message, "referral")),
            contacts=content.contacts,
            profile_name=contact.name,
            details=_build_details(message, kind, content, contact),
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
                return _parse_place(value)
            case "contacts":
                cards = parse_contact_cards(get_object_list(message, "contacts"))
                return _MessageContent(contacts=cards) if cards else None
            case "reaction":
                return _MessageContent(reaction=Reaction(emoji=get_text(value, "emoji", 40)))
            case "order":
                return _MessageContent(
                    text=get_text(value, "text", _MAX_TEXT_LENGTH), order=parse_order(value)
                )
            case _ if kind in FILE_TYPES:
                return self._parse_file(value, kind)
        return None

    def _parse_file(self, value: JsonObject, kind: str) -> _MessageContent | None:
        """Return a file by its ID, or else by the URL that newer webhooks have beside that."""
        medium, name = get_identifier(value, "id", 100), get_text(value, "filename")
        caption = remove_file_name(get_text(value, "caption", _MAX_TEXT_LENGTH), name)
        url = f"{self.media_url}/{medium}" if medium else get_identifier(value, "url", 4000)
        if not medium and not url.startswith("https://"):
            return _MessageContent(text=caption) if caption else None
        attachment = Attachment(
            url=url,
            content_type=get_text(value, "mime_type", 100) or "application/octet-stream",
            name=name or ("voice.ogg" if value.get("voice") is True else ""),
        )
        return _MessageContent(text=caption, attachments=(attachment,))


def _parse_interactive(value: JsonObject) -> _MessageContent | None:
    """Parse a tapped button, a chosen list row or a completed form."""
    kind = get_text(value, "type", 40) or next((name for name in _REPLY_TYPES if name in value), "")
    reply = get_object(value, kind)
    if kind in ("button_reply", "list_reply"):
        return _MessageContent(text=get_text(reply, "title", 1000), payload=get_text(reply, "id", 1000))
    if kind == "nfm_reply":
        answers = get_object(reply, "response_json")
        form = parse_form_values(answers or get_text(reply, "response_json", MAX_FORM_LENGTH + 1))
        return _MessageContent(form=form) if form is not None else None
    return None


def _parse_place(value: JsonObject) -> _MessageContent | None:
    """Return the shared location, or as text what is known of a place without coordinates."""
    if location := _parse_location(value):
        return _MessageContent(location=location)
    known = [get_text(value, name, 500) for name in ("name", "address", "url")]
    text = ", ".join(filter(None, known))
    return _MessageContent(text=text) if text else None


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


def _parse_quoted(message: JsonObject) -> QuotedMessage | None:
    """Return the message that is answered or reacted to, or the product that is asked about."""
    context = get_object(message, "context")
    quoted = QuotedMessage(
        id=get_identifier(context, "id") or get_identifier(get_object(message, "reaction"), "message_id"),
        product_id=get_text(get_object(context, "referred_product"), "product_retailer_id"),
    )
    return None if quoted == QuotedMessage() else quoted


def _build_details(
    message: JsonObject, kind: str, content: _MessageContent, contact: Contact
) -> dict[str, str]:
    context, file = get_object(message, "context"), get_object(message, kind)
    referral, form = get_object(message, "referral"), content.form
    if content.order:
        form = content.order.model_dump()
    details = {
        "kind": kind,
        "profile_name": contact.name,
        "profile_username": contact.username,
        "user_id": contact.user_id,
        "sent_at": _get_timestamp(message),
        "quoted": get_identifier(context, "id"),
        "quoted_product": get_text(get_object(context, "referred_product"), "product_retailer_id"),
        "sha256": get_text(file, "sha256", 100),
        "voice": "true" if kind == "voice" or (kind == "audio" and file.get("voice") is True) else "",
        "form": "" if form is None else json.dumps(form, ensure_ascii=False),
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
