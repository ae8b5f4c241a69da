"""Speculative replies: the request that chooses the edge also returns the next node's message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from flows.compiled import compile_flow
from flows.compiled.lookahead import MAX_INSTRUCTION_LENGTH
from flows.engine import DialogMachine
from flows.llm import STAY_FUNCTION_NAME, ScriptedModel, TransitionDecision
from flows.llm.functions import NEXT_MESSAGE_KEY
from flows.llm.openai.model import OpenAIModel
from tests.flows.conversation import Json, edge, flow, input_schema, machine, node
from tests.flows.openai_server import (
    OpenAIServer,
    StreamedAnswer,
    build_call,
    build_no_tools_error,
    build_streamed_call,
    build_text_answer,
)

NAME = input_schema(name={"type": "string"})
MADE = flow(
    node("a", "Hello!", edges=[edge("go", "b"), edge("named", "b", input_schema=NAME)]),
    node("b", instruction="Ask for the weather there.", edges=[edge("x", "end")]),
    node("end", "The end.", is_final=True),
)


@pytest.fixture
async def dialog(server: OpenAIServer) -> AsyncIterator[DialogMachine]:
    made = machine(MADE, OpenAIModel("small", api_key="k", base_url=server.url, timeout=5, retries=0))
    await made.start()
    yield made
    await made.aclose()


def read_parameters(request: Json, name: str) -> Json:
    made: Json = next(
        each["function"]["parameters"] for each in request["tools"] if each["function"]["name"] == name
    )
    return made


@pytest.mark.long
async def test_an_edge_its_slots_and_the_next_message_are_one_request(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    server.answers = [build_call("named", {"name": "Ada", NEXT_MESSAGE_KEY: "How is the weather, Ada?"})]
    answer = await dialog.turn("I am Ada")
    assert (answer.node, answer.text, answer.tokens) == ("b", "How is the weather, Ada?", 42)
    assert dialog.state is not None
    assert dialog.state["slots"] == {"name": "Ada"}
    (request,) = server.requests
    offered = read_parameters(request, "named")
    assert list(offered["properties"]) == offered["required"] == ["name", NEXT_MESSAGE_KEY]
    assert "Ask for the weather there." in offered["properties"][NEXT_MESSAGE_KEY]["description"]
    assert NEXT_MESSAGE_KEY not in read_parameters(request, STAY_FUNCTION_NAME)["properties"]


async def test_a_missing_speculative_reply_is_requested(server: OpenAIServer, dialog: DialogMachine) -> None:
    for written in ({}, {NEXT_MESSAGE_KEY: ""}, {NEXT_MESSAGE_KEY: 7}):
        await dialog.start()
        server.answers = [build_call("go", written), build_text_answer("How is it there?")]
        answer = await dialog.turn("go")
        assert (answer.text, answer.issue, answer.tokens) == ("How is it there?", "", 84)


async def test_a_speculative_reply_of_an_edge_not_followed_is_dropped(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    server.answers = [build_call("named", {NEXT_MESSAGE_KEY: "How is the weather?"})]
    answer = await dialog.turn("go")
    assert (answer.node, answer.outcome) == ("a", "stay")
    assert "weather" not in answer.text


async def test_a_speculative_reply_is_streamed(server: OpenAIServer, dialog: DialogMachine) -> None:
    go_on = asyncio.Event()
    server.answers = [build_streamed_call("go", f'{{"{NEXT_MESSAGE_KEY}": "How is', go_on, ' it?"}')]
    stream = await dialog.turn("go", stream=True)
    chunks = aiter(stream)
    assert (await anext(chunks)).text == "How is"
    go_on.set()
    assert [chunk.text async for chunk in chunks] == [" it?"]
    assert (stream.result.node, stream.result.text) == ("b", "How is it?")


async def test_a_conditional_speculative_reply_is_streamed_once_accepted(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    server.answers = [
        build_streamed_call("named", f'{{"{NEXT_MESSAGE_KEY}": "How is it?", ', '"name": null}')
    ]
    stream = await dialog.turn("go", stream=True)
    told = [chunk async for chunk in stream]
    assert "".join(chunk.text for chunk in told) == stream.result.text
    assert not any(chunk.is_restart or "How" in chunk.text for chunk in told)


async def test_a_model_without_tools_writes_them_into_its_json(
    server: OpenAIServer, dialog: DialogMachine
) -> None:
    whole = json.dumps({"function": "go", "arguments": {NEXT_MESSAGE_KEY: "How is it?"}})
    server.answers = [build_no_tools_error(), StreamedAnswer(whole[:-9], whole[-9:])]
    stream = await dialog.turn("go", stream=True)
    told = [chunk.text async for chunk in stream]
    assert "".join(told) == stream.result.text == "How is it?"
    assert len(told) == 2
    assert stream.result.node == "b"


async def test_a_router_that_a_model_chooses_at_speaks_in_the_same_request() -> None:
    made = flow(
        node("a", "Hello!", edges=[edge("go", "r")]),
        node("r", edges=[edge("one", "b", "rain"), edge("two", "end", "shine")]),
        node("b", instruction="Ask for the weather.", edges=[edge("x", "end")]),
        node("end", "The end.", is_final=True),
    )
    script = ScriptedModel(
        [TransitionDecision("go", reply="Not asked."), TransitionDecision("one", reply="How is it?")]
    )
    dialog = machine(made, script)
    await dialog.start()
    assert (await dialog.turn("go")).text == "How is it?"
    script.assert_complete()


ASKING = node("b", instruction="Ask for the weather.", edges=[edge("x", "end")])
WAY = edge("go", "b")
LOOK = {"id": "look", "name": "look", "method": "GET", "url": "https://x.example/"}


def build_trigger(trigger: str) -> Json:
    return {"actions": [{"trigger": trigger, "action_id": "look"}]}


@pytest.mark.parametrize(
    ("way", "target", "source", "is_ahead"),
    [
        (WAY, ASKING, {}, True),
        (WAY, {**ASKING, "is_final": True, "edges": []}, {}, True),
        (WAY, {**ASKING, "static_text": "How is it?"}, {}, False),
        (WAY, {**ASKING, "reprompt_text": "How is it?"}, {}, False),
        (WAY, {**ASKING, "instruction": "Ask {{ name }} for the weather."}, {}, False),
        (WAY, {**ASKING, "instruction": "EN line: 'How is it?'"}, {}, False),
        (WAY, {**ASKING, "instruction": "This is a silent routing node."}, {}, False),
        (WAY, {**ASKING, "auto_proceed": True}, {}, False),
        (WAY, {**ASKING, **build_trigger("on_enter")}, {}, False),
        ({**WAY, **build_trigger("on_enter")}, ASKING, {}, False),
        (WAY, ASKING, build_trigger("on_exit"), False),
        (WAY, {**ASKING, "instruction": "a" * (MAX_INSTRUCTION_LENGTH + 1)}, {}, False),
    ],
    ids=[
        "a plain instruction",
        "a final one",
        "a text of its own",
        "a text for another time",
        "a value that the edge may bring",
        "a scripted line",
        "nothing to say",
        "more to follow",
        "a call on entering",
        "a call on the way",
        "a call on leaving",
        "too much",
    ],
)
def test_speculative_replies_are_requested_only_without_missing_values(
    way: Json, target: Json, source: Json, is_ahead: bool
) -> None:
    end = node("end", "The end.", is_final=True)
    made = compile_flow(flow(node("a", "Hello!", edges=[way], **source), target, end, actions=[LOOK]))
    assert bool(made.nodes["a"].speculative_replies) is is_ahead
