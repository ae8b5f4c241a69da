"""A conversation that exceeds its flow's budget is handed off."""

from __future__ import annotations

import pytest

from flows.llm import ScriptedModel, TransitionDecision
from flows.locales import ENGLISH
from tests.flows.conversation import Json, edge, flow, machine, node, say, turn

LOOP = node("a", "Tea?", edges=[edge("again", "a", keywords=["x"]), edge("go", "end")])
END = node("end", "The end.", is_final=True)


@pytest.mark.parametrize("budget", [{"turns": 3}, {"tokens": 20}])
async def test_an_exhausted_budget_hands_off_and_is_reset(budget: Json) -> None:
    script = ScriptedModel([TransitionDecision(reply="Hm.", tokens=10) for _ in range(9)])
    dialog = machine(flow(LOOP, END, budget=budget), script)
    answers = [await dialog.turn(text) for text in ("hi", "x", "y", "z", "w")]
    assert [answer.outcome for answer in answers] == ["stay", "stay", "stay", "budget", "stay"]
    assert (answers[3].text, answers[3].hand_off) == (ENGLISH.budget_exhausted, True)


async def test_without_a_budget_nothing_is_counted() -> None:
    dialog = machine(flow(LOOP, END), ScriptedModel([TransitionDecision(reply="Hm.", tokens=10)]))
    await say(dialog, "hi", "x")
    assert not {"turns", "tokens"} & set(dialog.state or {})


async def test_the_hand_off_summary_has_the_slots() -> None:
    learns = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    ask = node("a", "Who?", edges=[edge("go", "b", input_schema=learns)])
    script = ScriptedModel([TransitionDecision(edge_id="go", slots={"name": "Ada"})])
    made = flow(ask, node("b", "B?", edges=[edge("x", "end")]), END, budget={"turns": 2})
    dialog = machine(made, script)
    step = await dialog.answer(turn("hi"), None)
    step = await dialog.answer(turn("Ada"), step.state)
    step = await dialog.answer(turn("and?"), step.state)
    learnt, said = step.summary.split("\n\n")
    assert (step.outcome, learnt) == ("budget", "name: Ada")
    assert said.splitlines()[1:4] == ["Person: hi", "Person: Ada", "Bot: B?"]
