"""Rules for messages that are sent (Meta, "Messages", "Interactive messages", "Media messages")."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from channels.whatsapp.simulator.records import Json

_USER_ID: Final = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,132}")
_URL: Final = re.compile(r"https?://[^\s/?#]+\.?[^\s]*")
_MEDIA_TYPES: Final = ("image", "video", "audio", "document", "sticker")
_HEADER_TYPES: Final = ("text", "image", "video", "document")
_MAX_CAPTION: Final = 1024
_MAX_CONTACTS: Final = 257


class RefusedMessage(Exception):
    """A message that Meta refuses, with the error code."""

    def __init__(self, code: int, details: str = "") -> None:
        super().__init__(details)
        self.code = code
        self.details = details


def validate_message(sent: Json, has_medium: Callable[[str], bool]) -> None:
    """Raise `RefusedMessage` for an invalid message. `has_medium`: whether a media id exists."""
    if sent.get("messaging_product") != "whatsapp":
        raise RefusedMessage(131008, "messaging_product must be whatsapp")
    to, recipient = sent.get("to"), sent.get("recipient")
    if not (to or recipient):
        raise RefusedMessage(131008, "to or recipient is required")
    if to is None and not _USER_ID.fullmatch(str(recipient)):
        raise RefusedMessage(131009, "recipient is not a user ID")
    if len(str(sent.get("biz_opaque_callback_data", ""))) > 512:
        raise RefusedMessage(131009, "biz_opaque_callback_data is longer than 512 characters")
    kind = sent.get("type", "text")
    if "context" in sent:
        _read_text(_read_object(sent, "context"), "message_id", 1, 500)
    match kind:
        case "text":
            _read_text(_read_object(sent, kind), "body", 1, 4096, code=100)
        case "interactive":
            _validate_interactive(_read_object(sent, kind), has_medium)
        case "reaction":
            value = _read_object(sent, kind)
            _read_text(value, "message_id", 1, 500)
            _read_text(value, "emoji", 0, 64)
        case "location":
            _validate_location(_read_object(sent, kind))
        case "contacts":
            _validate_contacts(sent.get(kind))
        case "template":
            _validate_template(_read_object(sent, kind))
        case _ if kind in _MEDIA_TYPES:
            validate_medium(kind, _read_object(sent, kind), has_medium)
        case _:
            raise RefusedMessage(131051, f"unknown type {kind!r}")


def validate_medium(kind: str, value: Json, has_medium: Callable[[str], bool]) -> None:
    """Raise `RefusedMessage` for a media object without an existing id or a link, or with a wrong caption."""
    identifier, link = value.get("id"), value.get("link")
    if (identifier is None) == (link is None):
        raise RefusedMessage(131008, f"{kind} needs either id or link")
    if identifier is not None and not has_medium(str(identifier)):
        raise RefusedMessage(131009, f"no media with the id {identifier}")
    if link is not None and not _URL.fullmatch(str(link)):
        raise RefusedMessage(131009, "link is not a URL")
    if "caption" in value:
        if kind in ("audio", "sticker"):
            raise RefusedMessage(100, f"{kind} has no caption")
        _read_text(value, "caption", 0, _MAX_CAPTION)
    if "filename" in value and kind != "document":
        raise RefusedMessage(100, "only a document has a filename")


def _validate_interactive(value: Json, has_medium: Callable[[str], bool]) -> None:
    kind = value.get("type")
    _read_text(_read_object(value, "body"), "text", 1, 4096 if kind == "list" else 1024)
    if "footer" in value:
        _read_text(_read_object(value, "footer"), "text", 1, 60)
    if "header" in value:
        _validate_header(str(kind), _read_object(value, "header"), has_medium)
    action = _read_object(value, "action")
    match kind:
        case "button":
            buttons = [_read_object(button, "reply") for button in _read_objects(action, "buttons", 1, 3)]
            _validate_options(buttons, id_length=256, title_length=20)
        case "list":
            _validate_sections(action)
        case "cta_url":
            link = _read_object(action, "parameters")
            _read_text(link, "display_text", 1, 20)
            if action.get("name") != "cta_url" or not _URL.fullmatch(str(link.get("url"))):
                raise RefusedMessage(131009, "cta_url needs its name and a URL")
        case "location_request_message":
            if action.get("name") != "send_location":
                raise RefusedMessage(131009, "the action's name must be send_location")
        case _:
            raise RefusedMessage(131009, f"unknown interactive type {kind!r}")


def _validate_header(kind: str, header: Json, has_medium: Callable[[str], bool]) -> None:
    what = header.get("type")
    if what not in _HEADER_TYPES or (kind == "list" and what != "text"):
        raise RefusedMessage(131009, f"the header of {kind} cannot be {what}")
    if what == "text":
        _read_text(header, "text", 1, 60)
        return
    medium = _read_object(header, str(what))
    validate_medium(str(what), medium, has_medium)
    if "caption" in medium:
        raise RefusedMessage(131009, "a header has no caption")


def _validate_sections(action: Json) -> None:
    _read_text(action, "button", 1, 20)
    sections = _read_objects(action, "sections", 1, 10)
    for section in sections:
        if len(sections) > 1 or "title" in section:
            _read_text(section, "title", 1, 24)
    rows = [row for section in sections for row in _read_objects(section, "rows", 1, 10)]
    if len(rows) > 10:
        raise RefusedMessage(131009, "a list has at most 10 rows")
    for row in rows:
        if "description" in row:
            _read_text(row, "description", 0, 72)
    _validate_options(rows, id_length=200, title_length=24)


def _validate_options(options: Sequence[Json], *, id_length: int, title_length: int) -> None:
    ids = [_read_text(option, "id", 1, id_length) for option in options]
    titles = [_read_text(option, "title", 1, title_length) for option in options]
    if len(set(ids)) < len(ids) or len(set(titles)) < len(titles):
        raise RefusedMessage(131009, "ids and titles must be unique")


def _validate_location(value: Json) -> None:
    for name, limit in (("latitude", 90), ("longitude", 180)):
        try:
            is_valid = abs(float(value[name])) <= limit
        except (KeyError, TypeError, ValueError) as error:
            raise RefusedMessage(131008, f"{name} is required") from error
        if not is_valid:
            raise RefusedMessage(131009, f"{name} is out of range")


def _validate_contacts(value: Any) -> None:
    if not isinstance(value, list) or not 1 <= len(value) <= _MAX_CONTACTS:
        raise RefusedMessage(131009, "contacts is a list of 1 to 257 contacts")
    for contact in value:
        if not isinstance(contact, dict):
            raise RefusedMessage(131009, "a contact is an object")
        _read_text(_read_object(contact, "name"), "formatted_name", 1, 500)


def _validate_template(value: Json) -> None:
    _read_text(value, "name", 1, 512)
    _read_text(_read_object(value, "language"), "code", 2, 20, code=100)
    for component in _read_objects(value, "components", 0, 20) if "components" in value else ():
        _read_text(component, "type", 1, 20)
        for parameter in _read_objects(component, "parameters", 0, 100) if "parameters" in component else ():
            _read_text(parameter, "type", 1, 30)


def _read_object(value: Mapping[str, Any], name: str) -> Json:
    found = value.get(name)
    if found is None:
        raise RefusedMessage(131008, f"{name} is required")
    if not isinstance(found, dict):
        raise RefusedMessage(100, f"{name} is not an object")
    return found


def _read_objects(value: Mapping[str, Any], name: str, least: int, most: int) -> list[Json]:
    found = value.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise RefusedMessage(131009, f"{name} is not a list of objects")
    if not least <= len(found) <= most:
        raise RefusedMessage(131009, f"{name} has {len(found)} entries; allowed are {least} to {most}")
    return found


def _read_text(value: Mapping[str, Any], name: str, least: int, most: int, *, code: int = 131009) -> str:
    found = value.get(name, "" if least == 0 else None)
    if found is None:
        raise RefusedMessage(code if code == 100 else 131008, f"{name} is required")
    if not isinstance(found, str) or not least <= len(found) <= most:
        raise RefusedMessage(code, f"{name} must be a text of {least} to {most} characters")
    return found
