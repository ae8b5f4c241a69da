from __future__ import annotations

import pytest

from flows.authoring.lint.cycles import find_infinite_loops
from flows.document import Flow
from tests.flows.conversation import LIBRARY, Json, edge, flow, input_schema, node

NAME = input_schema(name={"type": "string"})
ASKS = "A user who is not understood is asked the same question endlessly"


def find_loops(*nodes: Json, **more: object) -> list[str]:
    return [str(problem) for problem in find_infinite_loops(flow(*nodes, **more))]


def build_router(name: str, *edges: Json) -> Json:
    return node(name, node_type="router", edges=list(edges))


def build_end(name: str = "end") -> Json:
    return node(name, "Bye.", is_final=True)


def build_question(name: str = "ask", *edges: Json, **more: object) -> Json:
    return node(name, "Your name?", edges=[edge(f"{name}_given", "end", input_schema=NAME), *edges], **more)


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.json")), ids=lambda path: path.stem)
def test_each_loop_of_a_library_flow_has_a_bound(path: object) -> None:
    assert list(find_infinite_loops(Flow.load(str(path)))) == []


def test_a_cycle_without_input_is_reported_once_by_its_shortest_path() -> None:
    waits_not = "This cycle never waits for the user: a turn that enters it ends there without a question."
    assert find_loops(
        build_router("a", edge("ab", "b"), edge("ac", "c")),
        build_router("b", edge("bc", "c")),
        node("c", "Just a moment.", auto_proceed=True, edges=[edge("ca", "a")]),
        build_router("self", edge("again", "self")),
    ) == [f"a → c → a: {waits_not}", f"self → self: {waits_not}"]


def test_a_cycle_with_a_question_is_not_reported() -> None:
    assert find_loops(node("a", "A?", edges=[edge("ab", "b")]), build_router("b", edge("ba", "a"))) == []
    by_value = node("a", "Well.", auto_proceed=True, edges=[edge("ab", "b", input_schema=NAME)])
    assert find_loops(by_value, build_router("b", edge("ba", "a"))) == []


def test_a_question_without_a_way_out_is_named() -> None:
    assert find_loops(build_question(), build_end())[0].startswith(f"node ask: {ASKS}: set max_turns")
    choice = node("menu", "Menu?", choices=["A"], edges=[edge("a", "end")])
    assert find_loops(choice, build_end())[0].startswith(f"node menu: {ASKS}")
    checked = node("ask", "Name?", edges=[edge("on", "end")], completion_criteria=[{"key": "name"}])
    assert find_loops(checked, build_end()) == []
    assert len(find_loops({**checked, "allow_skip": False}, build_end())) == 1


def test_many_questions_without_a_way_out_are_one_line() -> None:
    chain = [build_question(f"ask{number}") for number in range(7)]
    assert find_loops(*chain, build_end())[0].startswith(
        f"nodes ask0, ask1, ask2, ask3, ask4 and 2 more: {ASKS}"
    )


def test_a_question_has_a_bound_by_turns_a_person_or_a_budget() -> None:
    resort = edge("enough", "end", is_fallback=True)
    person = node("person", "One moment.", hand_off=True, timeout={"seconds": 60, "say": "Sorry."})
    assert find_loops(build_question("ask", resort, max_turns=3), build_end()) == []
    assert find_loops(build_question(), build_end(), person, global_edges=[edge("help", "person")]) == []
    assert find_loops(build_question("ask", edge("help", "person")), build_end(), person) == []
    assert find_loops(build_question(), build_end(), budget={"turns": 30}) == []
    closed = build_question(interruptible=False)
    assert len(find_loops(closed, build_end(), person, global_edges=[edge("help", "person")])) == 1


def test_two_questions_that_fall_back_on_each_other_have_no_bound() -> None:
    def build_fallback(name: str, other: str) -> Json:
        return build_question(name, edge(f"{name}_enough", other, is_fallback=True), max_turns=3)

    sorry = node("sorry", "Sorry.", auto_proceed=True, edges=[edge("again", "a")])
    [loop, *_] = find_loops(build_fallback("a", "b"), build_fallback("b", "sorry"), sorry, build_end())
    assert loop.startswith("nodes a, b: A user")
    out = {**sorry, "edges": [edge("again", "end")]}
    assert find_loops(build_fallback("a", "b"), build_fallback("b", "sorry"), out, build_end()) == []


def test_half_a_bound_is_named() -> None:
    assert find_loops(node("a", "A?", edges=[edge("on", "end")], max_turns=3), build_end()) == [
        "node a: max_turns has no effect here: no edge is_fallback."
    ]
    half = node("a", "A?", edges=[edge("on", "end"), edge("out", "end", is_fallback=True)])
    assert find_loops(half, build_end()) == ["node a: “out” is never used as a fallback: set max_turns."]


def test_a_last_resort_that_something_else_leads_to_needs_no_limit() -> None:
    edges = [edge("on", "end"), edge("out", "end", is_fallback=True)]
    waiting = node("a", "A?", edges=edges, timeout={"seconds": 60, "edge": "out"})
    assert find_loops(waiting, build_end()) == []
    assert find_loops(build_router("a", *edges), build_end()) == []
