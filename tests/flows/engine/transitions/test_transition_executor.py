"""Transitions without user input: by data or by the model, never without required slots."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import JsonValue

from flows.document import Flow
from flows.engine import DialogMachine
from flows.llm import GeneratedReply, ScriptedModel, TransitionDecision
from tests.flows.conversation import Json, edge, flow, input_schema, machine, node


def build_router_flow(*edges: Json, **more: Any) -> Flow:
    ends = [node(name, f"This is {name}.", is_final=True) for name in ("one", "two", "last")]
    return flow(node("a", "Hello!", edges=[edge("go", "r")]), node("r", edges=[*edges], **more), *ends)


GUARDED = edge("one", "one", guard="paid")
PROSE = edge("two", "two", "The user is angry")
LAST = edge("last", "last", is_fallback=True)


@pytest.mark.parametrize(
    ("edges", "paid", "asked", "node_after"),
    [
        ([GUARDED, PROSE], False, [], "two"),
        ([GUARDED, PROSE, LAST], False, [["two"]], "last"),
        ([GUARDED, PROSE], True, [["one", "two"]], "one"),
        ([GUARDED, edge("two", "two", guard="paid")], True, [["one", "two"]], "one"),
        ([GUARDED, edge("two", "two", "paid is true")], True, [["one", "two"]], "one"),
        ([GUARDED, edge("two", "two", "It is false that they paid"), LAST], True, [["one", "two"]], "one"),
        ([PROSE, LAST], False, [], "two"),
    ],
    ids=[
        "nothing else is left",
        "the fallback is left as well",
        "prose beside data",
        "two guards hold",
        "a guard and a condition hold",
        "prose that looks like data",
        "the only edge",
    ],
)
async def test_a_router_asks_the_model_for_what_the_data_leave_open(
    edges: list[Json], paid: bool, asked: list[list[str]], node_after: str
) -> None:
    model = ScriptedModel([TransitionDecision("go"), TransitionDecision()])
    dialog = machine(build_router_flow(*edges), model)
    await dialog.start({"paid": paid})
    assert (await dialog.turn("go")).node == node_after
    assert [
        [edge.id for edge in question.available_edges] for question in model.transition_requests[1:]
    ] == asked


async def test_no_edge_is_crossed_in_passing_without_what_it_requires() -> None:
    pays = edge("one", "one", input_schema=input_schema(amount={"type": "integer"}))
    for more in ({}, {"static_text": "One moment.", "auto_proceed": True}):
        model = ScriptedModel([TransitionDecision("go"), TransitionDecision("one", {"amount": 5})])
        dialog = machine(build_router_flow(pays, **more), model)
        await dialog.start()
        answer = await dialog.turn("go")
        assert (answer.node, answer.outcome) == ("r", "advance")
        assert "amount" in answer.text
        assert (await dialog.turn("5")).node == "one"


async def test_criteria_apply_at_a_node_that_continues_automatically() -> None:
    criteria = [{"key": "amount", "description": "the amount"}]
    made = build_router_flow(edge("one", "one"), completion_criteria=criteria, allow_skip=False)
    dialog = machine(made, ScriptedModel([TransitionDecision("go")]))
    await dialog.start()
    assert "I still need the amount." in (await dialog.turn("go")).text


async def test_a_correction_that_cannot_be_read_is_asked_for_again() -> None:
    both = input_schema(count={"type": "integer"}, floor={"type": "integer"})
    end = node("end", "{{ count }} on {{ floor }}", is_final=True)
    made = flow(node("a", "How many?", edges=[edge("go", "end", input_schema=both)]), end)
    given: list[dict[str, JsonValue]] = [{"count": 5}, {"count": "a few", "floor": 2}, {"count": 12}]
    script = [TransitionDecision("go", slots) for slots in given]
    dialog = machine(made, ScriptedModel(script))
    await dialog.start()
    await dialog.turn("5")
    assert (await dialog.turn("no, a few, floor 2")).node == "a"
    assert (await dialog.turn("12")).text == "12 on 2"


async def test_a_question_may_hold_values() -> None:
    asked = input_schema(count={"type": "integer", "x-question": "{{ name }}, how many?"})
    made = flow(node("a", "Hello!", edges=[edge("go", "b", input_schema=asked)]), node("b", "B"))
    dialog = machine(made, ScriptedModel([TransitionDecision("go")]))
    await dialog.start({"name": "Ada"})
    assert (await dialog.turn("some")).text == "Ada, how many?"


async def test_each_bound_of_a_turn_has_its_own_outcome() -> None:
    ring = [node(f"n{at}", "On.", auto_proceed=True, edges=[edge("on", f"n{at + 1}")]) for at in range(20)]
    made = flow(node("a", "Hello!", edges=[edge("go", "n0")]), *ring, node("n20", "The end.", is_final=True))
    dialog = machine(made, ScriptedModel([TransitionDecision("go")]))
    await dialog.start()
    answer = await dialog.turn("go")
    assert (answer.outcome, answer.issue) == ("hops", "hops")


async def test_a_question_reached_by_a_failure_edge_returns_to_the_interrupted_node() -> None:
    look = {"id": "look", "name": "look", "method": "GET", "url": "https://x.example/"}
    runs = [{"trigger": "on_enter", "action_id": "look", "on_failure": "sorry"}]
    made = flow(
        node("a", "Hello!", edges=[edge("go", "b")]),
        node("b", "Which one?", actions=runs, edges=[edge("one", "end")]),
        node("sorry", "The shop cannot be reached."),
        node("end", "The end.", is_final=True),
        global_edges=[edge("sorry", "sorry")],
        actions=[look],
    )
    dialog = machine(made, ScriptedModel([TransitionDecision("go")]))
    await dialog.start()
    answer = await dialog.turn("go")
    assert (answer.node, answer.text) == ("b", "The shop cannot be reached.\n\nWhich one?")


async def test_what_an_action_put_aside_is_newer_than_what_the_flow_began_with() -> None:
    made = flow(
        node("a", "Hello!", edges=[edge("go", "b")]),
        node("b", "{{ TOKEN }}", edges=[edge("x", "a")]),
        environment_variables={"TOKEN": ""},
    )
    dialog = machine(made, ScriptedModel([TransitionDecision("go")]))
    await dialog.start()
    assert dialog.state is not None
    dialog.state = {**dialog.state, "environment": {"TOKEN": "t1"}}
    assert (await dialog.turn("go")).text == "t1"


async def test_texts_know_the_time_of_the_business() -> None:
    hours = {"timezone": "America/New_York", "monday": ["09:00-17:00"]}
    text = "{{ current_date }} {{ current_time }} {{ current_time_Asia_Kolkata }}"
    late = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
    dialog = DialogMachine(flow(node("a", text), hours=hours), now=lambda: late)
    assert (await dialog.start()).text == "2026-11-23 10:30 PM 09:00 AM"


async def test_the_groups_of_a_pattern_are_slots() -> None:
    made = flow(
        node("a", "Hello!", edges=[edge("go", "b", pattern=r"order (?P<number>\d+)")]),
        node("b", "That is {{ number }}.", is_final=True),
    )
    dialog = machine(made)
    await dialog.start()
    assert (await dialog.turn("it is order 77")).text == "That is 77."


async def test_context_values_are_not_asked_for_until_the_user_rejects_them() -> None:
    number = input_schema(number={"type": "integer"})
    made = flow(
        node("a", "Hello!", edges=[edge("go", "ask")]),
        node("ask", "Which number?", edges=[edge("given", "show", input_schema=number)]),
        node("show", "It is {{ number }}.", edges=[edge("wrong", "ask")]),
    )
    dialog = machine(made, ScriptedModel([TransitionDecision("go"), TransitionDecision("wrong")]))
    await dialog.start({"number": 7})
    assert (await dialog.turn("go")).text == "It is 7."
    assert (await dialog.turn("no")).text == "Which number?"


async def test_an_invalid_context_value_is_asked_for() -> None:
    number = input_schema(number={"type": "integer"})
    made = flow(
        node("a", "Hello!", edges=[edge("go", "ask")]),
        node("ask", "Which number?", edges=[edge("given", "ask", input_schema=number)]),
    )
    dialog = machine(made, ScriptedModel([TransitionDecision("go")]))
    await dialog.start({"number": "seven or so"})
    assert (await dialog.turn("go")).text == "Which number?"


@pytest.mark.parametrize(("known", "text"), [({"city": "Pune", "day": "Monday"}, "In Pune."), ({}, "Where?")])
async def test_an_instruction_may_want_silence_once_all_is_known(known: dict[str, str], text: str) -> None:
    instruction = (
        "current_city={{ city }} current_day={{ day }}\nIf both are there: "
        "ZERO speech — no words before the tool call. Else ask where."
    )
    made = flow(
        node("a", "Hello!", edges=[edge("go", "ask")]),
        node("ask", instruction=instruction, edges=[edge("both", "show")]),
        node("show", "In {{ city }}.", is_final=True),
    )
    dialog = machine(made, ScriptedModel([TransitionDecision("go")], [GeneratedReply("Where?")]))
    await dialog.start(dict(known))
    assert (await dialog.turn("go")).text == text


async def test_a_pattern_that_would_take_for_ever_matches_nothing() -> None:
    slow = edge("slow", "end", pattern="^(a|a)*$")
    made = flow(node("a", "Hello!", edges=[slow]), node("end", "The end.", is_final=True))
    dialog = machine(made)
    await dialog.start()
    assert (await dialog.turn("a" * 60 + "!")).node == "a"
    assert (await dialog.turn("aaa")).node == "end"
