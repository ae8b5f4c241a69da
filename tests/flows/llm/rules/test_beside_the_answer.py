"""Words beside an answer: alternatives, conditions and non-statements, in three languages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flows.document import Flow
from flows.engine import DialogMachine
from flows.state import DialogState
from tests.flows.conversation import TODAY

_DAY = {"name": "day", "question": "Tag? ", "format": "date", "x-future": True}
_TIME = {"name": "time", "question": "Time?", "format": "time"}
_GUESTS = {"name": "guests", "question": "¿Cuántas personas? Wie viele Personen? How many people?",
           "type": "integer", "maximum": 20}  # fmt: skip


def build_flow(language: str, *slots: dict[str, Any]) -> Flow:
    document = {
        "system_prompt": "You are kind.", "initial_node": "form", "agent_language": language,
        "nodes": [
            {"id": "form", "node_type": "collect", "slots": slots, "then": "ok"},
            {"id": "ok", "node_type": "confirm", "collect": "form", "then": "end",
             "static_text": "¿Las encargo? Shall I book it? Soll ich buchen?"},
            {"id": "end", "name": "End", "static_text": "Done.", "is_final": True},
        ],
    }  # fmt: skip
    return Flow.from_json(json.dumps(document))


async def fill_form(
    language: str, slots: tuple[dict[str, Any], ...], *texts: str
) -> tuple[str, dict[str, Any]]:
    machine = DialogMachine(build_flow(language, *slots), "rules", today=lambda: TODAY)
    answer = await machine.turn({"en": "hello", "de": "hallo", "es": "hola"}[language])
    for text in texts:
        answer = await machine.turn(text)
    return answer.node, dict(DialogState.from_json(machine.state).slots)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "midday or after lunch"),
        ("en", "at 4 pm or whenever"),
        ("de", "mittags oder nach dem Essen"),
        ("de", "um 16 Uhr oder wann es passt"),
        ("es", "a mediodía o después de comer"),
        ("es", "a las 17:00 o cuando pueda"),
    ],
)
async def test_a_time_with_an_alternative_is_asked_for_again(language: str, text: str) -> None:
    assert await fill_form(language, (_TIME,), text) == ("ask_time", {})


@pytest.mark.parametrize(
    ("language", "text", "day"),
    [
        ("de", "am Sonntag den 6.", "2026-12-06"),
        ("de", "Sonntag, den 13ten", "2026-12-13"),
        ("de", "Sonntag den 6.", "2026-12-06"),
        ("en", "tues the 8th", "2026-12-08"),
        ("es", "el domingo 6", "2026-12-06"),
    ],
)
async def test_a_weekday_and_its_number_are_one_day(language: str, text: str, day: str) -> None:
    assert (await fill_form(language, (_DAY,), text))[1] == {"day": day}


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "Friday or whenever"), ("de", "Freitag oder wann es geht"), ("es", "el viernes o cuando sea")],
)
async def test_a_day_with_an_alternative_is_asked_for_again(language: str, text: str) -> None:
    assert await fill_form(language, (_DAY,), text) == ("ask_day", {})


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "actually only 16 are coming"),
        ("de", "eigentlich kommen nur 16"),
        ("es", "solo vienen 16"),
    ],
)
async def test_a_list_of_people_is_a_number_of_people(language: str, text: str) -> None:
    node, slots = await fill_form(
        language,
        (_GUESTS, _TIME, _DAY),
        "4",
        "19:30",
        "5 December" if language == "en" else "5.12.2026",
        text,
    )
    assert (node, slots.get("guests")) == ("ok", 16)


@pytest.mark.parametrize(
    ("language", "text", "node"),
    [
        ("es", "sí, si están para entonces", "ok"),
        ("es", "sí, si puede ser", "ok"),
        ("es", "vale si abren", "ok"),
        ("en", "yes if I can", "ok"),
        ("es", "sí sí", "end"),
        ("es", "si, por favor", "end"),
        ("es", "correcto, encárguelas", "end"),
        ("es", "dale", "end"),
        ("en", "go for it", "end"),
    ],
)
async def test_a_yes_under_a_condition_does_nothing(language: str, text: str, node: str) -> None:
    assert (await fill_form(language, (_TIME,), "16:30", text))[0] == node


_PLACE = {
    "en": ("What is your address?", "you've been here before", "12 Mill Lane"),
    "de": ("Wie ist Ihre Adresse?", "die sag ich Ihnen am Telefon", "Mühlweg 3"),
    "es": ("¿Su dirección?", "ya saben dónde vivo", "Calle Mayor 3"),
}


@pytest.mark.parametrize("language", _PLACE)
async def test_a_statement_is_not_an_address(language: str) -> None:
    question, statement, place = _PLACE[language]
    slots = ({"name": "place", "question": question},)
    assert (await fill_form(language, slots, statement))[0] == "ask_place"
    assert (await fill_form(language, slots, place))[1] == {"place": place}


@pytest.mark.parametrize(
    ("language", "question", "text", "name"),
    [
        ("de", "Wie heißen Sie?", "Tarek Yildiz heiß ich", "Tarek Yildiz"),
        ("en", "What is your name?", "put it on Delgado, Marcus Delgado", "Marcus Delgado"),
        ("en", "What is your name?", "Bond, James Bond", "James Bond"),
    ],
)
async def test_a_name_is_read_without_what_says_so(
    language: str, question: str, text: str, name: str
) -> None:
    assert (await fill_form(language, ({"name": "name", "question": question},), text))[1] == {"name": name}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "nothing really"),
        ("en", "not that I can think of"),
        ("de", "eigentlich nichts"),
        ("es", "nada"),
    ],
)
async def test_a_user_who_has_nothing_to_add_leaves_it_out(language: str, text: str) -> None:
    slot = {"name": "note", "question": "Note? Notiz? ¿Nota?", "optional": True, "verbatim": True}
    assert (await fill_form(language, (slot,), text))[1] == {"note_skipped": True}
