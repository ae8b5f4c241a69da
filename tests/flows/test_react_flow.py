from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.document import Flow
from flows.errors import FlowError
from tests.flows.talk import Json, machine, say


def placed(node_id: str, **data: Any) -> Json:
    return {"id": node_id, "type": "custom", "position": {"x": 0, "y": 0}, "data": data}


EXPORT: Json = {
    "config": {"systemPrompt": "You are kind.", "initialNodeId": "ask"},
    "nodes": [
        placed("end", name="End", staticResponse="Bye.", isFinal=True),
        placed("ask", label="Ask", staticResponse="Tea?", instructions="Ask about tea."),
        placed("talk", instruction="Chat.", static_text="Never said.", responseMode="llm"),
        placed("bare", staticResponse="  "),
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
