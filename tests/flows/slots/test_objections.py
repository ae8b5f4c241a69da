"""Objections, conditions and former values are asked for again, never stored."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from flows.slots import extract_slot
from flows.slots.slot import Slot, slots_from_schema

TODAY = date(2026, 11, 27)
KINDS: dict[str, dict[str, Any]] = {
    "count": {"type": "integer", "description": "v", "x-question": "v?"},
    "day": {"type": "string", "format": "date", "x-future": True, "description": "v", "x-question": "v?"},
    "order": {"type": "string", "pattern": "^BT-[0-9]{4}$", "description": "v"},
    "code": {"type": "string", "pattern": "^[A-Z]{2}[0-9]{4}$", "description": "v"},
    "phone": {"type": "string", "format": "phone", "x-region": "DE", "description": "v"},
}
MOST = {"en": "What is the most?", "de": "Wie viel maximal?", "es": "¿Cuál es el máximo?"}
COLOURS = {"en": ["red", "green"], "de": ["rot", "grün"], "es": ["rojo", "verde"]}


def build_slot(language: str, kind: str) -> Slot:
    most = {"type": "integer", "description": "v", "x-question": MOST[language]}
    schema = (most if kind == "most" else KINDS.get(kind)) or {
        "type": "string",
        "enum": COLOURS[language],
        "description": "v",
    }
    [found] = slots_from_schema({"properties": {"v": schema}, "required": ["v"]}, language)
    return found


@pytest.mark.parametrize(
    ("language", "kind", "text"),
    [
        ("en", "count", "42 is too small"),
        ("en", "count", "4 people cancelled"),
        ("en", "count", "table 4 was nice"),
        ("en", "count", "7 and a half"),
        ("en", "count", "5 if Tom comes"),
        ("en", "colour", "red if it's in stock"),
        ("en", "colour", "I hate red"),
        ("en", "colour", 'well "red" would be a lie'),
        ("en", "colour", "what's the difference between red and green"),
        ("en", "colour", "whats the diff in price between red and green"),
        ("en", "colour", "so wheres the red one"),
        ("en", "colour", "is red better"),
        ("de", "colour", "wo ist denn rot"),
        ("es", "colour", "dónde está el rojo"),
        ("de", "colour", "rot wäre gelogen"),
        ("de", "colour", "der unterschied zwischen rot und grün"),
        ("es", "colour", "rojo sería mentira"),
        ("es", "colour", "la diferencia entre rojo y verde"),
        ("en", "day", "a friday"),
        ("en", "day", "friday would be too early"),
        ("en", "day", "the party is on the 9th but come the day before"),
        ("en", "code", "AB1234 was the old one"),
        ("en", "code", "in 2019"),
        ("de", "count", "42 ist mir zu klein"),
        ("de", "count", "5, wenn Tom mitkommt"),
        ("de", "count", "Tisch 4"),
        ("de", "colour", "rot, falls vorrätig"),
        ("de", "colour", "ich hasse rot"),
        ("de", "day", "am Tag vor dem 9.12.2026"),
        ("de", "code", "AB1234 war die alte"),
        ("de", "phone", "29.2.1991"),
        ("es", "count", "4 serían demasiados"),
        ("es", "count", "5 si viene Tomás"),
        ("es", "colour", "rojo si hay"),
        ("es", "colour", "odio el rojo"),
        ("es", "day", "un sábado"),
        ("es", "code", "AB1234 ya no"),
    ],
)
def test_a_doubtful_value_is_not_stored(language: str, kind: str, text: str) -> None:
    assert extract_slot(build_slot(language, kind), text, TODAY).value is None


@pytest.mark.parametrize(
    ("language", "kind", "text", "value"),
    [
        ("en", "count", "5 if possible", 5),
        ("en", "day", "in fifteen days", "2026-12-12"),
        ("de", "day", "heut in vierzehn Tagen", "2026-12-11"),
        ("es", "day", "hoy en quince días", "2026-12-12"),
        ("en", "count", "two big ones and one small one, so 3", 3),
        ("en", "most", "no more than 150", 150),
        ("en", "order", "BT0417", "BT-0417"),
        ("de", "count", "zwei große und ein kleiner, also 3", 3),
        ("de", "most", "höchstens 150", 150),
        ("de", "order", "bt0417 wars glaub ich", "BT-0417"),
        ("es", "count", "dos grandes y una pequeña, así que 3", 3),
        ("es", "most", "como mucho 150", 150),
        ("en", "colour", "green if that's ok", "green"),
        ("en", "day", "friday works", "2026-12-04"),
        ("en", "day", "tuesday instead of monday", "2026-12-01"),
        ("de", "count", "5, wenn möglich", 5),
        ("de", "colour", "grün, wenn's geht", "grün"),
        ("es", "colour", "verde si puede ser", "verde"),
        ("es", "day", "sábado 12 por la tarde", "2026-12-12"),
        ("en", "code", "AB1234 was the old one, it's CD5678 now", "CD5678"),
    ],
)
def test_a_courtesy_or_another_value_leaves_one(language: str, kind: str, text: str, value: object) -> None:
    assert extract_slot(build_slot(language, kind), text, TODAY).value == value
