"""Clauses, questions and remarks about other subjects: their values are not answers."""

from __future__ import annotations

from typing import Any

import pytest

from flows.document import Flow
from flows.engine import DialogMachine
from tests.flows.conversation import edge, input_schema, node
from tests.understanding.scored_turns import TODAY

_QUESTIONS: dict[str, dict[str, str]] = {
    "en": {
        "day": "Which day would you like to come?",
        "time": "What time?",
        "count": "How many people are you?",
        "spend": "How much do you want to spend?",
        "age": "How old is the child?",
        "name": "What's your name?",
    },
    "de": {
        "day": "An welchem Tag möchten Sie kommen?",
        "time": "Um wie viel Uhr?",
        "count": "Wie viele Personen sind Sie?",
        "spend": "Wie viel möchten Sie ausgeben?",
        "age": "Wie alt ist das Kind?",
        "name": "Wie heißen Sie?",
    },
    "es": {
        "day": "¿Qué día desea venir?",
        "time": "¿A qué hora?",
        "count": "¿Cuántas personas son?",
        "spend": "¿Cuánto quiere gastar?",
        "age": "¿Cuántos años tiene el niño?",
        "name": "¿Cómo se llama?",
    },
}
_SCHEMAS: dict[str, dict[str, Any]] = {
    "day": {"type": "string", "format": "date", "x-future": True},
    "time": {"type": "string", "format": "time"},
    "count": {"type": "integer"},
    "spend": {"type": "number"},
    "age": {"type": "integer"},
    "name": {"type": "string"},
}


async def _read_value(language: str, kind: str, text: str) -> Any:
    question = _QUESTIONS[language][kind]
    value = {**_SCHEMAS[kind], "description": "v", "x-question": question}
    flow = Flow.model_validate(
        {
            "system_prompt": "x",
            "agent_language": language,
            "initial_node": "ask",
            "nodes": [
                node(
                    "ask",
                    question,
                    edges=[edge("told", "done", "The user tells it", input_schema=input_schema(v=value))],
                ),
                node("done", "OK.", is_final=True),
            ],
        }
    )
    machine = DialogMachine(flow, "rules", today=lambda: TODAY)
    await machine.turn({"en": "hello", "de": "hallo", "es": "hola"}[language])
    machine = DialogMachine(flow, "rules", state=machine.state, today=lambda: TODAY)
    await machine.turn(text)
    state: dict[str, Any] = dict(machine.state or {})
    return (state.get("slots") or {}).get("v")


@pytest.mark.parametrize(
    ("language", "kind", "text"),
    [
        ("en", "time", "my train leaves at 5 pm"),
        ("en", "time", "my appointment at the dentist is at 3 pm"),
        ("en", "time", "school starts at 8 am"),
        ("en", "day", "on Monday the office has a party"),
        ("en", "count", "the other restaurant takes 8"),
        ("en", "age", "my dog is 7"),
        ("en", "spend", "you said 40"),
        ("de", "time", "mein Bus geht um 17 Uhr"),
        ("de", "time", "um 17 Uhr geht mein Bus"),
        ("de", "day", "das Konzert ist am 5. Dezember"),
        ("de", "age", "mein Hund ist 7"),
        ("de", "spend", "Sie haben 40 gesagt"),
        ("de", "time", "auf eurer Website steht 17 Uhr"),
        ("es", "time", "mi autobús sale a las 17:00"),
        ("es", "time", "a las 17:00 sale mi tren"),
        ("es", "count", "el otro restaurante admite 8"),
        ("es", "age", "mi perro tiene 7"),
        ("es", "spend", "me dijo 40"),
    ],
)
async def test_a_clause_about_something_else_is_not_an_answer(language: str, kind: str, text: str) -> None:
    assert await _read_value(language, kind, text) is None


@pytest.mark.parametrize(
    ("language", "kind", "text", "value"),
    [
        ("en", "time", "my train leaves at 5 pm, so 6 pm", "18:00"),
        ("en", "day", "the best day is the 5th", "2026-12-05"),
        ("en", "day", "my wife and I would come on December 5", "2026-12-05"),
        ("en", "day", "Monday because the office is closed on Tuesday", "2026-11-30"),
        ("en", "count", "our group is 12", 12),
        ("en", "age", "Anna is 7", 7),
        ("de", "day", "der beste Tag ist der 5.", "2026-12-05"),
        ("de", "day", "am Dienstag passt es mir", "2026-12-01"),
        ("de", "count", "unsere Gruppe hat 12 Personen", 12),
        ("de", "age", "das Kind ist 7", 7),
        ("es", "day", "el mejor día es el 5", "2026-12-05"),
        ("es", "day", "el lunes me va bien", "2026-11-30"),
        ("es", "count", "nuestro grupo es de 12 personas", 12),
        ("es", "age", "el niño tiene 7", 7),
    ],
)
async def test_an_answer_with_a_subject_is_read(language: str, kind: str, text: str, value: Any) -> None:
    assert await _read_value(language, kind, text) == value


