"""The guide tells the truth: its flow runs, and it names every key that is ours."""

from __future__ import annotations

import re

import pytest

from flows.document import Edge, Flow, Node
from tests.flows.conversation import machine, say
from tests.paths import ROOT

GUIDE = (ROOT / "docs" / "flows.md").read_text(encoding="utf-8")


def example() -> Flow:
    found = re.search(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    assert found
    return Flow.from_json(found[1])


async def test_the_flow_of_the_guide_runs_as_it_says() -> None:
    talk = machine(example())
    answer = await say(talk, "hello", "what is your address?")
    assert answer.text == "You find us at 12 Quay Street.\n\nFor which day would you like a table?"
    assert (await talk.turn("4 May 2027")).text == "See you on 4 May 2027!"


def test_the_flow_of_the_guide_has_no_warning() -> None:
    assert example().warnings == ()


@pytest.mark.parametrize(
    "key", ["choices", "hand_off", "media", "reprompt_text", "keywords", "examples", "pattern"]
)
def test_a_key_of_ours_is_in_the_guide(key: str) -> None:
    assert key in Node.model_fields or key in Edge.model_fields
    assert f"| `{key}` (ours) |" in GUIDE


@pytest.mark.parametrize("key", ["after_final", "closed_text", "budget"])
def test_a_key_of_ours_on_the_flow_is_in_the_guide(key: str) -> None:
    assert key in Flow.model_fields
    assert f"| `{key}` (ours) |" in GUIDE
