from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from flows.document import Flow, FlowError
from tests.flows.conversation import Json, machine, say


def build_placed_node(node_id: str, **data: Any) -> Json:
    return {"id": node_id, "type": "custom", "position": {"x": 0, "y": 0}, "data": data}


EXPORT: Json = {
    "config": {"systemPrompt": "You are kind.", "initialNodeId": "ask"},
    "nodes": [
        build_placed_node("end", name="End", staticResponse="Bye.", isFinal=True),
        build_placed_node("ask", label="Ask", staticResponse="Tea?", instructions="Ask about tea."),
        build_placed_node("talk", instruction="Chat.", static_text="Never said.", responseMode="llm"),
        build_placed_node("bare", staticResponse="  "),
    ],
    "edges": [
        {"id": "go", "source": "ask", "target": "end", "data": {"condition": "yes, please"}},
        {"id": "no", "source": "ask", "target": "talk", "label": "no thanks"},
        {"id": "on", "source": "talk", "target": "bare", "data": {"isFallback": True, "guard": "tea"}},
    ],
}


async def test_an_export_runs() -> None:
    answer = await say(machine(Flow.from_json(json.dumps(EXPORT))), "hi", "yes please")
    assert (answer.text, answer.outcome) == ("Bye.", "final")


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_an_export_is_recognised_in_a_file_of_either_kind(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"flow.{suffix}"
    path.write_text(json.dumps(EXPORT) if suffix == "json" else yaml.safe_dump(EXPORT), encoding="utf-8")
    assert Flow.load(path).initial_node == "ask"


def test_nodes_take_their_texts_by_their_response_mode() -> None:
    nodes = {node.id: node for node in Flow.from_json(json.dumps(EXPORT)).nodes}
    assert {name: (node.name, node.static_text, node.instruction) for name, node in nodes.items()} == {
        "end": ("End", "Bye.", None),
        "ask": ("Ask", "Tea?", None),
        "talk": ("talk", None, "Chat."),
        "bare": ("bare", None, None),
    }
    assert nodes["end"].is_final


def test_edges_go_to_the_nodes_that_they_leave() -> None:
    nodes = {node.id: node for node in Flow.from_json(json.dumps(EXPORT)).nodes}
    assert [(edge.id, edge.condition) for edge in nodes["ask"].edges] == [
        ("go", "yes, please"),
        ("no", "no thanks"),
    ]
    on = nodes["talk"].edges[0]
    assert (on.condition, on.is_fallback, on.guard) == ("default", True, "tea")


@pytest.mark.parametrize(
    "top",
    [
        {"initialNodeId": "ask"},
        {"initial_node": "ask"},
        {"startNodeId": "ask", "globalConfig": {"systemPrompt": "You are kind."}},
        {"nodes": [EXPORT["nodes"][1], EXPORT["nodes"][0], *EXPORT["nodes"][2:]]},
    ],
)
def test_the_beginning_is_found_where_editors_put_it(top: Json) -> None:
    export = {key: value for key, value in EXPORT.items() if key != "config"} | top
    assert Flow.from_json(json.dumps(export)).initial_node == "ask"


def test_a_broken_export_is_refused_with_its_problems() -> None:
    broken = {**EXPORT, "edges": [{"id": "go", "source": "ask", "target": "nowhere"}]}
    with pytest.raises(FlowError, match="There is no node “nowhere”"):
        Flow.from_json(json.dumps(broken))
    with pytest.raises(FlowError, match="There is no node “”"):
        Flow.from_json(json.dumps({"initialNodeId": "", "nodes": 7, "edges": None}))


def test_a_problem_has_its_path_in_the_export() -> None:
    going = [{"id": "go", "source": "ask", "target": "end"}, {"id": "on", "source": "talk", "target": "ask"}]
    broken = {**EXPORT, "edges": [*going, {"id": "no", "source": "ask", "target": "nowhere", "guard": "1 +"}]}
    with pytest.raises(FlowError) as caught:
        Flow.from_json(json.dumps(broken))
    assert [problem.path for problem in caught.value.issues] == ["edges[2].target", "edges[2].guard"]


def test_what_an_export_cannot_carry_is_named() -> None:
    export = {
        **EXPORT,
        "nodes": [
            {**EXPORT["nodes"][0], "type": "final"},
            build_placed_node("ask", staticResponse="Tea?", tools=[]),
        ],
        "edges": [
            {"id": "go", "source": "ask", "target": "end", "data": {"priority": 1}},
            {"id": "lost", "source": "nowhere", "target": "end"},
        ],
        "actions": [],
        "global_edges": [],
        "agent_language": "de",
    }
    assert [problem.path for problem in Flow.from_json(json.dumps(export)).warnings] == [
        "actions",
        "global_edges",
        "agent_language",
        "nodes[0].type",
        "nodes[1].data.tools",
        "edges[0].data.priority",
        "edges[1].source",
    ]


def test_an_id_that_an_editor_made_up_is_put_right() -> None:
    names = ["reactflow__edge-1.a:b 2", "a.b", "a:b", "a_b", "x" * 70, "→"]
    edges = [{"id": name, "source": "ask", "target": "end"} for name in names]
    flow = Flow.from_json(json.dumps({**EXPORT, "edges": edges}))
    assert [edge.id for node in flow.nodes for edge in node.edges] == [
        "reactflow__edge-1_a_b_2",
        "a_b_2e7336dc",
        "a_b_6783a31e",
        "a_b",
        f"{'x' * 55}_c71bd109",
        "_",
    ]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), unique=True, max_size=6))
@example(["__stay_on_node__", "__stay_on_node__ "])
def test_whatever_edges_are_called_each_has_a_name_of_its_own(names: list[str]) -> None:
    edges = [{"id": name, "source": "ask", "target": "end"} for name in names]
    made = Flow.from_json(json.dumps({**EXPORT, "edges": edges}))
    assert len({edge.id for node in made.nodes for edge in node.edges}) == len(names)
