"""Questions, doubts and stories about an action do not run it; a question's values are not stored."""

from __future__ import annotations

from typing import Any, cast

import pytest

from flows.document import Flow
from flows.engine import DialogMachine
from tests.flows.conversation import edge, flow, input_schema, load_library, machine, node, say

END = node("end", "End.", is_final=True)
OTHER = node("other", "Other.", is_final=True)


def read_slots(dialog: DialogMachine) -> dict[str, Any]:
    """The slots that a conversation has filled."""
    return dict(cast("dict[str, Any]", (dialog.state or {}).get("slots") or {}))


def build_flow(language: str) -> Flow:
    slots = [
        {"name": "size", "question": "Size?", "enum": ["small", "large"]},
        {"name": "name", "question": {"en": "What name?", "de": "Ihr Name?", "es": "¿Su nombre?"}[language]},
        {"name": "phone", "question": "Phone?", "format": "phone", "description": "the phone number"},
    ]
    return flow(
        node("order", node_type="collect", slots=slots, then="check"),
        node("check", "Right?", node_type="confirm", collect="order", then="end"),
        END,
        agent_language=language,
        faq=[
            {
                "questions": ["how long does it take?", "wie lange dauert das?", "¿cuánto tarda?"],
                "answer": "Two days.",
            }
        ],
    )


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "if i cancel, do i get my money back?"),
        ("en", "can I cancel any time?"),
        ("en", "what happens if we stop here"),
        ("en", "I got a bus stop text, is this the bank"),
        ("de", "wenn ich abbreche, bekomme ich dann mein geld zurück?"),
        ("de", "kann ich das später noch abbrechen?"),
        ("es", "¿puedo cancelar en cualquier momento?"),
        ("es", "si cancelo, ¿me devuelven el dinero?"),
    ],
)
async def test_a_question_about_ending_ends_nothing(language: str, text: str) -> None:
    dialog = machine(build_flow(language))
    await dialog.turn("small")
    answer = await dialog.turn(text)
    assert (answer.node, answer.outcome) == ("ask_name", "stay")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "stop"),
        ("en", "I have to cancel"),
        ("en", "could you please cancel it?"),
        ("en", "ok then, cancel that please, my train is late"),
        ("de", "ich möchte das abbrechen"),
        ("de", "bitte abbrechen"),
        ("es", "quiero cancelar"),
    ],
)
async def test_a_wish_to_end_ends(language: str, text: str) -> None:
    dialog = machine(build_flow(language))
    await dialog.turn("small")
    assert (await dialog.turn(text)).outcome == "final"


@pytest.mark.parametrize(
    ("language", "text", "name", "phone"),
    [
        ("en", "anna, 0151 23456789", "anna", "015123456789"),
        ("en", "Bob Lee +44 20 7946 0958", "Bob Lee", "+442079460958"),
        ("de", "Anna Weiß, 0151 23456789", "Anna Weiß", "+4915123456789"),
        ("es", "soy Ana, 612 345 678", "Ana", "+34612345678"),
    ],
)
async def test_a_name_is_read_beside_a_phone_number(language: str, text: str, name: str, phone: str) -> None:
    dialog = machine(build_flow(language))
    await dialog.turn("small")
    assert (await dialog.turn(text)).node == "check"
    slots = read_slots(dialog)
    assert (slots["name"], slots["phone"]) == (name, phone)


@pytest.mark.parametrize("text", ["skip it", "I'd rather not say", "pass", "I won't tell you"])
async def test_a_user_who_does_not_answer_has_no_name(text: str) -> None:
    dialog = machine(build_flow("en"))
    await dialog.turn("small")
    assert (await dialog.turn(text)).node == "ask_name"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("a small one, and how long does it take if I want it large?", "small"),
        ("how long does it take for a large one?", None),
    ],
)
async def test_a_question_beside_a_wish_gives_no_value(text: str, size: str | None) -> None:
    size_slot = {"name": "size", "question": "Size?", "enum": ["small", "large"]}
    made = flow(
        node("ask", "Hello?", edges=[edge("orders", "order", keywords=["small one", "order"])]),
        node("order", node_type="collect", slots=[size_slot], then="end"),
        END,
        faq=[{"questions": ["how long does it take?"], "answer": "Two days."}],
    )  # fmt: skip
    dialog = machine(made)
    answer = await say(dialog, "hi", text)
    assert "Two days." in answer.text
    assert read_slots(dialog).get("size") == size


