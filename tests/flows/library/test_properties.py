"""Properties that hold for any user text."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ports import State, TurnOutcome
from flows.engine import DialogMachine
from flows.engine.inbound.incoming import QUOTATION_KIND
from tests.effort import example_count
from tests.flows.conversation import load_library, turn

OUTCOMES = {"stay", "advance", "final", "hand_off"}
MACHINES = {name: load_library(name) for name in ("kyc", "support")}
LONGEST_STATE = 4_096

LIKELY = (
    "hi|yes|no|1|2|3|4|two|4321|43211|23 April 1990|04/05/1990|31/02/1990|why?|who are you|human|bye|cancel"
    "|HL-123456|hl 12|track|returns|opning hours|I don't know it|something else|thanks|no, it is 4322|ok"
    "|{{ 7 * 7 }}|[EN] x"
)
likely = st.sampled_from(LIKELY.split("|"))
anything = st.text(max_size=120)


async def converse(dialog: DialogMachine, texts: list[str], *, stored: bool) -> list[TurnOutcome]:
    state: State | None = None
    steps = []
    for text in texts:
        step = await dialog.answer(turn(text), json.loads(json.dumps(state)) if stored else state)
        state = step.state
        steps.append(step)
    return steps


@pytest.mark.slow
@pytest.mark.parametrize("name", MACHINES)
@settings(max_examples=example_count(60))
@given(texts=st.lists(st.one_of(likely, anything), min_size=1, max_size=8))
def test_any_text_has_a_defined_outcome_and_a_reply(name: str, texts: list[str]) -> None:
    for step in asyncio.run(converse(MACHINES[name], texts, stored=False)):
        if step.outcome == QUOTATION_KIND:  # mere quoted words after the end
            assert not step.messages
            continue
        assert step.outcome in OUTCOMES
        assert step.messages
        assert all(message.text.strip() for message in step.messages)
        assert step.hand_off == (step.outcome == "hand_off")
        without_history = {key: value for key, value in step.state.items() if key != "history"}
        assert len(json.dumps(without_history)) <= LONGEST_STATE


@pytest.mark.parametrize("name", MACHINES)
@settings(max_examples=example_count(30))
@given(texts=st.lists(likely, min_size=1, max_size=8))
def test_a_state_stored_as_json_at_every_turn_makes_the_same_conversation(
    name: str, texts: list[str]
) -> None:
    kept = asyncio.run(converse(MACHINES[name], texts, stored=False))
    stored = asyncio.run(converse(MACHINES[name], texts, stored=True))
    assert kept == stored


@pytest.mark.parametrize("name", MACHINES)
@settings(max_examples=example_count(40))
@given(texts=st.lists(st.one_of(likely, anything), min_size=2, max_size=8))
def test_no_misunderstanding_is_said_twice_in_a_row(name: str, texts: list[str]) -> None:
    steps = asyncio.run(converse(MACHINES[name], ["hi", *texts], stored=False))
    for before, after in pairwise(steps[1:]):
        if before.outcome == after.outcome == "stay" and before.node == after.node:
            assert before.messages != after.messages