@pytest.mark.parametrize(
    ("language", "kind", "text"),
    [
        ("en", "count", "do you also do 20 people?"),
        ("en", "day", "does the ferry run on Sunday?"),
        ("en", "count", "can 8 people sit at one table?"),
        ("de", "count", "macht ihr auch 20 Personen?"),
        ("de", "day", "habt ihr am Montag auf?"),
        ("es", "time", "¿cierran a las 18:00?"),
        ("es", "count", "¿hay descuento para 10 personas?"),
    ],
)
async def test_a_question_about_something_else_is_not_an_answer(language: str, kind: str, text: str) -> None:
    assert await _read_value(language, kind, text) is None


@pytest.mark.parametrize(
    ("language", "kind", "text", "value"),
    [
        ("en", "day", "is Tuesday possible?", "2026-12-01"),
        ("en", "day", "how about Tuesday?", "2026-12-01"),
        ("de", "day", "könnten wir am Dienstag kommen?", "2026-12-01"),
        ("de", "day", "geht auch Dienstag?", "2026-12-01"),
        ("es", "day", "¿podemos ir el martes?", "2026-12-01"),
    ],
)
async def test_a_question_whether_a_value_can_be_had_is_an_answer(
    language: str, kind: str, text: str, value: str
) -> None:
    assert await _read_value(language, kind, text) == value


@pytest.mark.parametrize(
    ("language", "kind", "text"),
    [
        ("en", "day", "Monday is impossible"),
        ("en", "time", "5 pm won't work"),
        ("en", "time", "5 pm if I get off work in time"),
        ("en", "count", "100 % sure"),
        ("en", "count", "5+"),
        ("en", "count", "43 is wrong"),
        ("de", "day", "Dienstag ist schlecht"),
        ("de", "count", "mein Akku ist bei 5 %"),
        ("de", "count", "10 von 10"),
        ("es", "day", "el martes me viene mal"),
        ("es", "count", "si llueve seríamos 6"),
        ("es", "count", "43 está mal"),
    ],
)
async def test_what_is_excluded_conditional_or_a_share_is_not_an_answer(
    language: str, kind: str, text: str
) -> None:
    assert await _read_value(language, kind, text) is None


@pytest.mark.parametrize("unit", ["5 kg", "20 minutes", "3 people", "3 nights"])
async def test_another_unit_is_not_an_amount_of_money(unit: str) -> None:
    assert await _read_value("en", "spend", unit) is None
    assert await _read_value("en", "spend", "80 dollars") == 80


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I'm busy"),
        ("en", "my husband booked it"),
        ("en", "I am the owner"),
        ("en", "the same one"),
        ("de", "ich bin unterwegs"),
        ("de", "ich bin's"),
        ("es", "estoy ocupado"),
        ("es", "reservó mi marido"),
    ],
)
async def test_a_statement_about_the_user_is_not_a_name(language: str, text: str) -> None:
    assert await _read_value(language, "name", text) is None


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("the 9th", ("2026-12-04", "2026-12-08")),
        ("the 9th, not the 8th", ("2026-12-04", "2026-12-09")),
        ("the return is the 9th", ("2026-12-04", "2026-12-09")),
        ("the 5th instead of the 4th", ("2026-12-05", "2026-12-08")),
    ],
)
async def test_a_day_changes_the_one_of_two_that_is_meant(text: str, days: tuple[str, str]) -> None:
    start, back = (
        {"type": "string", "format": "date", "x-future": True, "description": label, "x-question": "When?"}
        for label in ("the pick-up day", "the return day")
    )
    change = input_schema(required=False, start=start, back=back)
    flow = Flow.model_validate(
        {
            "system_prompt": "x",
            "initial_node": "start",
            "nodes": [
                node(
                    "start",
                    "When?",
                    edges=[edge("s", "back", "It is told", input_schema=input_schema(start=start))],
                ),
                node(
                    "back",
                    "And back?",
                    edges=[edge("b", "ok", "It is told", input_schema=input_schema(back=back))],
                ),
                node("ok", "Right?", edges=[edge("c", "ok", "A day is changed", input_schema=change)]),
            ],
        }
    )
    state: Any = None
    for said in ("hello", "December 4", "December 8", text):
        machine = DialogMachine(flow, "rules", state=state, today=lambda: TODAY)
        await machine.turn(said)
        state = machine.state
    assert (state["slots"]["start"], state["slots"]["back"]) == days
