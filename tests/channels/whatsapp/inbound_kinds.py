"""Kinds of messages of Meta's Cloud API, and their expected results."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from core.model import Event
from tests.channels.contract.inbound_kind import (
    CONTROL,
    IGNORED,
    REACTION,
    RECORDED,
    TURN,
    UNSUPPORTED,
    InboundKind,
    Json,
)
from tests.channels.whatsapp import builders as whatsapp


def _whatsapp(kind: str, value: object = None, **more: Any) -> Callable[[], list[Event]]:
    return lambda: whatsapp.parse_events(
        whatsapp.build_batch(whatsapp.build_value(whatsapp.build_message(kind, value, **more)))
    )


def _whatsapp_interactive(kind: str, reply: Json) -> Callable[[], list[Event]]:
    return _whatsapp("interactive", {"type": kind, kind: reply})


def _whatsapp_echo(kind: str) -> Callable[[], list[Event]]:
    echo = {"from": "15550102", "to": whatsapp.PHONE, "id": "wamid.E=", "type": kind, kind: {}}
    batch = whatsapp.build_batch(whatsapp.build_value(message_echoes=[echo]), field="smb_message_echoes")
    return lambda: whatsapp.parse_events(batch)


_FORM = {"body": "Sent", "response_json": json.dumps({"size": "M"})}
_PLACE = {"latitude": 47.5, "longitude": 19.0, "name": "Home", "address": "1 Quay Street"}
_ORDER = {"catalog_id": "c", "product_items": [{"product_retailer_id": "sku", "quantity": 1}]}


def _whatsapp_preference() -> list[Event]:
    change = {"wa_id": whatsapp.PHONE, "category": "marketing_messages", "value": "stop", "timestamp": 1}
    batch = whatsapp.build_batch(whatsapp.build_value(user_preferences=[change]), field="user_preferences")
    return whatsapp.parse_events(batch)


KINDS = (
    InboundKind("text", TURN, "`message.text`", _whatsapp("text")),
    InboundKind(
        "template button, reply button, list row",
        TURN,
        "the choice",
        _whatsapp_interactive("button_reply", {"id": "yes", "title": "Yes"}),
    ),
    InboundKind(
        "image, video, audio, voice, document, sticker",
        TURN,
        "`message.attachments`; the caption is the text, the file's name is not",
        _whatsapp("voice", whatsapp.MEDIUM),
    ),
    InboundKind("location", TURN, "`message.location`", _whatsapp("location", _PLACE)),
    InboundKind(
        "contacts",
        TURN,
        "`message.contacts`",
        _whatsapp("contacts", whatsapp.CONTACTS),
    ),
    InboundKind("order", TURN, "`message.order`", _whatsapp("order", _ORDER)),
    InboundKind(
        "Flow reply (nfm_reply)", TURN, "`message.form`, whole", _whatsapp_interactive("nfm_reply", _FORM)
    ),
    InboundKind(
        "with a quotation, from an advert",
        TURN,
        "`message.quoted`, `message.referral`",
        _whatsapp("text", context=whatsapp.QUOTED, referral=whatsapp.REFERRAL),
    ),
    InboundKind(
        "reaction",
        REACTION,
        "`message.reaction`",
        _whatsapp("reaction", {"message_id": "wamid.Q"}),
    ),
    InboundKind("edit, revoke", RECORDED, "", _whatsapp("edit", {"original_message_id": "wamid.O"})),
    InboundKind(
        "unsupported (poll, view-once, …), a type that is not known",
        UNSUPPORTED,
        "`unsupported_text`",
        _whatsapp("unsupported", {"type": "poll_creation"}),
    ),
    InboundKind(
        "unsupported edit, reaction, pin, poll vote",
        IGNORED,
        "",
        _whatsapp("unsupported", {"type": "edit"}),
    ),
    InboundKind(
        "request_welcome, call permission, group message",
        IGNORED,
        "",
        _whatsapp("request_welcome"),
    ),
    InboundKind("message of the business's phone", CONTROL, "take-over", _whatsapp_echo("text")),
    InboundKind(
        "user_preferences (stop, resume)", CONTROL, "opt-out of marketing, and its end", _whatsapp_preference
    ),
    InboundKind("edit, deletion, reaction on that phone", IGNORED, "", _whatsapp_echo("revoke")),
)
