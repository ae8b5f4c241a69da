"""Definitions of message templates (Meta, "Template management", "message_template_status_update")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_object_list, get_text
from channels._kit.rendering import MEDIA_HEADERS
from channels.whatsapp.capabilities import NAME
from core.model import MessageTemplate, TemplateChanged, TemplateVariable

_MAX_PARTS: Final = 20
_MAX_NAME_LENGTH: Final = 512
_TEXT_LENGTH: Final = 2_000
_PLACEHOLDER: Final = re.compile(r"\{\{\s*(\w{1,100})\s*\}\}")
_STATUSES: Final = {
    "active": "approved",
    "approved": "approved",
    "reinstated": "approved",
    "flagged": "approved",
    "pending_deletion": "deleted",
}
"""Meta's words for a status that mean another one here; a flagged template is still delivered."""


TEMPLATE_FIELDS: Final = frozenset(
    {"message_template_status_update", "message_template_quality_update", "template_category_update"}
)
"""Webhook fields that report a change of a template."""


def parse_status(word: str) -> str:
    """Return a status in this system's words: lower case, and `approved` only if messages are delivered."""
    return _STATUSES.get(word.lower(), word.lower())


def parse_template_change(field: str, value: JsonObject) -> TemplateChanged | None:
    """Parse the change of a template that a webhook reports; `None` if it names no template or no change."""
    changed = TemplateChanged(
        channel=NAME,
        name=get_text(value, "message_template_name", _MAX_NAME_LENGTH),
        language=get_text(value, "message_template_language", 20),
    )
    match field:
        case "message_template_status_update":
            reason = get_text(value, "reason", 200).lower()
            changed = changed.model_copy(
                update={
                    "status": parse_status(get_text(value, "event", 40)),
                    "reason": "" if reason == "none" else reason,
                }
            )
        case "message_template_quality_update":
            quality = get_text(value, "new_quality_score", 20).lower()
            changed = changed.model_copy(update={"quality": quality})
        case _:
            category = get_text(value, "new_category", 40).lower()
            changed = changed.model_copy(update={"category": category})
    is_complete = (
        changed.name and changed.language and (changed.status or changed.quality or changed.category)
    )
    return changed if is_complete else None


def parse_definition(entry: JsonObject) -> MessageTemplate | None:
    """Parse a template of the list; `None` if it has no name or language."""
    name, language = get_text(entry, "name", _MAX_NAME_LENGTH), get_text(entry, "language", 20)
    if not name or not language:
        return None
    reason = get_text(entry, "rejected_reason", 200).lower()
    parts = get_object_list(entry, "components")[:_MAX_PARTS]
    category = get_text(entry, "category", 40).lower()
    variables = tuple(_list_variables(parts, is_authentication=category == "authentication"))
    return MessageTemplate(
        name=name,
        language=language,
        id=get_identifier(entry, "id", 64),
        status=parse_status(get_text(entry, "status", 40)),
        reason="" if reason == "none" else reason,
        category=category,
        quality=get_text(get_object(entry, "quality_score"), "score", 20).lower(),
        text=next((get_text(part, "text", _TEXT_LENGTH) for part in parts if _kind(part) == "body"), ""),
        components=tuple(_describe(part) for part in parts if _kind(part) != "body"),
        variables=tuple({each.name: each for each in variables}.values()),
    )


def _kind(part: JsonObject) -> str:
    return get_text(part, "type", 40).lower()


def _describe(part: JsonObject) -> str:
    """Describe a component that is not the body in a few words, such as `header image`."""
    kind = _kind(part)
    if kind == "header":
        return f"header {get_text(part, 'format', 20).lower()}"
    if kind == "buttons":
        buttons = get_object_list(part, "buttons")[:_MAX_PARTS]
        return "buttons " + ", ".join(f"{_kind(each)} {get_text(each, 'text', 60)!r}" for each in buttons)
    if kind == "carousel":
        return f"carousel of {len(get_object_list(part, 'cards'))} cards"
    return f"{kind} {get_text(part, 'text', 60)}".strip()


def _list_variables(
    parts: list[JsonObject], prefix: str = "", *, is_authentication: bool = False
) -> Iterator[TemplateVariable]:
    for part in parts:
        match _kind(part):
            case "header":
                yield from _list_header(part, prefix)
            case "body" if not is_authentication:
                for name in _PLACEHOLDER.findall(get_text(part, "text", _TEXT_LENGTH)):
                    yield TemplateVariable(name=f"{prefix}{name}")
            case "buttons":
                for index, button in enumerate(get_object_list(part, "buttons")[:_MAX_PARTS]):
                    yield from _list_button(button, f"{prefix}button.{index}", is_otp=is_authentication)
            case "carousel" if not prefix:
                for index, card in enumerate(get_object_list(part, "cards")[:_MAX_PARTS]):
                    inner = get_object_list(card, "components")[:_MAX_PARTS]
                    yield from _list_variables(inner, f"card.{index}.")


def _list_header(part: JsonObject, prefix: str) -> Iterator[TemplateVariable]:
    kind = get_text(part, "format", 20).lower()
    if kind == "text":
        for name in _PLACEHOLDER.findall(get_text(part, "text", _TEXT_LENGTH)):
            named = "header" if name.isdigit() else f"header.{name}"
            yield TemplateVariable(name=f"{prefix}{named}")
    elif kind in MEDIA_HEADERS:
        yield TemplateVariable(name=f"{prefix}header.{kind}", kind="media")
        if kind == "document":
            yield TemplateVariable(name=f"{prefix}header.filename", is_required=False)
    elif kind == "location":
        for name in ("latitude", "longitude"):
            yield TemplateVariable(name=f"{prefix}header.{name}", kind="number")
        for name in ("name", "address"):
            yield TemplateVariable(name=f"{prefix}header.{name}")


def _list_button(button: JsonObject, name: str, *, is_otp: bool) -> Iterator[TemplateVariable]:
    match _kind(button):
        case "otp":
            yield TemplateVariable(name=f"{name}.otp")
        case "url" if is_otp:
            yield TemplateVariable(name=f"{name}.otp")
        case "url" if _PLACEHOLDER.search(get_text(button, "url", _TEXT_LENGTH)):
            yield TemplateVariable(name=f"{name}.url")
        case "copy_code":
            yield TemplateVariable(name=f"{name}.code")
        case "quick_reply":
            yield TemplateVariable(name=f"{name}.payload", kind="payload", is_required=False)
        case "flow":
            yield TemplateVariable(name=f"{name}.flow_token", kind="payload", is_required=False)
