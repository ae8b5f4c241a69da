"""Words beside or instead of an answer are not stored and change no other value."""

from __future__ import annotations

from typing import NamedTuple, cast

import pytest

from flows.compiled import CompiledEdge, CompiledNode
from flows.llm.model import TransitionRequest
from flows.llm.rules.message.known_days import follow_known_day, is_about_other_day
from flows.nlu import read_name, says_nothing, without_place
from flows.slots import Slot, extract_slot
from tests.understanding.scored_turns import TODAY


class _EdgeWithSlots(NamedTuple):
    slots: tuple[Slot, ...]


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
    ("text", "name"),
    [
        ("the 9th, not the 8th", "back"),
        ("the 9th instead of the 8th", "back"),
        ("the return is the 9th", "back"),
        ("not the 4th, the 5th", "pick_up"),
        ("pick-up is the 5th, not the 4th", "pick_up"),
    ],
)
def test_a_correction_is_about_the_day_whose_label_or_old_value_it_names(text: str, name: str) -> None:
    slots = [
        Slot(name=each, kind="date", must_be_future=True, question="When?", description=label)
        for each, label in (("pick_up", "the pick-up day"), ("back", "the return day"))
    ]
    request = TransitionRequest(
        node=cast("CompiledNode", None),
        available_edges=(cast("CompiledEdge", _EdgeWithSlots(tuple(slots))),),
        conditions=("",), text=text, today=TODAY, values={"pick_up": "2026-12-04", "back": "2026-12-08"},
    )  # fmt: skip
    meant = [slot.name for slot in slots if not is_about_other_day(slot, request)]
    assert meant == [name]


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
def test_words_beside_a_name_or_instead_of_it_are_not_part_of_it(language: str, text: str, name: str) -> None:
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
