"""Values beside a denial, corrections without a value, and ranges: asked back, never stored."""

from __future__ import annotations

from datetime import date

import pytest

from flows.nlu.datetimes import recognize_relative_dates
from flows.slots import Slot, extract_slot
from flows.slots.slot import slots_from_schema

TODAY = date(2026, 11, 28)


def build_slot(language: str, *values: str) -> Slot:
    schema = {"properties": {"v": {"type": "string", "enum": list(values), "description": "v"}}}
    [slot] = slots_from_schema(schema, language)
    return slot


@pytest.mark.parametrize(
    ("language", "values", "text", "value"),
    [
        ("es", ("mañanas", "sábados"), "los sábados no puedo", None),
        ("es", ("mañanas", "sábados"), "no puedo los sábados", None),
        ("es", ("mañanas", "sábados"), "no, los sábados", "sábados"),
        ("es", ("mañanas", "sábados"), "los sábados no, mejor las mañanas", "mañanas"),
        ("en", ("mornings", "saturdays"), "saturdays don't work for me", None),
        ("en", ("mornings", "saturdays"), "I can't do saturdays", None),
        ("en", ("mornings", "saturdays"), "no, saturdays", "saturdays"),
        ("en", ("cash", "card"), "I don't have cash, so card", "card"),
        ("de", ("vormittags", "samstags"), "samstags kann ich nicht", None),
        ("de", ("vormittags", "samstags"), "nicht samstags, vormittags", "vormittags"),
        ("es", ("ingles", "aleman"), "ingles o aleman, no se", None),
        ("en", ("small", "large"), "small or large, no idea", None),
        ("en", ("small", "large"), "small, no, large", "large"),
    ],
)
def test_a_value_is_stored_only_where_nothing_beside_it_denies(
    language: str, values: tuple[str, ...], text: str, value: str | None
) -> None:
    assert extract_slot(build_slot(language, *values), text, TODAY).value == value


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "between the 10th and 15th of january"),
        ("en", "10 to 15 january"),
        ("de", "zwischen dem 10. und 15. januar"),
        ("de", "vom 10. bis 15. januar"),
        ("es", "entre el 10 y el 15 de enero"),
        ("es", "del 10 al 15 de enero"),
    ],
)
def test_a_range_of_days_is_not_a_day(language: str, text: str) -> None:
    assert not any(found.value for found in recognize_relative_dates(text, language, TODAY))
