"""Corrections of one of two days or times of a form: by its label, or by the replaced value."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import pytest

from flows.document import Flow
from flows.engine import DialogMachine
from tests.understanding.scored_turns import TODAY

KNOWN = {"date": ("2026-12-04", "2026-12-08"), "time": ("10:00", "18:30")}


class PairTexts(NamedTuple):
    """A language's questions and labels for the first and the last of two."""

    questions: tuple[str, str]
    descriptions: tuple[str, str]
    labels: tuple[str, str]


WORDS = {
    "en": PairTexts(
        ("From which day?", "Until which day?"),
        ("the pick-up day", "the day of return"),
        ("pick-up", "return"),
    ),
    "de": PairTexts(
        ("Ab welchem Tag?", "Bis zu welchem Tag?"),
        ("der Tag der Abholung", "der Tag der Rückgabe"),
        ("Abholung", "Rückgabe"),
    ),
    "es": PairTexts(
        ("¿Desde qué día?", "¿Qué día regresan?"),
        ("el día de recogida", "el día de regreso"),
        ("recogida", "regreso"),
    ),
}


def build_flow(language: str, kind: str) -> Flow:
    slots: list[dict[str, Any]] = [
        {
            "name": name, "question": question, "description": description, "label": label, "format": kind,
            **({"x-future": True} if kind == "date" else {}),
        }
        for name, question, description, label in zip(("one", "two"), *WORDS[language], strict=True)
    ]  # fmt: skip
    nodes: list[dict[str, Any]] = [
        {"id": "form", "node_type": "collect", "then": "check", "slots": slots},
        {
            "id": "check",
            "node_type": "confirm",
            "collect": "form",
            "then": "done",
            "static_text": "{{ one }}?",
        },
        {"id": "done", "name": "Done", "static_text": "Done.", "is_final": True},
    ]
    return Flow.model_validate(
        {"system_prompt": "x", "initial_node": "form", "agent_language": language, "nodes": nodes}
    )


async def correct(language: str, kind: str, text: str) -> tuple[tuple[str, str], str]:
    """Return the two values after a correction at the confirmation, and the bot's answer."""
    machine = DialogMachine(build_flow(language, kind), "rules", secrets={}, today=lambda: TODAY)
    for said in ("?", *KNOWN[kind]):
        await machine.turn(said)
    assert _read_values(machine) == KNOWN[kind]
    reply = await machine.turn(text)
    return _read_values(machine), reply.text


def _read_values(machine: DialogMachine) -> tuple[str, str]:
    slots = cast("dict[str, str]", dict(machine.state or {})["slots"])
    return slots["one"], slots["two"]


@pytest.mark.parametrize(
    ("language", "text", "one", "two"),
    [
        ("en", "oh, the return is the 10th, not the 8th", 4, 10),
        ("en", "hang on, we return on the 10th", 4, 10),
        ("en", "can we make the return the 10th?", 4, 10),
        ("en", "it's not the 4th, it's the 5th", 5, 8),
        ("en", "the 5th instead of the 4th please", 5, 8),
        ("en", "picking up on the 5th", 5, 8),
        ("en", "no, we return on friday", 4, 11),
        ("de", "Rückgabe ist doch der 10.", 4, 10),
        ("de", "statt dem 4. lieber der 5.", 5, 8),
        ("de", "nicht am 8., sondern am 10.", 4, 10),
        ("de", "wir holen sie erst am 5. ab", 5, 8),
        ("es", "el regreso es el 10, no el 8", 4, 10),
        ("es", "el 5 en vez del 4", 5, 8),
        ("es", "perdón, regresamos el 10", 4, 10),
    ],
)
async def test_a_day_is_corrected_by_its_label_or_old_value(
    language: str, text: str, one: int, two: int
) -> None:
    values, _ = await correct(language, "date", text)
    assert values == (f"2026-12-{one:02}", f"2026-12-{two:02}")


@pytest.mark.parametrize(
    ("language", "text", "one", "two"),
    [
        ("en", "the return is at 19:00, not 18:30", "10:00", "19:00"),
        ("de", "Abholung um 11:00", "11:00", "18:30"),
        ("es", "a las 11:00 en vez de a las 10:00", "11:00", "18:30"),
    ],
)
async def test_a_time_is_corrected_by_its_label_or_old_value(
    language: str, text: str, one: str, two: str
) -> None:
    values, _ = await correct(language, "time", text)
    assert values == (one, two)


@pytest.mark.parametrize(
    ("language", "text", "question"),
    [
        ("en", "make it the 10th", "Which one do you mean"),
        ("de", "dann lieber den 10.", "Was davon meinen Sie"),
        ("es", "pon el 10", "¿A cuál se refiere"),
        ("en", "the pick-up is the 10th, not the 8th", ""),
        ("en", "what would it cost until the 10th?", ""),
        ("en", "push it back to the 10th", ""),
        ("en", "yes, my wedding is on the 10th", ""),
        ("en", "my friend returns on the 10th", ""),
        ("en", "we might return on the 10th", ""),
        ("de", "mein Bruder kommt am 10. zurück", ""),
        ("es", "mi hermano vuelve el 10", ""),
    ],
)
async def test_a_day_that_may_be_either_changes_none(language: str, text: str, question: str) -> None:
    values, answer = await correct(language, "date", text)
    assert values == KNOWN["date"]
    assert question in answer


@pytest.mark.parametrize(("language", "yes"), [("en", "yes please"), ("de", "ja"), ("es", "sí, perfecto")])
async def test_a_yes_still_confirms_both(language: str, yes: str) -> None:
    values, answer = await correct(language, "date", yes)
    assert (values, answer) == (KNOWN["date"], "Done.")


async def answer_first(language: str, kind: str, text: str) -> object:
    """Return the value that an answer to the first question stores."""
    machine = DialogMachine(build_flow(language, kind), "rules", secrets={}, today=lambda: TODAY)
    await machine.turn("?")
    await machine.turn(text)
    return cast("dict[str, str]", dict(machine.state or {}).get("slots") or {}).get("one")


@pytest.mark.parametrize(
    ("language", "kind", "text"),
    [
        ("en", "date", "the return is the 8th of December"),
        ("en", "date", "we return on 8 December"),
        ("de", "date", "Rückgabe am 8. Dezember"),
        ("de", "date", "die Rückgabe ist am 8.12."),
        ("es", "date", "el regreso es el 8 de diciembre"),
        ("es", "date", "regresamos el 8 de diciembre"),
        ("en", "time", "return at 18:30"),
        ("de", "time", "Rückgabe um 18:30 Uhr"),
    ],
)
async def test_an_answer_about_the_other_is_not_the_one_asked_for(
    language: str, kind: str, text: str
) -> None:
    assert await answer_first(language, kind, text) is None


@pytest.mark.parametrize(
    ("language", "kind", "text", "value"),
    [
        ("en", "date", "pick-up on 4 December", "2026-12-04"),
        ("en", "date", "from 4 December", "2026-12-04"),
        ("en", "date", "that day is the 4th of December", "2026-12-04"),
        ("de", "date", "am Freitag, den 4.12.", "2026-12-04"),
        ("de", "date", "Abholung am 4. Dezember", "2026-12-04"),
        ("es", "date", "el día 4 de diciembre", "2026-12-04"),
        ("en", "time", "at two pm", "14:00"),
    ],
)
async def test_an_answer_that_names_no_other_is_taken(
    language: str, kind: str, text: str, value: str
) -> None:
    assert await answer_first(language, kind, text) == value
