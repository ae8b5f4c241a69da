"""Rules for messages with templates (Meta, "Template messages", "Error codes" from 132000 on)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from channels.whatsapp.simulator.message_validation import RefusedMessage, validate_medium
from channels.whatsapp.simulator.records import Json
from channels.whatsapp.simulator.templates.message_template import PLACEHOLDER, MessageTemplate
from channels.whatsapp.simulator.templates.store import TemplateStore

_INVALID_TEXT: Final = re.compile(r"[\n\r\t]| {5}")
_MAX_BODY: Final = 1024
_MAX_COUPON: Final = 15
_STATUS_CODES: Final = {"PAUSED": 132015, "DISABLED": 132016}
_SUB_TYPES: Final = {
    "url": "URL",
    "quick_reply": "QUICK_REPLY",
    "copy_code": "COPY_CODE",
    "flow": "FLOW",
}
_PARAMETERS: Final = {"url": "text", "quick_reply": "payload", "copy_code": "coupon_code", "flow": "action"}

HasMedium = Callable[[str], bool]


def validate_template(sent: Json, templates: TemplateStore, has_medium: HasMedium) -> None:
    """Raise `RefusedMessage` unless the template exists, is approved, and gets the parameters it needs."""
    name, language = sent["name"], sent["language"]["code"]
    found = templates.find(name, language)
    if found is None:
        raise RefusedMessage(132001, f"template name ({name}) does not exist in {language}")
    if found.status != "APPROVED":
        status = found.status.lower()
        raise RefusedMessage(_STATUS_CODES.get(found.status, 132001), f"template ({name}) is {status}")
    _validate_components(sent.get("components", []), found.components, found, has_medium)


def _validate_components(
    sent: Sequence[Json], defined: Sequence[Json], template: MessageTemplate, has_medium: HasMedium
) -> None:
    kinds = {part["type"].lower(): part for part in defined}
    buttons: list[Json] = kinds.get("buttons", {}).get("buttons", [])
    given: dict[str, Json] = {}
    for component in sent:
        kind = str(component.get("type", "")).lower()
        name = f"button {component.get('index')}" if kind == "button" else kind
        if name in given:
            raise RefusedMessage(132012, f"components: {name} stands twice")
        given[name] = component
        if kind == "button":
            _validate_button(component, buttons)
        elif kind not in ("header", "body", "carousel") or kind not in kinds:
            raise RefusedMessage(132018, f"components: the template has no {kind or 'such component'}")
    if "header" in kinds:
        _validate_header(given.get("header", {}), kinds["header"], template, has_medium)
    _validate_texts(given.get("body", {}), str(kinds["body"]["text"]), "body", template)
    for index, button in enumerate(buttons):
        needs = button["type"] == "COPY_CODE" or (button["type"] == "URL" and "{{" in button["url"])
        if needs and f"button {index}" not in given:
            what = button["type"].title()
            raise RefusedMessage(
                131008, f"buttons: Button at index {index} of type {what} requires a parameter"
            )
    if "carousel" in kinds:
        _validate_cards(given.get("carousel", {}), kinds["carousel"]["cards"], template, has_medium)


def _validate_header(sent: Json, defined: Json, template: MessageTemplate, has_medium: HasMedium) -> None:
    kind = defined["format"].lower()
    if kind == "text":
        _validate_texts(sent, str(defined.get("text", "")), "header", template)
        return
    parameters = _read_parameters(sent)
    if len(parameters) != 1 or parameters[0].get("type") != kind:
        expected = defined["format"]
        actual = str(parameters[0].get("type", "")).upper() if parameters else "UNKNOWN"
        raise RefusedMessage(132012, f"header: Format mismatch, expected {expected}, received {actual}")
    value = parameters[0].get(kind)
    if not isinstance(value, dict):
        raise RefusedMessage(131008, f"header: {kind} is required")
    if kind == "location":
        missing = [name for name in ("latitude", "longitude", "name", "address") if not value.get(name)]
        if missing:
            raise RefusedMessage(131008, f"header: location {', '.join(missing)} is required")
        return
    validate_medium(kind, value, has_medium)


def _validate_texts(sent: Json, text: str, where: str, template: MessageTemplate) -> None:
    expected, parameters = list(dict.fromkeys(PLACEHOLDER.findall(text))), _read_parameters(sent)
    if len(parameters) != len(expected):
        details = (
            f"{where}: number of localizable_params ({len(parameters)}) does not match the expected number"
        )
        raise RefusedMessage(132000, f"{details} of params ({len(expected)})")
    values = {}
    for name, parameter in zip(expected, parameters, strict=True):
        if parameter.get("type") not in ("text", "currency", "date_time"):
            raise RefusedMessage(132012, f"{where}: {name} is not a text")
        given_name = parameter.get("parameter_name")
        if template.has_named_parameters and given_name is None:
            raise RefusedMessage(100, f"{where}: Parameter name is missing or empty")
        if given_name is not None and given_name not in expected:
            raise RefusedMessage(132000, f"{where}: the template has no parameter {given_name}")
        values[str(given_name or name)] = _check_text(parameter, where)
    if len(values) != len(expected):
        raise RefusedMessage(132000, f"{where}: a parameter stands twice")
    if where == "body" and len(PLACEHOLDER.sub(lambda found: values[found[1]], text)) > _MAX_BODY:
        raise RefusedMessage(132005, "body: Translated text too long")


def _check_text(parameter: Json, where: str) -> str:
    text = parameter.get("text") if parameter["type"] == "text" else "1"
    if not isinstance(text, str) or not text.strip():
        raise RefusedMessage(131008, f"{where}: a text parameter is missing or empty")
    if _INVALID_TEXT.search(text):
        details = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
        raise RefusedMessage(132018, f"{where}: {details}")
    return text


def _validate_button(sent: Json, defined: Sequence[Json]) -> None:
    kind, index = str(sent.get("sub_type", "")).lower(), str(sent.get("index", ""))
    if not index.isdigit() or int(index) >= len(defined):
        raise RefusedMessage(132018, f"buttons: the template has no button at index {index}")
    button = defined[int(index)]
    if _SUB_TYPES.get(kind) != button["type"]:
        raise RefusedMessage(132018, f"buttons: Button at index {index} is {button['type']}, not {kind}")
    parameters = _read_parameters(sent)
    if kind == "quick_reply" and not parameters:
        return
    if kind == "url" and "{{" not in button["url"]:
        raise RefusedMessage(132018, f"buttons: Button at index {index} has no variable")
    name = _PARAMETERS[kind]
    if len(parameters) != 1 or parameters[0].get("type") != name:
        raise RefusedMessage(132012, f"buttons: Button at index {index} needs one parameter of type {name}")
    value: Any = parameters[0].get(name)
    if kind == "flow":
        return
    if not isinstance(value, str) or not value.strip():
        raise RefusedMessage(131008, f"buttons: Button at index {index} requires a {name}")
    if kind == "copy_code" and len(value) > _MAX_COUPON:
        raise RefusedMessage(131009, f"buttons: a coupon code has at most {_MAX_COUPON} characters")


def _validate_cards(
    sent: Json, defined: Sequence[Json], template: MessageTemplate, has_medium: HasMedium
) -> None:
    cards = sent.get("cards")
    if not isinstance(cards, list) or len(cards) != len(defined):
        raise RefusedMessage(132012, f"carousel: the template has {len(defined)} cards")
    for index, (card, expected) in enumerate(zip(cards, defined, strict=True)):
        if not isinstance(card, dict) or card.get("card_index") != index:
            raise RefusedMessage(132012, f"carousel: card {index} has no card_index {index}")
        components = card.get("components")
        if not isinstance(components, list) or not all(isinstance(each, dict) for each in components):
            raise RefusedMessage(131008, f"carousel: components of card {index} are required")
        _validate_components(components, expected["components"], template, has_medium)


def _read_parameters(sent: Json) -> list[Json]:
    parameters = sent.get("parameters", [])
    if not isinstance(parameters, list) or not all(isinstance(each, dict) for each in parameters):
        raise RefusedMessage(100, "parameters is not a list of objects")
    return parameters
