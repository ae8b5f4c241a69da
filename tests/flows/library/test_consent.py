"""The yes before the library's appointment is booked: in other words, with reservations, with values."""

from __future__ import annotations

import pytest

from flows.authoring.testing.stub_fetch import StubFetch
from flows.authoring.testing.test_file import StubResponse
from flows.document import Flow
from flows.engine import DialogMachine, TurnResult
from tests.flows.conversation import LIBRARY, say
from tests.understanding.scored_turns import TODAY

BEFORE = {
    "en": ("hi", "8 December 2026 at 10:00", "+1 202 555 0143"),
    "de": ("hallo", "8. Dezember 2026 um 10:00", "+49 30 901820"),
    "es": ("hola", "8 de diciembre de 2026 a las 10:00", "+34 912 345 678"),
}


async def answer(language: str, *texts: str) -> tuple[TurnResult, DialogMachine]:
    """Answer the question whether to book."""
    fetch = StubFetch({"book": (StubResponse(status=201, data={"reference": "A1"}),)})
    machine = DialogMachine(
        Flow.load(LIBRARY / "appointment.json"), "rules", fetch=fetch, secrets={}, today=lambda: TODAY
    )
    return await say(machine, *BEFORE[language], *texts), machine


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "please correct"),
        ("en", "correct it"),
        ("en", "I read a book"),
        ("en", "you sure"),
        ("en", "yes 🤔"),
        ("en", "🙄 yes"),
        ("en", "yes 8"),
        ("en", "book 10"),
        ("en", "yes for now"),
        ("en", "yes, assuming it is free"),
        ("en", "once I say yes, is it final"),
        ("de", "vorerst ja"),
        ("de", "wenn ich ja sage, kann ich stornieren"),
        ("es", "por ahora sí"),
        ("es", "si digo que sí, puedo cancelar"),
        ("en", "ok 00"),
        ("de", "ja wo ist das"),
        ("de", "fast richtig"),
        ("de", "na ja"),
        ("de", "denke ja"),
        ("es", "sí dónde está"),
        ("es", "si quiere"),
        ("es", "no, está mal"),
    ],
)
async def test_a_reservation_books_nothing(language: str, text: str) -> None:
    result, _ = await answer(language, text)

    assert result.outcome != "final"
    assert not result.tools


@pytest.mark.parametrize(
    ("language", "text", "node"),
    [
        ("en", "change", "what_is_wrong"),
        ("en", "can I change it?", "what_is_wrong"),
        ("en", "change the time", "ask_new_time"),
        ("de", "etwas ändern", "what_is_wrong"),
        ("de", "bitte die Uhrzeit ändern", "ask_new_time"),
        ("es", "cambiar", "what_is_wrong"),
        ("es", "quiero cambiar algo", "what_is_wrong"),
        ("es", "cambiar la hora", "ask_new_time"),
    ],
)
async def test_a_change_without_a_value_is_asked_for(language: str, text: str, node: str) -> None:
    result, _ = await answer(language, text)

    assert (result.node, result.outcome) == (node, "advance")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "ya"),
        ("en", "no problem"),
        ("en", "yes, no problem"),
        ("en", "uh yes"),
        ("en", "yes mate"),
        ("en", "indeed"),
        ("en", "yes I'd like that"),
        ("en", "yes, 8 December at 10:00"),
        ("de", "das wäre super"),
        ("de", "ähm ja"),
        ("de", "na gut"),
        ("de", "ich bestätige"),
        ("es", "cómo no"),
        ("es", "sin cambios"),
        ("es", "no hay problema"),
    ],
)
async def test_a_yes_in_other_words_books(language: str, text: str) -> None:
    result, _ = await answer(language, text)

    assert result.node == "booked"


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "yes, Tuesday at 10"), ("de", "ja, am Dienstag um 10"), ("es", "sí, el martes a las 10")],
)
async def test_the_weekday_of_the_known_day_is_no_other_day(language: str, text: str) -> None:
    _, machine = await answer(language, text)

    slots = (machine.state or {})["slots"]
    assert isinstance(slots, dict)
    assert slots["day"] == "2026-12-08"


async def test_praise_for_an_answer_in_between_is_no_yes() -> None:
    result, _ = await answer("en", "what are your opening hours?", "excellent")

    assert result.node == "confirm"
