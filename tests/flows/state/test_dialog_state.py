from __future__ import annotations

import json

import pytest
from pydantic import JsonValue

from core.ports import State
from flows.state import MAX_HISTORY_LINES, MAX_LINE_LENGTH, DialogState
from flows.state.dialog_state import MAX_INTERRUPT_DEPTH, MAX_STATE_LENGTH

NODES = frozenset("ab")


def build_state(node: str) -> DialogState:
    state = DialogState()
    state.enter_node(node)
    return state


def test_a_state_survives_storage() -> None:
    state = build_state("a")
    state.slots = {"last_four": "4321"}
    state.push_interrupt()
    state.add_history_line("user", "hi")
    stored = json.loads(json.dumps(state.to_json()))
    assert DialogState.from_json(stored) == state


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
def test_an_unreadable_state_is_restarted(stored: State | None) -> None:
    assert DialogState.from_json(stored).working_copy(NODES).is_new


def test_an_interrupted_node_that_is_gone_is_forgotten() -> None:
    state = build_state("b")
    state.push_interrupt()
    state.enter_node("a")
    assert state.working_copy({"a"}).interrupts == ()
    assert state.working_copy(NODES).interrupts == state.interrupts


def test_history_and_interrupts_are_bounded() -> None:
    state = build_state("a")
    for number in range(100):
        state.add_history_line("user", f"{number} " + "x" * 5_000)
        state.push_interrupt()
    assert len(state.history) == MAX_HISTORY_LINES
    assert state.history[-1]["content"].startswith("99 ")
    assert max(len(line["content"]) for line in state.history) == MAX_LINE_LENGTH
    assert len(state.interrupts) == MAX_INTERRUPT_DEPTH


def test_silence_is_not_remembered() -> None:
    state = build_state("a")
    state.add_history_line("user", "")
    assert state.history == ()


def test_an_interrupt_returns_to_its_node_and_is_not_a_try_there() -> None:
    state = build_state("a")
    state.turns_in_node = 3
    state.push_interrupt()
    state.enter_node("b")
    assert state.pop_interrupt() == "a"
    assert (state.node, state.turns_in_node) == ("a", 2)
    assert state.pop_interrupt() == ""


def test_what_a_turn_does_to_its_copy_leaves_the_state_before_alone() -> None:
    state = build_state("a")
    state.add_history_line("user", "hi")
    before = json.dumps(state.to_json())
    made = state.working_copy(NODES)
    made.set_slot("last_four", "4321")
    made.set_result("looked_up", {"success": True})
    made.set_environment("token", "t")
    made.add_history_line("assistant", "Hello!")
    made.push_interrupt()
    made.enter_node("b")
    made.pop_interrupt()
    assert json.dumps(state.to_json()) == before
    assert made.filled == ()
    assert [line["content"] for line in made.history] == ["hi", "Hello!"]


def test_results_make_room_for_newer_ones() -> None:
    state = build_state("a")
    for number in range(20):
        state.set_result(f"r{number}", "x" * 500)
    state.set_result("r15", "again")
    stored = state.to_json()
    assert len(json.dumps(stored)) <= MAX_STATE_LENGTH
    assert list(DialogState.from_json(stored).results)[-2:] == ["r19", "r15"]


def test_a_state_of_the_first_schema_is_taken_up() -> None:
    lines: list[JsonValue] = [{"role": "note", "text": "A regular."}, {"role": "user", "text": "hi"}]
    state = DialogState.from_json({"schema_version": 1, "node": "a", "history": lines})
    assert state.node == "a"
    assert state.history == ({"role": "system", "content": "A regular."}, {"role": "user", "content": "hi"})


def test_a_history_with_a_call_that_has_lost_its_answer_is_repaired() -> None:
    lines: list[JsonValue] = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "function"}]},
        {"role": "tool", "content": "{}", "tool_call_id": "c"},
        {"role": "assistant", "content": "Hello!", "tool_calls": []},
    ]
    state = DialogState.from_json({"node": "a", "history": lines})
    assert state.node == "a"
    assert state.history == (
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "Hello!"},
    )