@pytest.mark.parametrize("text", ["not sure about the date yet", "maybe some date", "I don't know the date"])
async def test_a_doubtful_value_does_not_count(text: str) -> None:
    told = edge("told", "end", "The caller has provided a preferred date")
    assert (await say(machine(flow(node("ask", "Hello?", edges=[told]), END)), "hi", text)).node == "ask"


@pytest.mark.parametrize(
    ("text", "target"), [("no", "other"), ("no, wrong number", "end"), ("wrong number", "end")]
)
async def test_a_no_with_the_words_of_a_global_edge_takes_it(text: str, target: str) -> None:
    asked = node(
        "ask", "Is it a good time?",
        edges=[edge("good", "ask2", "It is a good time"), edge("bad", "other", "It is not a good time")],
    )  # fmt: skip
    made = flow(
        asked, node("ask2", "Ready?"), END, OTHER,
        global_edges=[edge("wrong", "end", "Caller says this is a wrong number")],
    )  # fmt: skip
    assert (await say(machine(made), "hi", text)).node == target


async def test_a_user_who_asks_for_a_person_takes_the_condition_that_names_one() -> None:
    edges = [edge("person", "end", "user_requests_human"), edge("x", "other", "asks the price")]
    dialog = machine(flow(node("ask", "Hello?", edges=edges), END, OTHER))
    assert (await say(dialog, "hi", "can I talk to a person")).node == "end"


@pytest.mark.parametrize(
    ("text", "is_person"),
    [
        ("can a real person look into this please", True),
        ("is there someone in the office I could speak to?", True),
        ("kann ich da nicht mit jemandem reden?", True),
        ("prefiero que me atienda alguien", True),
        ("klingt gut, ich muss nur noch mit dem Chef sprechen", False),
        ("can someone help me", False),
        ("no me pases con nadie", False),
        ("do not send me to a human", False),
    ],
)
async def test_a_person_of_the_business_is_distinguished_from_the_users_own(
    text: str, *, is_person: bool
) -> None:
    answer = await say(load_library("support"), "hi", text)
    assert (answer.outcome == "hand_off") is is_person
    assert answer.node in ("person", "welcome", "listening")


async def test_what_can_be_said_is_named_after_what_was_not_understood() -> None:
    edges = [
        edge("moves", "end", examples=["we are moving to a new flat"]),
        edge("asks", "other", examples=["I need some boxes"]),
    ]
    answer = await say(machine(flow(node("ask", "Hello?", edges=edges), END, OTHER)), "hi", "my cat is blue")
    assert "“we are moving to a new flat” and “I need some boxes”" in answer.text


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Monday or later", None), ("the 2nd Friday", None), ("Monday, but only if it rains", None),
        ("Monday", "2026-11-30"),
    ],
)  # fmt: skip
async def test_a_day_that_is_open_or_conditional_is_asked_for(text: str, day: str | None) -> None:
    schema = input_schema(day={"type": "string", "format": "date", "x-future": True})
    dialog = machine(flow(node("ask", "Which day?", edges=[edge("told", "end", input_schema=schema)]), END))
    await say(dialog, "hi", text)
    assert read_slots(dialog).get("day") == day


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("I'd like to donate and get the newsletter too", "get the newsletter too"),
        ("newsletter please, and I want to donate", "I want to donate"),
    ],
)
async def test_the_first_of_two_wishes_is_taken_and_the_second_is_named(text: str, later: str) -> None:
    edges = [edge("gives", "give", keywords=["donate"]), edge("reads", "letter", keywords=["newsletter"])]
    made = flow(
        node("ask", "Hello?", edges=edges), node("give", "How much?"), node("letter", "Which e-mail?")
    )
    answer = await say(machine(made), "hi", text)
    assert answer.node == ("give" if "donate" not in later else "letter")
    assert f"“{later}”" in answer.text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "thank you, have a lovely evening"),
        ("de", "vielen lieben Dank, schönen Abend noch"),
        ("es", "mil gracias"),
    ],
)
async def test_thanks_after_the_end_begin_nothing(language: str, text: str) -> None:
    asked = node("ask", "Ready?", edges=[edge("on", "end", keywords=["go"])])
    dialog = machine(flow(asked, END, agent_language=language))
    await say(dialog, "hi", "go")
    assert (await dialog.turn(text)).node == "end"
