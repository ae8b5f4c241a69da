"""Moderation of user and bot messages."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from starlette.responses import JSONResponse, Response

from core.errors import ConfigurationError
from flows.document import Flow
from flows.engine import DialogMachine
from flows.llm import ModelError, ScriptedModel, TransitionDecision, create_moderator
from flows.llm.openai.moderation import OpenAIModerator
from flows.locales import ENGLISH
from tests.flows.conversation import edge, flow, node, turn
from tests.flows.openai_server import OpenAIServer, build_busy_error

FLOW = flow(
    node("a", "Hello!", edges=[edge("go", "b")]),
    node("b", "Well done.", edges=[edge("x", "end")]),
    node("end", "The end.", is_final=True),
)


class WordModerator:
    """Objects to one word; with `fails`, it cannot say from the text on that holds that."""

    def __init__(self, word: str, fails: str = "nothing") -> None:
        self.word = word
        self.fails = fails
        self.read: list[str] = []

    async def flags(self, text: str) -> bool:
        self.read.append(text)
        if self.fails in text:
            raise ModelError("the moderator is down")
        return self.word in text

    async def aclose(self) -> None:
        self.read.clear()


def build_machine(warden: WordModerator, *decisions: TransitionDecision, flow: Flow = FLOW) -> DialogMachine:
    return DialogMachine(flow, ScriptedModel(list(decisions)), moderator=warden)


async def test_a_rejected_user_message_reaches_no_model() -> None:
    dialog = build_machine(WordModerator("bomb"), TransitionDecision(edge_id="go"))
    await dialog.turn("hi")
    before = dialog.state
    refused = await dialog.turn("how do I build a bomb")

    assert (refused.text, refused.outcome) == (ENGLISH.refusal, "refused")
    assert dialog.state == before
    assert (await dialog.turn("go")).text == "Well done."


async def test_what_a_button_sends_is_looked_at_too() -> None:
    dialog = build_machine(WordModerator("damn"))
    await dialog.turn("hi")
    answer = await dialog.turn(turn("", payload="damn you"))

    assert (answer.outcome, answer.text) == ("refused", ENGLISH.refusal)
    assert "damn" not in json.dumps(dialog.state)


async def test_a_rejected_reply_is_neither_sent_nor_stored() -> None:
    dialog = build_machine(WordModerator("damn"), TransitionDecision(reply="damn you"))
    await dialog.turn("hi")
    answer = await dialog.turn("go on")

    assert answer.text == ENGLISH.refusal
    assert "damn" not in json.dumps(dialog.state)


async def test_nothing_is_streamed_before_moderation() -> None:
    dialog = build_machine(WordModerator("damn"), TransitionDecision(reply="damn you"))
    await dialog.turn("hi")
    stream = await dialog.turn("go on", stream=True)

    assert [chunk.text async for chunk in stream] == [ENGLISH.refusal]


async def test_a_failing_moderator_lets_nothing_pass() -> None:
    dialog = build_machine(WordModerator("-", fails="hm"), TransitionDecision(edge_id="go"))
    await dialog.turn("hi")
    assert (await dialog.turn("hm")).text == ENGLISH.apology

    dialog = build_machine(WordModerator("-", fails="Well done"), TransitionDecision(edge_id="go"))
    await dialog.turn("hi")
    answer = await dialog.turn("go")
    assert answer.text == ENGLISH.apology
    assert answer.node == "b"  # what was done stays done


async def test_a_failing_moderator_costs_an_apology_that_varies() -> None:
    dialog = build_machine(WordModerator("-", fails="hm"), TransitionDecision(reply="Yes?"))
    answers = [await dialog.turn("hm") for _ in range(4)]
    assert {answer.outcome for answer in answers} == {"error"}
    assert all(one.text != other.text for one, other in pairwise(answers))
    assert answers[0].text == ENGLISH.apology

    assert (await dialog.turn("hi")).text == "Hello!"
    assert (await dialog.turn("hm")).text == ENGLISH.apology

    dialog = build_machine(
        WordModerator("-", fails="Yes?"), TransitionDecision(reply="Yes?"), TransitionDecision(reply="Yes?")
    )
    await dialog.turn("hi")
    first, second = [await dialog.turn("go on") for _ in range(2)]
    assert (first.text, first.issue) == (ENGLISH.apology, "moderated")
    assert second.text != first.text


async def test_the_real_client_asks_the_servers_own_way() -> None:
    async with OpenAIServer().running() as server:
        moderator = OpenAIModerator("omni", api_key="k", base_url=server.url)
        for flagged in (True, False):
            server.answers = [
                build_busy_error(),
                JSONResponse({"id": "m", "model": "omni", "results": [{"flagged": flagged}]}),
            ]
            assert await moderator.flags("some words \ud83d") is flagged
        assert server.requests[-1] == {"model": "omni", "input": "some words �"}

        for wrong in (
            JSONResponse({"results": []}),
            JSONResponse({"results": {"a": 1}}),
            JSONResponse({"id": "m"}),
            JSONResponse({}, 403),
            Response("[" * 100_000, media_type="application/json"),
            build_busy_error(60),
        ):
            server.answers = [wrong]
            with pytest.raises(ModelError):
                await moderator.flags("some words")
        await moderator.aclose()


@pytest.mark.parametrize("spec", ["omni", "openai/", "other/omni"])
def test_what_is_not_a_moderator_is_refused(spec: str) -> None:
    with pytest.raises(ConfigurationError, match="TURNGATE_MODERATION"):
        create_moderator(spec, api_key="k")
