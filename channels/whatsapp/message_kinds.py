"""Types of WhatsApp messages: which of them are answered, and which echoes are of messages to a contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from channels._kit.inbound import JsonObject, get_object, get_text
from core.model import Activity

FILE_TYPES: Final = frozenset({"image", "video", "audio", "voice", "document", "sticker"})
ACTIVITIES: Final[Mapping[str, Activity]] = {"edit": Activity.EDITED, "revoke": Activity.DELETED}

_CONTENT_TYPES: Final = (
    *("text", "button", "interactive", "location", "contacts", "order", "reaction"),
    *sorted(FILE_TYPES),
)
_UNSUPPORTED_TYPES: Final = frozenset({"unsupported", "unknown", "errors"})
_IGNORED_TYPES: Final[Mapping[str, str]] = {"request_welcome": "chat opened"}
_UNANSWERED_CONTENT: Final = frozenset({"edit", "keep_in_chat", "pin", "poll_update", "reaction", "revoke"})
"""Kinds of actions on an earlier message that Meta does not describe; they need no answer."""

_ECHOES_WITHOUT_MESSAGE: Final[Mapping[str, str]] = {
    "edit": "an edit",
    "revoke": "a deletion",
    "reaction": "a reaction",
    "system": "a system message",
}


def get_kind(message: JsonObject) -> str:
    """Return the type of a message; of one without a type, that of the only content it has."""
    if kind := get_text(message, "type", 40):
        return kind
    found = [name for name in _CONTENT_TYPES if isinstance(message.get(name), dict | list)]
    return found[0] if len(found) == 1 else ""


def find_ignored_reason(message: JsonObject, kind: str) -> str:
    """Return why a message needs no answer; empty if it may need one."""
    if kind in _IGNORED_TYPES:
        return _IGNORED_TYPES[kind]
    if kind in _UNSUPPORTED_TYPES:
        return "unsupported message" if _get_unsupported_content(message) in _UNANSWERED_CONTENT else ""
    is_call = get_text(get_object(message, "interactive"), "type", 40) == "call_permission_reply"
    return "call permission" if kind == "interactive" and is_call else ""


def find_ignored_echo_reason(echo: JsonObject) -> str:
    """Return why an echo is not of a message that somebody at the business wrote; empty if it is."""
    kind = get_text(echo, "type", 40)
    if kind in _UNSUPPORTED_TYPES:
        kind = _get_unsupported_content(echo)
    if kind in _ECHOES_WITHOUT_MESSAGE:
        return f"echo of {_ECHOES_WITHOUT_MESSAGE[kind]}"
    return "echo of an action on a message" if kind in _UNANSWERED_CONTENT else ""


def _get_unsupported_content(message: JsonObject) -> str:
    return get_text(get_object(message, "unsupported"), "type", 40)
