from __future__ import annotations

import json

import pytest
from pydantic import JsonValue

from core.ports.dialog import State
from flows.state.dialog_state import (
    DEEPEST_INTERRUPT,
    LARGEST_STATE,
    LONGEST_HISTORY,
    LONGEST_LINE,
    DialogState,
)

NODES = frozenset("ab")


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
    assert DialogState.stored(stored) == state


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        {"node": "gone", "schema_version": 1},
        {"node": "a", "schema_version": 99},
        {"node": "a", "history": "what?"},
        {"node": "a", "visits": {"a": "often"}},
        {"node": "a", "environment": {"token": 7}},
        {"something": "else"},
    ],
)
def test_a_state_that_does_not_fit_begins_anew(stored: State | None) -> None:
    assert DialogState.stored(stored).at_work(NODES).is_fresh


def test_an_interrupted_node_that_is_gone_is_forgotten() -> None:
    state = at("b")
    state.interrupt()
    state.enter("a")
    assert state.at_work({"a"}).interrupts == ()
    assert state.at_work(NODES).interrupts == state.interrupts


def test_history_and_interrupts_are_bounded() -> None:
    state = at("a")
    for number in range(100):
        state.remember("user", f"{number} " + "x" * 5_000)
        state.interrupt()
    assert len(state.history) == LONGEST_HISTORY
    assert state.history[-1]["content"].startswith("99 ")
    assert max(len(line["content"]) for line in state.history) == LONGEST_LINE
    assert len(state.interrupts) == DEEPEST_INTERRUPT


def test_silence_is_not_remembered() -> None:
    state = at("a")
    state.remember("user", "")
    assert state.history == ()


def test_an_interrupt_returns_to_its_node_and_is_not_a_try_there() -> None:
    state = at("a")
    state.turns_in_node = 3
    state.interrupt()
    state.enter("b")
    assert state.resume() == "a"
    assert (state.node, state.turns_in_node) == ("a", 2)
    assert state.resume() == ""


def test_what_a_turn_does_to_its_copy_leaves_the_state_before_alone() -> None:
    state = at("a")
    state.remember("user", "hi")
    before = json.dumps(state.to_json())
    made = state.at_work(NODES)
    made.keep_slot("last_four", "4321")
    made.keep_result("looked_up", {"success": True})
    made.put_aside("token", "t")
    made.remember("assistant", "Hello!")
    made.interrupt()
    made.enter("b")
    made.resume()
    assert json.dumps(state.to_json()) == before
    assert made.filled == ()
    assert [line["content"] for line in made.history] == ["hi", "Hello!"]


def test_results_make_room_for_newer_ones() -> None:
    state = at("a")
    for number in range(20):
        state.keep_result(f"r{number}", "x" * 500)
    state.keep_result("r15", "again")
    stored = state.to_json()
    assert len(json.dumps(stored)) <= LARGEST_STATE
    assert list(DialogState.stored(stored).results)[-2:] == ["r19", "r15"]


def test_a_state_of_the_first_schema_is_taken_up() -> None:
    lines: list[JsonValue] = [{"role": "note", "text": "A regular."}, {"role": "user", "text": "hi"}]
    state = DialogState.stored({"schema_version": 1, "node": "a", "history": lines})
    assert state.node == "a"
    assert state.history == ({"role": "system", "content": "A regular."}, {"role": "user", "content": "hi"})


def test_a_history_with_a_call_that_has_lost_its_answer_is_repaired() -> None:
    lines: list[JsonValue] = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "function"}]},
        {"role": "tool", "content": "{}", "tool_call_id": "c"},
        {"role": "assistant", "content": "Hello!", "tool_calls": []},
    ]
    state = DialogState.stored({"node": "a", "history": lines})
    assert state.node == "a"
    assert state.history == (
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "Hello!"},
    )
