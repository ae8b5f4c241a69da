"""Data of a message beside its text, as templates, guards, tools and prompts see it."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from core.model import Attachment, Turn
from flows.tools import truncate

MessageData = dict[str, JsonValue]

_PLAIN_FIELDS = frozenset({"text", "kind", "profile_name"})
"""Fields that a model gets in another way, or does not need."""

_TEXT_FIELDS = frozenset({"id", "session", "address", "text", "at", "trace"})
_FILE_KINDS = frozenset({"image", "video", "audio"})


def describe_message(turn: Turn) -> MessageData:
    """Return a message's data without empty fields. All of it comes from the user and is untrusted."""
    if not turn.model_fields_set - _TEXT_FIELDS:  # nearly every message
        return {"text": turn.text, "kind": "text"}
    data: dict[str, Any] = {
        "text": turn.text,
        "kind": turn.kind or _guess_kind(turn),
        "profile_name": turn.profile_name,
        "subject": turn.subject,
        "form": turn.form,
        "order": turn.order and turn.order.model_dump(mode="json"),
        "referral": turn.referral and turn.referral.model_dump(mode="json"),
        "quoted": turn.quoted and turn.quoted.model_dump(mode="json"),
        "contacts": [card.model_dump(mode="json") for card in turn.contacts],
        "attachments": list(map(_describe_attachment, turn.attachments)),
        "reaction": turn.reaction.emoji if turn.reaction else None,
    }
    if place := turn.location:
        data["location"] = {
            "latitude": place.latitude,
            "longitude": place.longitude,
            "name": place.label,
            "address": place.address,
        }
    return {name: value for name, value in data.items() if value or name in ("text", "kind")}


def describe_for_model(message: MessageData) -> MessageData:
    """Return the data of a message that a language model is told, within its limits; often none."""
    data = {name: value for name, value in message.items() if name not in _PLAIN_FIELDS}
    if "attachments" in data:
        data["attachments"] = [_without_url(file) for file in _as_list(data["attachments"])]
    if not data:
        return {}
    bounded = truncate(data)
    return bounded if isinstance(bounded, dict) else {}


def _guess_kind(turn: Turn) -> str:
    if turn.attachments:
        kind = turn.attachments[0].content_type.partition("/")[0]
        return kind if kind in _FILE_KINDS else "document"
    if turn.location:
        return "location"
    return "button" if turn.payload else "text"


def _describe_attachment(file: Attachment) -> JsonValue:
    return {"content_type": file.content_type, "name": file.name, "url": file.url}


def _without_url(file: JsonValue) -> JsonValue:
    return {name: value for name, value in file.items() if name != "url"} if isinstance(file, dict) else file


def _as_list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
