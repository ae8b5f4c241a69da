from __future__ import annotations

import pytest

from flows.authoring.lint.cycles import find_infinite_loops
from flows.document import Flow
from tests.flows.conversation import LIBRARY, Json, asks, edge, flow, node

NAME = asks(name={"type": "string"})
ASKS = "A user who is not understood is asked the same question without end"


def told(*nodes: Json, **more: object) -> list[str]:
    return [str(problem) for problem in find_infinite_loops(flow(*nodes, **more))]


def router(name: str, *edges: Json) -> Json:
    return node(name, node_type="router", edges=list(edges))


def end(name: str = "end") -> Json:
    return node(name, "Bye.", is_final=True)


def asking(name: str = "ask", *edges: Json, **more: object) -> Json:
    return node(name, "Your name?", edges=[edge(f"{name}_given", "end", input_schema=NAME), *edges], **more)


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.json")), ids=lambda path: path.stem)
def test_each_loop_of_a_library_flow_has_a_bound(path: object) -> None:
    assert list(find_infinite_loops(Flow.load(str(path)))) == []


def test_a_cycle_without_input_is_reported_once_by_its_shortest_path() -> None:
    waits_not = "This never waits for anybody: a turn that comes round ends there, with nothing asked."
    assert told(
        router("a", edge("ab", "b"), edge("ac", "c")),
        router("b", edge("bc", "c")),
        node("c", "Just a moment.", auto_proceed=True, edges=[edge("ca", "a")]),
        router("self", edge("again", "self")),
    ) == [f"a → c → a: {waits_not}", f"self → self: {waits_not}"]


def test_a_cycle_with_a_question_is_not_reported() -> None:
    assert told(node("a", "A?", edges=[edge("ab", "b")]), router("b", edge("ba", "a"))) == []
    by_value = node("a", "Well.", auto_proceed=True, edges=[edge("ab", "b", input_schema=NAME)])
    assert told(by_value, router("b", edge("ba", "a"))) == []


def test_a_question_without_a_way_out_is_named() -> None:
    assert told(asking(), end())[0].startswith(f"node ask: {ASKS}: set max_turns")
    choice = node("menu", "Menu?", choices=["A"], edges=[edge("a", "end")])
    assert told(choice, end())[0].startswith(f"node menu: {ASKS}")
    checked = node("ask", "Name?", edges=[edge("on", "end")], completion_criteria=[{"key": "name"}])
    assert told(checked, end()) == []
    assert len(told({**checked, "allow_skip": False}, end())) == 1


def test_many_questions_without_a_way_out_are_one_line() -> None:
    chain = [asking(f"ask{number}") for number in range(7)]
    assert told(*chain, end())[0].startswith(f"nodes ask0, ask1, ask2, ask3, ask4 and 2 more: {ASKS}")


def test_a_question_has_a_bound_by_turns_a_person_or_a_budget() -> None:
    resort = edge("enough", "end", is_fallback=True)
    person = node("person", "One moment.", hand_off=True, timeout={"seconds": 60, "say": "Sorry."})
    assert told(asking("ask", resort, max_turns=3), end()) == []
    assert told(asking(), end(), person, global_edges=[edge("help", "person")]) == []
    assert told(asking("ask", edge("help", "person")), end(), person) == []
    assert told(asking(), end(), budget={"turns": 30}) == []
    closed = asking(interruptible=False)
    assert len(told(closed, end(), person, global_edges=[edge("help", "person")])) == 1


def test_two_questions_that_fall_back_on_each_other_have_no_bound() -> None:
    def falling(name: str, other: str) -> Json:
        return asking(name, edge(f"{name}_enough", other, is_fallback=True), max_turns=3)

    sorry = node("sorry", "Sorry.", auto_proceed=True, edges=[edge("again", "a")])
    assert told(falling("a", "b"), falling("b", "sorry"), sorry, end())[0].startswith("nodes a, b: A user")
    out = {**sorry, "edges": [edge("again", "end")]}
    assert told(falling("a", "b"), falling("b", "sorry"), out, end()) == []


def test_half_a_bound_is_named() -> None:
    assert told(node("a", "A?", edges=[edge("on", "end")], max_turns=3), end()) == [
        "node a: max_turns has no effect here: no edge is_fallback."
    ]
    half = node("a", "A?", edges=[edge("on", "end"), edge("out", "end", is_fallback=True)])
    assert told(half, end()) == ["node a: Nothing falls back on “out”: that takes max_turns."]


def test_a_last_resort_that_something_else_leads_to_needs_no_limit() -> None:
    edges = [edge("on", "end"), edge("out", "end", is_fallback=True)]
    waiting = node("a", "A?", edges=edges, timeout={"seconds": 60, "edge": "out"})
    assert told(waiting, end()) == []
    assert told(router("a", *edges), end()) == []
