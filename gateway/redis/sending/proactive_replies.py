"""Builds the replies of a proactive message, one for each part, and the digest of its content."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Literal

from pydantic_core import to_json

from core.model import Address, Message, MessagePart, Reply, TemplateProblem, keep_original
from core.ports import ServiceWindow
from gateway.redis.encoding import needs_open_window
from gateway.redis.records.schedule import ScheduledMessage
from gateway.redis.records.sessions.proactive_messages import part_keys

_LATER_FIELDS = ("reaction", "list_button", "requests_location", "voice", "fallback", "route")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})


def render_plainly(message: Message) -> MessagePart:
    """Render a message for a channel that only workers have."""
    return MessagePart(body="" if message.template else message.text, template=message.template)


def encode_problem(problem: TemplateProblem | None) -> str:
    """Return a problem as say.lua records it; empty for none."""
    return to_json({"code": problem.kind, "reason": problem.reason}).decode() if problem else ""


def needs_window(replies: Sequence[Reply], message: Message, window: ServiceWindow | None) -> str:
    """Return whether a message needs an open service window (`1`) or not (empty), as the scripts read it."""
    is_free_text = any(needs_open_window(reply, window) for reply in replies)
    return "1" if is_free_text and not message.fallback else ""


def build_replies(
    wanted: ScheduledMessage,
    address: Address,
    parts: Sequence[MessagePart],
    voice: Literal["bot", "person"],
    time_zone: str = "",
) -> list[Reply]:
    """Build a message's replies, one for each part."""
    is_bulk = voice == "bot"
    return [
        Reply(
            key=key,
            address=address,
            voice=voice,
            bulk=is_bulk,
            category=wanted.category if is_bulk and wanted.category != "marketing" else "",
            fallback=wanted.message.fallback,
            route=wanted.message.route,
            original=keep_original(wanted.message, wanted.key),
            time_zone=time_zone if is_bulk else "",
            **dict(part),
        )
        for key, part in zip(part_keys(wanted.key, len(parts)), parts, strict=True)
    ]


def encode_content(message: Message) -> str:
    """Return what identifies a message's content; as in earlier releases, so that repetitions match."""
    later_fields = {name for name in _LATER_FIELDS if not getattr(message, name)}
    return message.model_dump_json(exclude=later_fields)


def has_content(part: MessagePart) -> bool:
    """Return whether a provider would show anything of this part."""
    if part.choices or part.media or part.template or part.reaction:
        return True
    return any(unicodedata.category(character) not in _INVISIBLE_CATEGORIES for character in part.body)
