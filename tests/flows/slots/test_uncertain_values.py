"""Values beside a doubt, a refusal to answer or a question are asked for again, never stored."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import pytest

from flows.locales import lexicon_for, messages_for
from flows.slots import extract_slot
from flows.slots.slot import Slot, slots_from_schema

TODAY = date(2026, 11, 27)
KINDS: dict[str, dict[str, Any]] = {
    "date": {"type": "string", "format": "date", "x-future": True},
    "time": {"type": "string", "format": "time"},
    "integer": {"type": "integer"},
    "enum": {"type": "string", "enum": ["gold", "silver"]},
}
VALUES = {
    "en": {"date": "december 12th", "time": "at 15:30", "integer": "42", "enum": "gold"},
    "de": {"date": "am 12. Dezember", "time": "um 15:30 Uhr", "integer": "42", "enum": "gold"},
    "es": {"date": "el 12 de diciembre", "time": "a las 15:30", "integer": "42", "enum": "gold"},
}


def build_slot(language: str, **schema: Any) -> Slot:
    [found] = slots_from_schema(
        {"properties": {"v": {"description": "v", **schema}}, "required": ["v"]}, language
    )
    return found


def _list_doubts() -> list[tuple[str, str]]:
    return [(code, phrase) for code in VALUES for phrase in sorted(lexicon_for(code).speech_acts.doubts)]


@pytest.mark.parametrize(("language", "doubt"), _list_doubts())
def test_a_value_beside_any_word_of_doubt_is_never_stored(language: str, doubt: str) -> None:
    for kind, schema in KINDS.items():
        value = VALUES[language][kind]
        for text in (f"{value} {doubt}", f"{doubt} {value}", f"{value}, {doubt}", f"{doubt}, {value}"):
            reading = extract_slot(build_slot(language, **schema), text, TODAY)
            assert reading.value is None, text


def test_a_doubtful_value_is_answered_with_the_reason_why_it_was_not_stored() -> None:
    for language, kind in product(VALUES, ("integer", "enum")):
        reading = extract_slot(build_slot(language, **KINDS[kind]), f"{VALUES[language][kind]}?!", TODAY)
        assert reading.value is not None
    reading = extract_slot(build_slot("en", type="integer"), "42 maybe", TODAY)
    assert reading.error_message == messages_for("en").certain_value_required


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("en", "not sure about the time, but december 12th", "2026-12-12"),
        ("en", "I'm not sure about the price. december 12th", "2026-12-12"),
        ("en", "could I maybe come on december 12th?", "2026-12-12"),
        ("en", "not now, december 12th", "2026-12-12"),
        ("de", "kann ich vielleicht am 12. Dezember kommen?", "2026-12-12"),
        ("es", "ahora no, el 12 de diciembre", "2026-12-12"),
    ],
)
def test_a_doubt_about_something_else_leaves_a_value(language: str, text: str, value: str | None) -> None:
    assert extract_slot(build_slot(language, **KINDS["date"]), text, TODAY).value == value


@pytest.mark.parametrize(
    ("language", "text", "agreed"),
    [
        ("en", "I'd rather not say", None),
        ("en", "none of your business", None),
        ("de", "das möchte ich nicht sagen", None),
        ("de", "das geht Sie nichts an", None),
        ("es", "prefiero no decirlo", None),
        ("en", "no, right?", None),
        ("de", "nein, oder?", None),
        ("es", "no hace falta, ¿no?", None),
        ("en", "I do", True),
        ("en", "we don't have any", False),
        ("en", "not really", False),
        ("de", "hab ich nicht", False),
        ("de", "wär nicht schlecht, ja", True),
        ("de", "logo", True),
        ("es", "qué va", False),
        ("es", "lo soy", True),
    ],
)
def test_a_short_answer_is_a_yes_or_a_no_and_a_refusal_to_tell_is_neither(
    language: str, text: str, agreed: bool | None
) -> None:
    assert extract_slot(build_slot(language, type="boolean"), text, TODAY).value is agreed


@pytest.mark.parametrize(
    ("language", "text", "amount"),
    [
        ("en", "a dozen", 12),
        ("en", "a couple", 2),
        ("en", "none", 0),
        ("de", "ein Dutzend", 12),
        ("de", "keine", 0),
        ("de", "achtzig insgesamt", 80),
        ("es", "una docena", 12),
        ("es", "un par", 2),
        ("es", "ninguna", 0),
        ("en", "I have a couple of questions", None),
    ],
)
def test_an_amount_without_a_number_is_read_where_it_is_all_that_is_said(
    language: str, text: str, amount: int | None
) -> None:
    assert extract_slot(build_slot(language, type="integer"), text, TODAY).value == amount


@pytest.mark.parametrize(
    ("language", "text", "day"),
    [
        ("en", "the first of January", "2027-01-01"),
        ("en", "December the twenty-second", "2026-12-22"),
        ("en", "new year's eve", "2026-12-31"),
        ("de", "am dritten Dezember", "2026-12-03"),
        ("de", "am einunddreißigsten Januar", "2027-01-31"),
        ("de", "Heiligabend", "2026-12-24"),
        ("es", "el dos de enero", "2027-01-02"),
        ("es", "el treinta y uno de diciembre", "2026-12-31"),
        ("es", "en nochebuena", "2026-12-24"),
        ("de", "vor Heiligabend", None),
        ("en", "after christmas day", None),
    ],
)
def test_a_day_in_words_is_a_day(language: str, text: str, day: str | None) -> None:
    assert extract_slot(build_slot(language, **KINDS["date"]), text, TODAY).value == day


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("how much will it be?", None),
        ("I like to fly", None),
        ("PLEASE DO NOT CHARGE MY CARD", None),
        ("it's k7qm2x", "K7QM2X"),
        ("KQMABX", "KQMABX"),
        ("my code is KQMABX", "KQMABX"),
        ("kqmabx", "KQMABX"),
    ],
)
def test_words_of_a_sentence_are_not_a_code_of_letters(text: str, code: str | None) -> None:
    assert extract_slot(build_slot("en", type="string", pattern="^[A-Z0-9]{6}$"), text, TODAY).value == code


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "sometime next week in the morning"),
        ("en", "at the weekend"),
        ("de", "irgendwann nächste Woche"),
        ("de", "über Weihnachten"),
        ("es", "la semana que viene"),
    ],
)
def test_which_of_several_days_is_asked(language: str, text: str) -> None:
    reading = extract_slot(build_slot(language, **KINDS["date"]), text, TODAY)
    assert (reading.value, reading.error_message) == (None, messages_for(language).exact_day_required)
