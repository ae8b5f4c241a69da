"""Questions for slots use the slot's choices, reasons and repetition; an action needs a clear yes."""

from __future__ import annotations

import pytest

from flows.document import Flow
from tests.flows.conversation import Json, document, edge, flow, input_schema, machine, node, say
from tests.understanding.shop import SHOPS

END = node("end", "The end.", is_final=True)


def _read_labels(choices: object) -> list[str]:
    return [choice.label for choice in choices]  # type: ignore[attr-defined]


async def test_a_number_answers_the_slot_that_was_asked_for_and_not_the_list_before() -> None:
    dialog = machine(SHOPS["en"])
    asked = await say(dialog, "hi", "salami")
    assert asked.text == "How many?"
    assert asked.messages[-1].choices == ()
    assert (await say(dialog, "2")).text == "2 salami. Shall I order that?"


async def test_a_slot_with_values_offers_them_with_new_numbers() -> None:
    size = {"type": "string", "enum": ["small", "large"], "description": "the size"}
    order = input_schema(kind={"type": "string", "enum": ["tea", "cake"]}, size=size)
    dialog = machine(
        flow(node("a", "Well?", choices=["tea", "cake"], edges=[edge("e", "end", input_schema=order)]), END)
    )
    asked = await say(dialog, "hi", "cake")
    assert _read_labels(asked.messages[-1].choices) == ["small", "large"]
    assert (await say(dialog, "2")).edge == "e"
    assert dialog.state is not None
    assert dialog.state["slots"] == {"kind": "cake", "size": "large"}


async def test_the_reason_is_that_of_the_slot_that_was_asked_for() -> None:
    dialog = machine(SHOPS["en"])
    await say(dialog, "hi", "salami")
    assert (await say(dialog, "50")).text == "It is 30 at most.\n\nHow many?"
    assert "How many?" in (await say(dialog, "hmm")).text


async def test_a_digression_returns_to_the_slot_that_was_asked_for() -> None:
    dialog = machine(SHOPS["en"])
    await say(dialog, "hi", "salami")
    assert (await say(dialog, "how much is it?")).text == "9.\n\nHow many?"
    assert (await say(dialog, "2")).text == "2 salami. Shall I order that?"


async def test_the_wrong_one_of_two_values_is_said_with_its_reason() -> None:
    dialog = machine(SHOPS["en"])
    assert (await say(dialog, "hi", "50 salami")).text == "It is 30 at most."


@pytest.mark.parametrize(
    ("text", "item"), [("the pepperoni one please", "salami"), ("not tuna, the green one", "spinach")]
)
async def test_synonyms_name_a_value_inside_a_sentence(text: str, item: str) -> None:
    dialog = machine(SHOPS["en"])
    await say(dialog, "hi", text)
    assert dialog.state is not None
    assert dialog.state["slots"] == {"item": item}


def test_synonyms_of_a_value_that_does_not_exist_are_an_error() -> None:
    schema = input_schema(size={"type": "string", "enum": ["small"], "x-synonyms": {"big": ["huge"]}})
    with pytest.raises(ValueError, match="is not among the values"):
        Flow.model_validate(document(node("a", "Well?", edges=[edge("e", "end", input_schema=schema)]), END))


NEXT = node("next", "Next?", edges=[edge("on", "end", keywords=["on"])])


@pytest.mark.parametrize(
    ("more", "target", "edge_id"),
    [
        ({}, "next", "yes"),
        ({"confirm": "strict"}, "next", ""),
        ({}, "end", ""),
        ({"confirm": "normal"}, "end", "yes"),
    ],
)
async def test_confirm_says_which_yes_counts(more: Json, target: str, edge_id: str) -> None:
    agree = edge("yes", target, "The user agrees", keywords=["yes"])
    dialog = machine(flow(node("a", "Shall I?", edges=[agree], **more), NEXT, END))
    assert (await say(dialog, "hi", "yes but later")).edge == edge_id


async def test_a_wish_to_wait_is_respected() -> None:
    agree = edge("yes", "end", "The user agrees", keywords=["yes", "ok"])
    dialog = machine(flow(node("a", "Shall I?", edges=[agree]), END))
    assert (await say(dialog, "hi", "ok wait")).text == "Of course, take your time.\n\nShall I?"
    assert (await say(dialog, "ok if it is free")).text == "I have not done anything yet.\n\nShall I?"
    assert (await say(dialog, "ok")).edge == "yes"
