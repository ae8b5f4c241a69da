"""Renders the values of a WhatsApp template into components (Meta, "Template messages: components").

Names of variables:

- `1`, `2`, … or a name: the body's, by position or by name
- `header`: the text of the header, or `header.NAME` if it is named
- `header.image`, `header.video`, `header.document`: a file's URL or Meta's id; `header.filename`
- `header.latitude`, `header.longitude`, `header.name`, `header.address`: a place
- `button.N.payload`, `button.N.url` (what follows the URL), `button.N.code` (to copy), `button.N.otp` (the
  one-time code, which is the body's too), `button.N.flow_token`, for the button N from 0 on
- `card.N.` in front of any of these, for the card N of a carousel
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from channels._kit.rendering.literal_markers import escape_markers
from core.model import Template

MEDIA_HEADERS: Final = ("image", "video", "document")
_BUTTON: Final = re.compile(r"button\.(\d{1,2})\.(payload|url|code|otp|flow_token)")
_CARD: Final = re.compile(r"card\.(\d{1,2})\.(.+)")
_POSITION: Final = re.compile(r"\d{1,3}")
_PLACE: Final = ("latitude", "longitude", "name", "address")
_MEDIA_ID: Final = re.compile(r"\d{1,64}")

Json = dict[str, Any]


def build_template(template: Template) -> Json:
    """Build the template object of a message."""
    built: Json = {"name": template.name, "language": {"code": template.language}}
    if components := _build_components(template.values):
        built["components"] = components
    return built


def _build_components(values: Mapping[str, str]) -> list[Json]:
    header: dict[str, str] = {}
    body: dict[str, str] = {}
    buttons: dict[int, tuple[str, str]] = {}
    cards: dict[int, dict[str, str]] = {}
    for name, value in values.items():
        if found := _BUTTON.fullmatch(name):
            buttons[int(found[1])] = (found[2], value)
        elif found := _CARD.fullmatch(name):
            cards.setdefault(int(found[1]), {})[found[2]] = value
        elif name == "header" or name.startswith("header."):
            header[name.partition(".")[2]] = value
        else:
            body[name] = value
    codes = [value for kind, value in buttons.values() if kind == "otp"]
    if codes and not body:
        body = {"1": codes[0]}
    components = [{"type": "header", "parameters": _build_header(header)}] if header else []
    literal = {name: escape_markers(value) for name, value in body.items()}
    components += [{"type": "body", "parameters": _build_texts(literal)}] if body else []
    components += [_build_button(index, *buttons[index]) for index in sorted(buttons)]
    if cards:
        built = [
            {"card_index": index, "components": _build_components(cards[index])} for index in sorted(cards)
        ]
        components.append({"type": "carousel", "cards": built})
    return components


def _build_header(values: Mapping[str, str]) -> list[Json]:
    for kind in MEDIA_HEADERS:
        if kind in values:
            value = values[kind]
            medium = {"id": value} if _MEDIA_ID.fullmatch(value) else {"link": value}
            if kind == "document" and "filename" in values:
                medium["filename"] = values["filename"]
            return [{"type": kind, kind: medium}]
    if "latitude" in values:
        place = {name: values[name] for name in _PLACE if name in values}
        return [{"type": "location", "location": place}]
    return _build_texts({name or "1": value for name, value in values.items()})


def _build_texts(values: Mapping[str, str]) -> list[Json]:
    """Build text parameters: by position if all names are numbers, else by name."""
    if all(map(_POSITION.fullmatch, values)):
        return [{"type": "text", "text": values[name]} for name in sorted(values, key=int)]
    return [{"type": "text", "parameter_name": name, "text": value} for name, value in values.items()]


def _build_button(index: int, kind: str, value: str) -> Json:
    parameter: Json = {"type": "text", "text": value}
    sub_type = "url"
    match kind:
        case "payload":
            sub_type, parameter = "quick_reply", {"type": "payload", "payload": value}
        case "code":
            sub_type, parameter = "copy_code", {"type": "coupon_code", "coupon_code": value}
        case "flow_token":
            sub_type, parameter = "flow", {"type": "action", "action": {"flow_token": value}}
    return {"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [parameter]}
