"""Why a value is not within what its slot's schema allows, as a sentence for who gave it."""

from __future__ import annotations

import json
from operator import ge, gt, le, lt
from typing import Any

from pydantic import JsonValue

from flows import locales as wording
from flows.slots.slot import Slot


def beyond(slot: Slot, value: JsonValue) -> str:
    """The sentence for a value that the slot cannot take; empty when it can."""
    if slot.kind == "email" and slot.pattern is not None and not slot.pattern.search(str(value)):
        return _unlike(slot)
    return "" if slot.fits(value) else _sentence(slot, value)


def _unlike(slot: Slot) -> str:
    return wording.of(slot.language).unlike.format(slot.description)


def _sentence(slot: Slot, value: JsonValue) -> str:
    schema: dict[str, Any] = json.loads(slot.bounds.schema) if slot.bounds else {}
    sentences = wording.of(slot.language)
    for key, size, is_beyond, sentence in (
        ("minimum", value, lt, sentences.at_least),
        ("maximum", value, gt, sentences.at_most),
        ("exclusiveMinimum", value, le, sentences.more_than),
        ("exclusiveMaximum", value, ge, sentences.less_than),
        ("minLength", _size(value, str), lt, sentences.too_short),
        ("maxLength", _size(value, str), gt, sentences.too_long),
        ("minItems", _size(value, list), lt, sentences.too_few),
        ("maxItems", _size(value, list), gt, sentences.too_many),
    ):
        if key in schema and isinstance(size, int | float) and is_beyond(size, schema[key]):
            return sentence.format(schema[key])
    return _unlike(slot)


def _size(value: JsonValue, kind: type[str] | type[list[Any]]) -> int | None:
    return len(value) if isinstance(value, kind) else None
