from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from channels._kit.sms import costly
from core.channel import Capabilities
from flows.authoring.lint import lint
from tests.flows.talk import LIBRARY, Json, asks, document, edge, node

SMS = Capabilities(max_webhook_bytes=1, max_webhook_fields=1, text_length=100)
CHAT = SMS.model_copy(update={"buttons": 3, "button_title_length": 20, "media": 1, "text_length": 4096})


def found(tmp_path: Path, made: Json, **channels: Capabilities) -> list[str]:
    (tmp_path / "flow.json").write_text(json.dumps(made), encoding="utf-8")
    return [str(finding) for finding in lint(tmp_path / "flow.json", channels)]


def menu(*labels: str, text: str = "Menu?", **more: Any) -> Json:
    return document(node("menu", text, choices=list(labels), is_final=True, **more))


def test_a_library_flow_is_clean_where_nothing_is_limited() -> None:
    roomy = CHAT.model_copy(update={"buttons": 20})
    for path in LIBRARY.glob("*.json"):
        assert lint(path, {"chat": roomy}) == ()


def test_problems_stand_alone(tmp_path: Path) -> None:
    assert found(tmp_path, document(node("a", "A"), initial_node="b"), sms=SMS) == [
        "problem: initial_node: There is no node “b”."
    ]


def test_a_file_that_is_not_there_is_a_problem_too() -> None:
    assert [finding.level for finding in lint("nowhere.json", {})] == ["problem"]


def test_choices_are_held_to_each_channel(tmp_path: Path) -> None:
    assert found(tmp_path, menu("A", "B", "C", "D", "E"), twilio=SMS, chat=CHAT) == [
        "channel: node menu: shows 5 choices: twilio has no buttons: numbered list",
        "channel: node menu: shows 5 choices: chat has 3 buttons: numbered list",
    ]
    assert found(tmp_path, menu("A title of 25 characters."), chat=CHAT) == [
        "channel: node menu: “A title of 25 characters.” has 25 characters: chat takes 20"
    ]


def test_long_texts_and_media_are_held_to_each_channel(tmp_path: Path) -> None:
    media = [{"url": "https://example.org/a.png"}] * 2
    assert found(tmp_path, menu(text="x" * 101, media=media), sms=SMS, chat=CHAT) == [
        "channel: node menu: has a text of 101 characters: sms takes 100: split",
        "channel: node menu: has 2 media: sms takes 0",
        "channel: node menu: has 2 media: chat takes 1",
    ]


def test_a_text_that_is_dear_by_sms_is_named_with_the_reason(tmp_path: Path) -> None:
    def said(text: str, *labels: str) -> list[str]:
        (tmp_path / "flow.json").write_text(json.dumps(menu(*labels, text=text)), encoding="utf-8")
        return [str(finding) for finding in lint(tmp_path / "flow.json", {}, {"twilio": costly})]

    assert said("x" * 459) == []
    assert said("x" * 460) == ["channel: node menu: its text takes 4 SMS (GSM-7, 460 septets): twilio"]
    assert said("x" * 300, "y" * 155) == [
        "channel: node menu: its text takes 4 SMS (GSM-7, 460 septets): twilio"
    ]
    assert said("👋" + "x" * 200) == [
        "channel: node menu: its text takes 4 SMS (UCS-2, 202 characters); “👋” is not in the plain "
        "alphabet, which has 160 a message and not 70: twilio"
    ]
    assert said("“x”" * 100) == []  # quotes are made plain where that saves messages


def test_a_node_that_only_a_language_model_can_speak_for_is_named(tmp_path: Path) -> None:
    private = document(node("a", instruction="Be nice.", is_final=True))
    assert found(tmp_path, private) == [
        "warning: node a: This has no text of its own: without a language model it says a stock phrase."
    ]
    scripted = document(node("a", instruction="EN line: 'Hello.'", is_final=True))
    assert found(tmp_path, scripted) == []


def test_a_criterion_that_no_edge_can_meet_is_named(tmp_path: Path) -> None:
    schema = asks(name={"type": "string"})
    criteria = [{"key": "name"}, {"key": "age"}, {"key": "hobby", "required": False}]
    made = document(
        node("a", "A?", edges=[edge("go", "b", input_schema=schema)], completion_criteria=criteria),
        node("b", "B.", is_final=True),
    )
    assert found(tmp_path, made) == ["warning: node a: No edge here learns “age”, which is required."]


def test_a_call_whose_failure_leads_nowhere_is_named(tmp_path: Path) -> None:
    call = {"id": "get", "name": "g", "method": "GET", "url": "https://x.example", "store_response_as": "got"}
    bare = [{"trigger": "on_enter", "action_id": "get"}]
    tool = {"id": "t", "name": "t", "description": "d"}

    def made(triggers: list[Json], condition: str = "always") -> Json:
        nodes = (
            node("a", "A?", edges=[edge("go", "b", condition)], actions=triggers),
            node("b", "B.", is_final=True),
        )
        return document(*nodes, actions=[call], tools=[tool])

    alone = "warning: tool t: When this fails only the model is told: it has no on_failure."
    assert found(tmp_path, made(bare)) == [
        "warning: node a: Nothing happens when “get” fails: give its trigger an on_failure.",
        alone,
    ]
    assert found(tmp_path, made([{**bare[0], "on_failure": "go"}])) == [alone]
    assert found(tmp_path, made(bare, "got.success is true")) == [alone]
