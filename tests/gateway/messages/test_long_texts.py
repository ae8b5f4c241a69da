"""Long texts are sent in parts; nothing is cut silently."""

from __future__ import annotations

import pytest

from channels.twilio.rendering import render_parts as render_twilio
from channels.whatsapp.rendering import render_parts as render_whatsapp
from core.model import Address
from flows import DialogMachine, Flow
from flows.llm import TransitionDecision
from flows.llm.scripted import ScriptedModel

SMS = Address(channel="twilio", account="AC1", ours="+15550100", theirs="+15550111")


def build_flow(text: str) -> Flow:
    edges = [{"id": "on", "condition": "goes on", "target_node_id": "a"}]
    node = {"id": "a", "name": "a", "static_text": text, "edges": edges}
    return Flow.model_validate({"system_prompt": "Help.", "initial_node": "a", "nodes": [node]})


def build_sentences(count: int) -> str:
    return " ".join(f"Sentence {number:05}." for number in range(count))


@pytest.mark.long
@pytest.mark.parametrize("template", ["{text}", "{text} {{{{ name }}}}"])
async def test_a_long_text_of_the_flow_arrives_whole(template: str) -> None:
    text = template.format(text=build_sentences(2_800))  # 45,000 characters
    machine = DialogMachine(build_flow(text), "rules")
    answer = await machine.start()
    expected = text.replace("{{ name }}", "").split()
    for parts in (render_twilio(answer.messages[0], SMS), render_whatsapp(answer.messages[0])):
        assert " ".join(part.body for part in parts).split() == expected
    assert answer.issue == ""


async def test_a_long_text_of_a_model_arrives_whole() -> None:
    text = build_sentences(600)  # 9,600 characters
    machine = DialogMachine(build_flow("Hello!"), ScriptedModel([TransitionDecision(reply=text)]))
    await machine.start()
    answer = await machine.turn("tell me everything")
    assert " ".join(part.body for part in render_twilio(answer.messages[0], SMS)).split() == text.split()


async def test_a_cut_has_a_trace() -> None:
    machine = DialogMachine(build_flow("x " * 60_000), "rules")
    answer = await machine.start()
    assert (len(answer.text), answer.issue) == (100_000, "cut")
