"""Dialog machines on library flows, and builders of small flows."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import flows
from core.model import Address, Location, Turn
from flows.document import Flow, FlowError
from flows.engine import DialogMachine, TurnResult
from flows.llm import GeneratedReply, Model, ScriptedModel, TransitionDecision

LIBRARY = Path(flows.__file__).parent / "library"
TODAY = date(2026, 11, 23)
HERE = Address(channel="web", account="", ours="", theirs="")
PLACE = Location(latitude=47.5, longitude=19.0, label="Home", address="1 Quay Street")

Json = dict[str, Any]


def machine(flow: Flow, llm: str | Model = "rules") -> DialogMachine:
    return DialogMachine(flow, llm, today=lambda: TODAY)


def load_library(name: str) -> DialogMachine:
    return machine(Flow.load(LIBRARY / f"{name}.json"))


async def say(dialog: DialogMachine, *texts: str) -> TurnResult:
    """Say `texts` one after another; the answer to the last."""
    for text in texts[:-1]:
        await dialog.turn(text)
    return await dialog.turn(texts[-1])


def turn(text: str = "", **more: Any) -> Turn:
    return Turn(id="m1", session="s1", address=HERE, text=text, **more)


def node(name: str, text: str | None = None, *, edges: list[Json] | None = None, **more: Any) -> Json:
    return {"id": name, "name": name, "static_text": text, "edges": edges or [], **more}


def edge(name: str, target: str | None, condition: str = "as it says", **more: Any) -> Json:
    return {"id": name, "condition": condition, "target_node_id": target, **more}


def input_schema(required: bool = True, **properties: Json) -> Json:
    """An `input_schema` of these properties."""
    return {"type": "object", "properties": properties, "required": list(properties) if required else []}


def document(*nodes: Json, **more: Any) -> Json:
    return {"system_prompt": "You are kind.", "initial_node": nodes[0]["id"], "nodes": list(nodes), **more}


def flow(*nodes: Json, **more: Any) -> Flow:
    return Flow.model_validate(document(*nodes, **more))


def find_issues(broken: Json | str) -> dict[str, str]:
    """Return the messages about a document or its text that cannot be loaded, by their places."""
    with pytest.raises(FlowError) as caught:
        Flow.from_json(broken if isinstance(broken, str) else json.dumps(broken))
    return {issue.path: issue.message for issue in caught.value.issues}


def script_decisions(
    *steps: str | TransitionDecision | Exception, speeches: tuple[GeneratedReply | Exception, ...] = ()
) -> ScriptedModel:
    """Build a model that decides in these steps: an edge's ID, a decision or an error."""
    return ScriptedModel(
        [TransitionDecision(edge_id=s) if isinstance(s, str) else s for s in steps], speeches
    )
