from __future__ import annotations

import json

import pytest

from core.dialog import State
from flows.state import DEEPEST_INTERRUPT, LONGEST_HISTORY, LONGEST_LINE, DialogState

NODES = {"a": 1, "b": 2}


def at(node: str) -> DialogState:
    state = DialogState()
    state.enter(node)
    return state


def test_a_state_survives_storage() -> None:
    state = at("a")
    state.slots = {"last_four": "4321"}
    state.interrupt()
    state.remember("user", "hi")
    stored = json.loads(json.dumps(state.to_json()))
    assert DialogState.stored(stored, NODES) == state


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        {"node": "gone", "schema_version": 1},
        {"node": "a", "schema_version": 99},
        {"node": "a", "history": "what?"},
        {"something": "else"},
    ],
)
def test_a_state_that_does_not_fit_begins_anew(stored: State | None) -> None:
    assert DialogState.stored(stored, NODES).is_fresh


def test_an_interrupted_node_that_is_gone_is_forgotten() -> None:
    state = at("b")
    state.interrupt()
    state.enter("a")
    assert DialogState.stored(state.to_json(), {"a": 1}).interrupts == []


def test_history_and_interrupts_are_bounded() -> None:
    state = at("a")
    for number in range(100):
        state.remember("user", f"{number} " + "x" * 5_000)
        state.interrupt()
    assert len(state.history) == LONGEST_HISTORY
    assert state.history[-1]["text"].startswith("99 ")
    assert max(len(line["text"]) for line in state.history) == LONGEST_LINE
    assert len(state.interrupts) == DEEPEST_INTERRUPT


def test_silence_is_not_remembered() -> None:
    state = at("a")
    state.remember("user", "")
    assert state.history == []


def test_an_interrupt_returns_to_its_node_and_is_not_a_try_there() -> None:
    state = at("a")
    state.turns_in_node = 3
    state.interrupt()
    state.enter("b")
    assert state.resume() == "a"
    assert (state.node, state.turns_in_node) == ("a", 2)
    assert state.resume() == ""
