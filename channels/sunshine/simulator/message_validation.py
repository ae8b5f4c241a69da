"""Rules for posted messages, as data (Sunshine Conversations, "Post message", "Message types")."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from channels._kit.simulator import MalformedRequest, PublicUrls
from channels.sunshine.simulator.conversations import Json

_MAX_TEXT_LENGTH: Final = 4096
_MAX_ALT_TEXT_LENGTH: Final = 128
_MAX_METADATA_BYTES: Final = 4096
_MAX_ITEMS: Final = 10
_URL: Final = re.compile(r"https?://\S+")
_ACTION_FIELDS: Final = {
    "reply": ("text", "payload"),
    "postback": ("text", "payload"),
    "link": ("text", "uri"),
    "webview": ("text", "uri", "fallback"),
    "locationRequest": ("text",),
    "buy": ("text", "amount"),
}
"""Required fields of each type of action."""
_AUTHOR_TYPES: Final = ("business", "user")
_AUTHOR_SUBTYPES: Final = ("AI", "activity")
_ACTIVITY_TYPES: Final = ("conversation:read", "typing:start", "typing:stop")


def validate_message(sent: Json, urls: PublicUrls) -> None:
    """Raise `MalformedRequest` for a message that the API refuses; it can fetch files of reachable `urls`."""
    validate_author(sent.get("author"))
    validate_metadata(sent.get("metadata"))
    content = sent.get("content")
    if not isinstance(content, dict):
        raise MalformedRequest("content is required")
    if sent.get("schema") == "whatsapp" and content.get("type") == "template":
        return
    validate_content(content, urls)


def validate_content(content: Json, urls: PublicUrls) -> None:
    """Raise `MalformedRequest` for what a message cannot show."""
    actions = _read_objects(content, "actions", 0)
    for action in actions:
        _validate_action(action)
    if "reply" in {each["type"] for each in actions} and len({each["type"] for each in actions}) > 1:
        raise MalformedRequest("reply cannot be combined with other actions")
    match content.get("type"):
        case "text":
            _validate_text(content, has_actions=bool(actions))
        case "image" | "file" as kind:
            if not urls.is_reachable(content.get("mediaUrl")):
                raise MalformedRequest("mediaUrl is not a public URL")
            _read_text(content, "altText", 0, _MAX_ALT_TEXT_LENGTH)
            if actions and kind == "file":
                raise MalformedRequest("a file has no actions")
        case "location":
            coordinates = content.get("coordinates")
            if not isinstance(coordinates, dict) or not all(
                isinstance(coordinates.get(name), int | float) for name in ("lat", "long")
            ):
                raise MalformedRequest("coordinates needs lat and long")
        case "carousel" | "list":
            for item in _read_objects(content, "items", 1):
                _read_text(item, "title", 1, 128)
                _read_text(item, "description", 0, 128)
                for action in _read_objects(item, "actions", 1):
                    _validate_action(action)
        case "form":
            for field in _read_objects(content, "fields", 1):
                for name in ("type", "name", "label"):
                    _read_text(field, name, 1, 1024)
        case kind:
            raise MalformedRequest(f"unknown content type {kind!r}")


def validate_activity(sent: Json) -> None:
    """Raise `MalformedRequest` for an activity without author or with an unknown type."""
    validate_author(sent.get("author"))
    if sent.get("type") not in _ACTIVITY_TYPES:
        raise MalformedRequest("unknown activity type")


def validate_author(author: Any) -> None:
    """Raise `MalformedRequest` unless the author is the business, or a user with an id."""
    if not isinstance(author, dict) or author.get("type") not in _AUTHOR_TYPES:
        raise MalformedRequest("author.type must be business or user")
    if author["type"] == "user" and not (author.get("userId") or author.get("userExternalId")):
        raise MalformedRequest("a user needs userId or userExternalId")
    if not set(author.get("subtypes", ())) <= set(_AUTHOR_SUBTYPES):
        raise MalformedRequest("unknown author.subtypes")


def validate_metadata(metadata: Any) -> None:
    """Raise `MalformedRequest` unless metadata are a flat object of up to 4 KB."""
    if metadata is None:
        return
    if not isinstance(metadata, dict) or any(isinstance(each, dict | list) for each in metadata.values()):
        raise MalformedRequest("metadata must be a flat object")
    if len(json.dumps(metadata, ensure_ascii=False).encode()) > _MAX_METADATA_BYTES:
        raise MalformedRequest("metadata is larger than 4 KB")


def _validate_text(content: Json, *, has_actions: bool) -> None:
    given = [name for name in ("text", "htmlText", "markdownText") if content.get(name) is not None]
    if not given and not has_actions:
        raise MalformedRequest("text, htmlText, markdownText or actions is required")
    for name in given:
        _read_text(content, name, 1, _MAX_TEXT_LENGTH)


def _validate_action(action: Json) -> None:
    fields = _ACTION_FIELDS.get(str(action.get("type")))
    if fields is None:
        raise MalformedRequest(f"unknown action type {action.get('type')!r}")
    for name in fields:
        if name == "uri":
            _require_url(action, "uri")
        elif action.get(name) in (None, ""):
            raise MalformedRequest(f"an action of type {action['type']} needs {name}")


def _require_url(value: Json, name: str) -> None:
    if not _URL.fullmatch(str(value.get(name, ""))):
        raise MalformedRequest(f"{name} is not a URL")


def _read_objects(value: Json, name: str, least: int) -> list[Json]:
    found = value.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise MalformedRequest(f"{name} is not a list of objects")
    if not least <= len(found) <= _MAX_ITEMS:
        raise MalformedRequest(f"{name} has {len(found)} entries; allowed are {least} to {_MAX_ITEMS}")
    return found


def _read_text(value: Json, name: str, least: int, most: int) -> str:
    found = value.get(name, "" if least == 0 else None)
    if not isinstance(found, str) or not least <= len(found) <= most:
        raise MalformedRequest(f"{name} must be a text of {least} to {most} characters")
    return found
