"""What may be crossed without the user: by the data, by the model, and never without what is required."""

from __future__ import annotations

from typing import Any

import pytest

from flows.document import Flow
from flows.models.port import Decision
from flows.models.scripted import ScriptedModel
from tests.flows.talk import Json, asks, edge, flow, machine, node


def at_router(*edges: Json, **more: Any) -> Flow:
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
    model = ScriptedModel([Decision("go"), Decision()])
    talk = machine(at_router(*edges), model)
    await talk.start({"paid": paid})
    assert (await talk.turn("go")).node == node_after
    assert [[edge.id for edge in question.offered] for question in model.questions[1:]] == asked


async def test_no_edge_is_crossed_in_passing_without_what_it_requires() -> None:
    pays = edge("one", "one", input_schema=asks(amount={"type": "integer"}))
    for more in ({}, {"static_text": "One moment.", "auto_proceed": True}):
        model = ScriptedModel([Decision("go"), Decision("one", {"amount": 5})])
        talk = machine(at_router(pays, **more), model)
        await talk.start()
        answer = await talk.turn("go")
        assert (answer.node, answer.outcome) == ("r", "advance")
        assert "amount" in answer.text
        assert (await talk.turn("5")).node == "one"


async def test_criteria_hold_at_a_node_that_goes_on_by_itself() -> None:
    criteria = [{"key": "amount", "description": "the amount"}]
    made = at_router(edge("one", "one"), completion_criteria=criteria, allow_skip=False)
    talk = machine(made, ScriptedModel([Decision("go")]))
    await talk.start()
    assert "I still need the amount." in (await talk.turn("go")).text


async def test_a_correction_that_cannot_be_read_is_asked_for_again() -> None:
    both = asks(count={"type": "integer"}, floor={"type": "integer"})
    end = node("end", "{{ count }} on {{ floor }}", is_final=True)
    made = flow(node("a", "How many?", edges=[edge("go", "end", input_schema=both)]), end)
    script = [
        Decision("go", slots) for slots in ({"count": 5}, {"count": "a dozen", "floor": 2}, {"count": 12})
    ]
    talk = machine(made, ScriptedModel(script))
    await talk.start()
    await talk.turn("5")
    assert (await talk.turn("no, about a dozen, floor 2")).node == "a"
    assert (await talk.turn("12")).text == "12 on 2"


async def test_a_question_may_hold_values() -> None:
    asked = asks(count={"type": "integer", "x-question": "{{ name }}, how many?"})
    made = flow(node("a", "Hello!", edges=[edge("go", "b", input_schema=asked)]), node("b", "B"))
    talk = machine(made, ScriptedModel([Decision("go")]))
    await talk.start({"name": "Ada"})
    assert (await talk.turn("some")).text == "Ada, how many?"
