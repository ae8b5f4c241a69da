"""Conditions and open slots that decide without a language model."""

from __future__ import annotations

import pytest

from tests.flows.conversation import edge, flow, input_schema, machine, node, say

END = node("end", "End.", is_final=True)
OTHER = node("other", "Other.", is_final=True)


@pytest.mark.parametrize("text", ["bye", "ok then, see you", "goodbye!"])
@pytest.mark.parametrize(
    "condition",
    ["Caller says goodbye, bye, see you or ciao", "The user says “bye”, “goodbye” or “see you”"],
)
async def test_words_that_a_condition_lists_take_its_edge(condition: str, text: str) -> None:
    asked = node(
        "ask", "Hello?", edges=[edge("left", "end", condition), edge("x", "other", "asks the price")]
    )
    assert (await say(machine(flow(asked, END, OTHER)), "hi", text)).node == "end"


@pytest.mark.parametrize("condition", ["always", "true", "user_wants_pricing"])
async def test_short_and_snake_case_conditions_are_read(condition: str) -> None:
    asked = node("ask", "Hello?", edges=[edge("on", "end", condition)])
    assert (await say(machine(flow(asked, END)), "hi", "what about the pricing")).node == "end"


async def test_an_optional_text_is_taken_where_nothing_else_speaks() -> None:
    told = edge("told", "end", "Caller described their concern", input_schema=input_schema(False, concern={}))
    refused = edge("refused", "other", "Caller declines to tell", input_schema=input_schema(False, reason={}))
    asked = node("ask", "What is it about?", edges=[told, refused])
    dialog = machine(flow(asked, END, OTHER))
    assert (await say(dialog, "hi", "detox")).node == "end"
    assert (dialog.state or {})["slots"] == {"concern": "detox"}


async def test_a_criterion_without_a_slot_is_an_open_one() -> None:
    asked = node(
        "ask", "Hello?", edges=[edge("on", "end", "The user wants to go on", keywords=["go on"])],
        completion_criteria=[{"key": "name", "description": "your name"}], allow_skip=False,
    )  # fmt: skip
    dialog = machine(flow(asked, node("end", "Hello {{ name }}!", is_final=True)))
    assert "your name" in (await say(dialog, "hi", "go on")).text
    assert (await dialog.turn("Asha Rao")).text == "Hello Asha Rao!"
