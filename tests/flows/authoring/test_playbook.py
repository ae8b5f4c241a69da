"""Playbooks of superdialog: recognized where a flow is expected, and converted in their simple form."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigurationError
from flows import DialogMachine
from flows.authoring.playbook import convert_playbook
from flows.document import Flow, FlowError
from flows.llm import GeneratedReply, ScriptedModel, TransitionDecision

SIMPLE = """
goal: Book a visit.
supervisor: true
persona: {identity: You are Mia., language: "English, or Hindi", gender: female}
opening: Greet the caller.
closing: Thank them.
playbook:
  - {id: greeting, purpose: "{% open %}", done_when: The caller wants to book.}
  - {id: details-2, gate: soft, say: "Ask {{name}}, {{other}}, {{a if b}}.", collect: [name, service type],
     done_when: Known}
  - {id: bye, purpose: Close., say: "Read back {{ name }}."}
facts: {prices: {cut: "40 \\"net\\"", wash: 9}, list: [a, b]}
objections: [{trigger: Too expensive, handle: Offer a cut.}]
boundaries: ["Never {% invent %}."]
fallback_actions: {callback: Offer to call back.}
interrupts: [{when: The caller says goodbye, to: main.bye}]
"""
FULL = """
persona: x
journeys: {main: {checkpoints: [{id: a, goal: b}]}}
handlers: [{id: h, on: webhook.x, pipeline: p}]
on: 1
"""


def write_playbook(folder: Path, text: str, name: str = "book.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


async def test_a_simple_playbook_becomes_a_flow_that_runs(tmp_path: Path) -> None:
    converted = convert_playbook(write_playbook(tmp_path, SIMPLE))
    flow = Flow.from_yaml(converted.text)
    greeting, details, bye = flow.nodes

    assert converted.left_out == ("supervisor", "playbook[1].gate", "persona.gender")
    assert flow.agent_language == "en"
    assert [greeting.instruction, greeting.name] == ["Greet the caller.", "( open )"]
    assert details.instruction == "Ask {{ name }}, (other), (a if b)."
    schema = details.edges[0].input_schema
    assert schema is not None
    assert schema["properties"] == {
        "name": {"type": "string", "description": "the name"},
        "service_type": {"type": "string", "description": "the service type"},
    }
    assert details.edges[0].id == "details_2_done"
    assert (bye.is_final, bye.instruction) == (True, "Read back {{ name }}.\nThank them.")
    assert "prices, cut: \"40 'net'\"" in flow.system_prompt
    assert "Too expensive → Offer a cut." in flow.system_prompt
    assert "Never ( invent )." in flow.system_prompt
    assert flow.global_edges[0].target_node_id == "bye"

    model = ScriptedModel(
        [TransitionDecision("greeting_done"), TransitionDecision("details_2_done", {"name": "Anna"})],
        [GeneratedReply(text) for text in ("Hello!", "Your name?", "Thank you, Anna.")],
    )
    machine = DialogMachine(flow, model)
    await machine.start()
    await machine.turn("I want to book")
    answer = await machine.turn("Anna")
    assert (answer.text, answer.outcome) == ("Thank you, Anna.", "final")


@pytest.mark.parametrize(
    ("text", "name", "sentence"),
    [
        (SIMPLE, "book.yaml", "in its simple form, not a flow: turngate flow convert"),
        ('{"goal": "x", "playbook": [{"id": "a"}]}', "book.json", "in its simple form, not a flow"),
        (FULL, "book.yaml", "in its full form"),
        ('{"journeys": {"main": {"checkpoints": []}}}', "book.json", "in its full form"),
    ],
)
def test_a_playbook_in_place_of_a_flow_is_named(tmp_path: Path, text: str, name: str, sentence: str) -> None:
    with pytest.raises(FlowError, match=sentence):
        Flow.load(write_playbook(tmp_path, text, name))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (FULL, "full form"),
        ("nodes: []\ninitial_node: a\nsystem_prompt: x", "not a Playbook"),
        ("playbook: [{say: a}]", r"playbook\[0\].id: This is required"),
        ("playbook: [{id: a}, {id: a}]", "already the id"),
        ("playbook: [{id: a}]\ninterrupts: [{when: b, to: main.c}]", "There is no node “c”"),
        ("playbook: [{id: a, collect: name}]", "A list is required here and this is the text “name”"),
    ],
)
def test_parts_that_cannot_be_converted_are_reported(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(FlowError, match=sentence):
        convert_playbook(write_playbook(tmp_path, text))


def test_the_name_of_a_file_is_not_a_flow() -> None:
    with pytest.raises(ConfigurationError, match=r"give Flow\.load"):
        DialogMachine("playbook.yaml")  # type: ignore[arg-type]
