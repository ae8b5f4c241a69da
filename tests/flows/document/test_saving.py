"""A saved flow is loaded unchanged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.document import Flow
from tests.effort import example_count
from tests.flows.conversation import LIBRARY, Json, document, edge, node

text = st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]), max_size=30)
optional: dict[str, st.SearchStrategy[Any]] = {
    "instruction": st.none() | text,
    "reprompt_text": text,
    "is_final": st.none() | st.booleans(),
    "max_turns": st.none() | st.integers(0, 9),
    "choices": st.lists(st.text(min_size=1, max_size=9).filter(lambda label: "{" not in label), max_size=3),
    "langGraph": st.just({"x": 1}),
    "hand_off": st.booleans(),
    "strange": text,
    "media": st.just([{"url": "https://example.org/a.png", "alt": "A"}]),
    "on_undelivered": st.just({"say": "Hm?", "tries": 2}),
}
nodes = st.fixed_dictionaries({}, optional=optional)


@st.composite
def draw_documents(draw: st.DrawFn) -> Json:
    parts = draw(st.lists(nodes, min_size=1, max_size=4))
    names = [f"n{index}" for index in range(len(parts))]
    made = [
        node(name, draw(text), edges=[edge("e", draw(st.sampled_from(names)), draw(text))], **part)
        for name, part in zip(names, parts, strict=True)
    ]
    optional = {"objective": text, "odd": text, "hours": st.just({"odd": 1, "closed_on": ["2026-12-25"]})}
    optional["languages"] = st.just({"de": {"odd": 1, "nodes": {"n0": {"odd": 1}}}})
    return document(*made, **draw(st.fixed_dictionaries({}, optional=optional)))


@settings(max_examples=example_count(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sound=draw_documents())
def test_what_is_saved_and_loaded_is_the_same_flow(sound: Json, tmp_path: Path) -> None:
    flow = Flow.model_validate(sound)
    flow.save(tmp_path / "flow.json")
    assert Flow.load(tmp_path / "flow.json") == flow
    if "languages" in sound:
        assert flow.in_language("de").agent_language == "de"


@pytest.mark.parametrize("name", ["kyc", "support"])
def test_a_library_flow_is_saved_as_it_was_written(name: str, tmp_path: Path) -> None:
    path = LIBRARY / f"{name}.json"
    Flow.load(path).save(tmp_path / "flow.json")
    assert json.loads((tmp_path / "flow.json").read_text(encoding="utf-8")) == json.loads(
        path.read_text(encoding="utf-8")
    )


def test_only_what_was_set_is_written_and_under_one_name_each(tmp_path: Path) -> None:
    action = {"id": "x", "name": "X", "method": "GET", "url": "https://example.org", "body_template": "{}"}
    trigger = {"trigger_type": "on_exit", "action_id": "x"}
    flow = Flow.model_validate(
        document(node("a", "Ä", actions=[trigger]), global_actions=[action], env_vars={"A": "b"})
    )
    flow.save(tmp_path / "flow.json")
    written = (tmp_path / "flow.json").read_text(encoding="utf-8")
    saved = json.loads(written)
    assert "Ä" in written
    assert set(saved) == {"system_prompt", "initial_node", "nodes", "actions", "environment_variables"}
    assert saved["actions"][0]["body"] == "{}"
    assert saved["nodes"][0]["actions"] == [{"trigger": "on_exit", "action_id": "x"}]
