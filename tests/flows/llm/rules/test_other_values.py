"""Words beside an answer, or in place of one: they change no other value and are none themselves."""

from __future__ import annotations

from typing import cast

import pytest

from flows.compiled import CompiledNode
from flows.llm.model import TransitionRequest
from flows.llm.rules.message.known_days import follow_known_day
from flows.nlu import read_name, says_nothing, without_place
from flows.slots import Slot, extract_slot
from tests.understanding.scored_turns import TODAY

BACK = Slot(
    name="back", kind="date", must_be_future=True, question="When are you back?", description="the day"
)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("no wait, the 29th", "2026-12-29"),
        ("the 4th", "2026-12-04"),
        ("27 november", "2026-11-27"),
        ("friday", "2026-12-04"),
    ],
)
def test_a_mere_day_stays_in_the_month_that_it_corrects(text: str, day: str) -> None:
    request = TransitionRequest(
        node=cast("CompiledNode", None), available_edges=(), conditions=(), text=text, today=TODAY,
        values={"back": "2026-12-30"},
    )  # fmt: skip
    reading = extract_slot(BACK, text, TODAY)
    assert follow_known_day(BACK, reading, text, request).value == day


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "not sure"),
        ("en", "the same"),
        ("en", "no idea, sorry"),
        ("de", "weiß ich grad nicht"),
        ("de", "wie oben"),
        ("es", "no estoy seguro"),
        ("es", "lo de siempre"),
    ],
)
def test_a_doubt_says_nothing(language: str, text: str) -> None:
    assert says_nothing(text, language)


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("en", "it's complicated", ""),
        ("en", "quick question, is there parking", ""),
        ("en", "one", ""),
        ("en", "a dog", ""),
        ("en", "I'm Tobias Lindgren btw", "Tobias Lindgren"),
        ("en", "the family of Geoff Pym", "the family of Geoff Pym"),
        ("de", "das ist kompliziert", ""),
        ("de", "kurze frage vorab", ""),
        ("de", "Alois Huber mein Name", "Alois Huber"),
        ("de", "Henrik Voss, von der Schreinerei", "Henrik Voss"),
        ("es", "una duda", ""),
        ("es", "cuánto tarda", ""),
        ("es", "el mío, claro. soy Paco Luna", "Paco Luna"),
    ],
)
def test_a_name_is_none_of_what_is_said_instead_or_beside_it(language: str, text: str, name: str) -> None:
    assert read_name(text, language) == name


@pytest.mark.parametrize(
    ("language", "asked", "text", "town"),
    [
        ("en", "town", "I live in Leeds", "Leeds"),
        ("de", "ort", "ich wohne in Ulm", "Ulm"),
        ("es", "ciudad", "vivo en León", "León"),
        ("en", "colour", "in red", "in red"),
    ],
)
def test_a_town_is_taken_without_its_sentence(language: str, asked: str, text: str, town: str) -> None:
    assert without_place(text, frozenset({asked}), language) == town
