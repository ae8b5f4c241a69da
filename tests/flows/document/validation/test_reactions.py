"""Reactions of a node, and slots filled only from message data."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flows.document import Flow, FlowError
from tests.flows.conversation import document, edge, input_schema, node


def list_issues(**more: Any) -> list[str]:
    made = node("a", "Q?", **{"edges": [edge("yes", "b", keywords=["yes"])], **more})
    try:
        Flow.from_json(json.dumps(document(made, node("b", "B", is_final=True))))
    except FlowError as error:
        return list(map(str, error.issues))
    return []


@pytest.mark.parametrize("emoji", ["👍", "👍🏽", "❤️", "❤", "1️⃣", "🇩🇪", "👨‍👩‍👧", "‼️", "✅"])
def test_an_emoji_is_one(emoji: str) -> None:
    assert list_issues(on_reaction={emoji: "yes"}, reaction=emoji) == []


@pytest.mark.parametrize("word", ["thumbsup", ":)", "+1", "1", "é", " ", "👍 yes"])
def test_what_is_not_an_emoji_is_named(word: str) -> None:
    assert list_issues(on_reaction={word: "yes"}) == [
        f"nodes[0].on_reaction: “{word}” is not an emoji; write one like 👍."
    ]
    assert list_issues(reaction=word) == [f"nodes[0].reaction: “{word}” is not an emoji; write one like 👍."]


def test_an_emoji_may_occur_once_whatever_its_skin_tone() -> None:
    assert list_issues(on_reaction={"👍": "yes", "👍🏽": "no"}) == [
        "nodes[0].on_reaction: “👍🏽” is “👍” in another skin tone or variant: keep one of them."
    ]


@pytest.mark.parametrize("format_", ["location", "form"])
@pytest.mark.parametrize("kind", ["string", "array"])
def test_a_slot_that_a_message_fills_is_an_object(format_: str, kind: str) -> None:
    schema = input_schema(p={"type": kind, "format": format_})
    assert list_issues(edges=[edge("p", "b", input_schema=schema)]) == [
        "nodes[0].edges[0].input_schema.properties.p.type: "
        f"A slot with the format “{format_}” has the type “object”."
    ]
