"""Kinds of messages of Zendesk messaging, and their expected results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.model import Event
from tests.channels.contract.inbound_kind import IGNORED, RECORDED, TURN, UNSUPPORTED, InboundKind, Json
from tests.channels.sunshine import builders as sunshine


def _sunshine(content: Json, **more: Any) -> Callable[[], list[Event]]:
    return lambda: sunshine.build_channel().parse(
        sunshine.build_webhook(sunshine.build_message_event(content, **more))
    )


def _sunshine_event(kind: str, **payload: Any) -> Callable[[], list[Event]]:
    return lambda: sunshine.build_channel().parse(
        sunshine.build_webhook(sunshine.build_event(kind, **payload))
    )


_FILE = {"type": "file", "mediaUrl": "https://files.example.com/a.pdf", "mediaType": "application/pdf"}
_FIELDS = [{"type": "text", "name": "size", "label": "Size", "text": "M"}]

KINDS = (
    InboundKind(
        "text, reply button",
        TURN,
        "`message.text`, the choice",
        _sunshine({"type": "text", "text": "Hi"}),
    ),
    InboundKind("image, file", TURN, "`message.attachments`", _sunshine(_FILE)),
    InboundKind(
        "location",
        TURN,
        "`message.location`",
        _sunshine({"type": "location", "coordinates": {"lat": 1, "long": 2}}),
    ),
    InboundKind(
        "formResponse",
        TURN,
        "`message.form`, and as text",
        _sunshine({"type": "formResponse", "fields": _FIELDS}),
    ),
    InboundKind(
        "postback",
        TURN,
        "the choice",
        _sunshine_event("conversation:postback", postback={"payload": "yes"}, user={"id": "u1"}),
    ),
    InboundKind("deleted message", RECORDED, "", _sunshine({"type": "text", "text": "Hi"}, deleted=True)),
    InboundKind(
        "a type that is not known",
        UNSUPPORTED,
        "`unsupported_text`",
        _sunshine({"type": "hologram"}),
    ),
    InboundKind("typing, read, created, joined", IGNORED, "", _sunshine_event("conversation:typing")),
)
