from __future__ import annotations

import json
import re

import pytest

from flows.document import Action, ActionTrigger, Edge, Fallback, Flow, Node, Tool
from flows.document.expansion.models import CollectNode, CollectSlot, ConfirmNode, FaqEntry, MenuNode
from flows.document.flow import QuickReply
from flows.document.model.base import FlowModel
from flows.document.model.fallbacks import Timeout
from flows.document.schema import build_flow_schema
from tests.paths import ROOT

PUBLISHED = ROOT / "docs" / "flow.schema.json"


def test_the_published_schema_is_that_of_the_code() -> None:
    right = json.dumps(build_flow_schema(), indent=2, ensure_ascii=False) + "\n"
    assert PUBLISHED.read_text(encoding="utf-8") == right, "write it anew: turngate flow schema"


@pytest.mark.parametrize("part", [Node, Edge, Action, ActionTrigger])
def test_the_schema_names_every_key_of_a_part(part: type[Node | Edge | Action | ActionTrigger]) -> None:
    keys = {field.alias or name for name, field in part.model_fields.items()}
    assert keys <= set(build_flow_schema()["$defs"][part.__name__]["properties"])


def test_the_schema_asks_for_what_the_code_asks_for() -> None:
    schema = build_flow_schema()
    assert set(schema["required"]) == {"system_prompt", "initial_node", "nodes"}
    assert schema["$defs"]["Node"]["required"] == ["id", "name"]
    assert schema["$defs"]["Edge"]["required"] == ["id", "condition"]


def test_the_schema_has_the_other_names_of_keys() -> None:
    schema = build_flow_schema()
    assert {"global_actions", "env_vars"} <= set(schema["properties"])
    assert "body_template" in schema["$defs"]["Action"]["properties"]
    assert schema["$defs"]["ActionTrigger"]["anyOf"] == [
        {"required": ["trigger"]},
        {"required": ["trigger_type"]},
    ]
    assert set(Flow.model_fields) <= set(schema["properties"])


@pytest.mark.parametrize(
    "part",
    [
        Flow,
        Node,
        Edge,
        Action,
        Tool,
        ActionTrigger,
        QuickReply,
        Timeout,
        Fallback,
        CollectNode,
        CollectSlot,
        ConfirmNode,
        MenuNode,
        FaqEntry,
    ],
)
def test_every_key_is_explained(part: type[FlowModel]) -> None:
    schema = build_flow_schema()
    described = schema if part is Flow else schema["$defs"][part.__name__]
    keys = {field.alias or name for name, field in part.model_fields.items()}
    assert [key for key in keys if not described["properties"][key].get("description")] == []


@pytest.mark.parametrize("part", ["Edge", "Tool"])
def test_the_schema_limits_function_names(part: str) -> None:
    pattern = build_flow_schema()["$defs"][part]["properties"]["id"]["pattern"]
    assert re.search(pattern, "order_given")
    assert not re.search(pattern, "order given")
    assert not re.search(pattern, "x" * 65)
