"""Parts of a flow that are read, and never have the effect that their author meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels._kit.rendering import attach_choices
from flows.authoring.lint import lint
from tests.flows.authoring.lint.findings import CHAT, list_findings
from tests.flows.conversation import Json, document, edge, node

CALL = {"id": "c", "name": "C", "method": "GET", "url": "https://x.example"}


def write_yaml(folder: Path, text: str) -> Path:
    file = folder / "flow.yaml"
    lines = ("system_prompt: You sell flowers.", "initial_node: a", "nodes:", "  - id: a", "    name: A")
    file.write_text("\n".join((*lines, f"    static_text: {text}", "    is_final: true\n")), encoding="utf-8")
    return file


def build_flow(flow: Json | None = None, **more: object) -> Json:
    made = document(node("a", "A?", edges=[edge("go", "b", keywords=["go"])], **more), node("b", "B"))
    made["nodes"][1]["is_final"] = True
    return {**made, "budget": {"turns": 9}, **(flow or {})}


@pytest.mark.parametrize(
    ("flow", "problem"),
    [
        (build_flow({"environment_variables": ["x"]}), "environment_variables[0]: This is the text “x”"),
        (build_flow({"environment_variables": "x"}), "environment_variables: This is the text “x”"),
        (build_flow({"env_vars": [{"name": "A", "value": "b"}]}), "env_vars[0]: This is an object"),
        (build_flow({"actions": [{**CALL, "headers": [{"name": "A"}]}]}), "actions[0].headers[0]: This is"),
        (build_flow({"actions": [{**CALL, "condition": "day == 1"}]}), "action c: “day == 1” is a text"),
        (build_flow({"hours": {}}), "hours: No day has hours"),
        (build_flow(out_of_hours={"say": "Closed."}), "node a: out_of_hours has no effect"),
        (build_flow(remind={"at": "tomorrow", "text": "Hi"}), "node a: The reminder is never sent"),
        (build_flow(outside_window={"channel": "twillio"}), "node a: There is no channel “twillio”"),
        (build_flow({"outside_window": {"channel": "chta"}}), "outside_window: There is no channel “chta”"),
    ],
)  # fmt: skip
def test_it_is_named(tmp_path: Path, flow: Json, problem: str) -> None:
    found = list_findings(tmp_path, flow, chat=CHAT)

    assert any(line.startswith(f"warning: {problem}") for line in found), found


def test_what_has_an_effect_is_not_named(tmp_path: Path) -> None:
    pairs = [{"key": "A", "value": "b"}]
    remind = {"at": "2027-01-01T10:00", "text": "Hi"}
    flow = build_flow(
        {"environment_variables": pairs, "hours": {"monday": ["09:00-17:00"]}},
        remind=remind,
        out_of_hours={"say": "Closed."},
        outside_window={"channel": "chat/shop"},
    )
    assert list_findings(tmp_path, flow, chat=CHAT) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("&Terms apply", "“&Terms” is a name for what follows"),
        ("Your order #{{ n }} is ready", "“#{{ n }} is ready” is a comment"),
        ("Dial #5", "“#5” is a comment"),
    ],
)
def test_a_text_of_which_yaml_drops_a_part_is_named(tmp_path: Path, text: str, problem: str) -> None:
    found = [str(each) for each in lint(write_yaml(tmp_path, text), {}, attach_choices)]

    assert any(line.startswith(f"warning: line 6: {problem}") for line in found), found


@pytest.mark.parametrize(
    "text",
    ['"Order #5"', "Hello # a comment", "Hello #TODO greet better", "Order#5", ">-\n      Dial #5",
     "&hi Hello\n    reprompt_text: *hi"],
)  # fmt: skip
def test_an_ordinary_text_or_comment_is_not(tmp_path: Path, text: str) -> None:
    assert lint(write_yaml(tmp_path, text), {}, attach_choices) == ()
