"""Kinds of messages of Zendesk Support, and their expected results."""

from __future__ import annotations

from collections.abc import Callable

from core.model import Event
from tests.channels.contract.inbound_kind import CONTROL, IGNORED, TURN, InboundKind, Json
from tests.channels.zendesk import builders as zendesk


def _zendesk(event: Json) -> Callable[[], list[Event]]:
    return lambda: zendesk.build_channel().parse(zendesk.build_webhook(event))


KINDS = (
    InboundKind(
        "public comment of the requester",
        TURN,
        "`message.text`, `message.subject`",
        _zendesk(zendesk.build_comment_event()),
    ),
    InboundKind(
        "comment of files only",
        TURN,
        "`message.attachments`, fetched from the ticket",
        _zendesk(zendesk.build_comment_event("")),
    ),
    InboundKind(
        "new ticket",
        TURN,
        "subject and text; `message.subject`",
        _zendesk(zendesk.build_event("created")),
    ),
    InboundKind(
        "internal note",
        IGNORED,
        "but commands of agents",
        _zendesk(zendesk.build_comment_event("Note", public=False)),
    ),
    InboundKind(
        "public comment of an agent",
        CONTROL,
        "take-over",
        _zendesk(zendesk.build_comment_event(author=zendesk.AGENT, staff=True)),
    ),
)
