"""Tests that docs/flows.md is true: its example flow runs, and every extension key is documented."""

from __future__ import annotations

import re

import pytest

from flows.document import Edge, Flow, Node
from tests.flows.conversation import machine, say
from tests.paths import ROOT

GUIDE = (ROOT / "docs" / "flows.md").read_text(encoding="utf-8")


def example_flow() -> Flow:
    match = re.search(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    assert match
    return Flow.from_json(match[1])


async def test_the_example_flow_answers_a_question_and_takes_a_date() -> None:
    dialog = machine(example_flow())
    answer = await say(dialog, "hello", "what is your address?")
    assert answer.text == "You find us at 12 Quay Street.\n\nFor which day would you like a table?"
    assert (await dialog.turn("4 May 2027")).text == "See you on 4 May 2027!"


def test_the_example_flow_has_no_warnings() -> None:
    assert example_flow().warnings == ()


@pytest.mark.parametrize(
    "key", ["choices", "hand_off", "media", "reprompt_text", "keywords", "examples", "pattern"]
)
def test_an_extension_of_a_node_or_edge_is_documented(key: str) -> None:
    assert key in Node.model_fields or key in Edge.model_fields
    assert f"| `{key}` (extension) |" in GUIDE


@pytest.mark.parametrize("key", ["after_final", "closed_text", "budget"])
def test_an_extension_of_the_flow_is_documented(key: str) -> None:
    assert key in Flow.model_fields
    assert f"| `{key}` (extension) |" in GUIDE
