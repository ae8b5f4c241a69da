"""Kinds of messages of Intercom, and their expected results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.model import Event
from tests.channels.contract.inbound_kind import IGNORED, TURN, InboundKind, Json
from tests.channels.intercom import builders as intercom


def _intercom(topic: str, item: Json) -> Callable[[], list[Event]]:
    return lambda: intercom.build_channel().parse(intercom.build_webhook(topic, item))


def _intercom_part(body: str, **more: Any) -> Callable[[], list[Event]]:
    return _intercom(
        "conversation.user.replied", intercom.build_conversation(intercom.build_part(body, **more))
    )


def _intercom_mail(subject: str, body: str) -> Callable[[], list[Event]]:
    source = {"type": "email", "id": "s1", "author": intercom.ADA, "subject": subject, "body": body}
    return _intercom("conversation.user.created", intercom.build_conversation(source=source))


_UPLOAD = [{"type": "upload", "name": "a.png", "url": "https://files.example.com/a.png"}]

KINDS = (
    InboundKind("message of any part type", TURN, "`message.text`", _intercom_part("<p>Hi</p>")),
    InboundKind(
        "e-mail, also with a subject only",
        TURN,
        "subject and text; `message.subject`",
        _intercom_mail("Where is order 123?", ""),
    ),
    InboundKind(
        "files and pictures",
        TURN,
        "`message.attachments`",
        _intercom_part("", attachments=_UPLOAD),
    ),
    InboundKind(
        'WhatsApp reaction (`Reacted to "…" with 👍`)',
        TURN,
        "becomes a reaction when the engine reads it",
        _intercom_part('<p>Reacted to "Which one?" with 👍</p>'),
    ),
    InboundKind("empty or redacted part", IGNORED, "", _intercom_part("")),
)
