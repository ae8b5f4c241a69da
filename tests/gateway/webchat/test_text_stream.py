"""Text streamed while the model produces it, and a worker that dies during the stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.flows.conversation import edge, flow, node
from tests.flows.openai_server import OpenAIServer, StreamedAnswer, build_streamed_call
from tests.gateway.environments.stack import Stack, running_stack
from tests.gateway.webchat.api.test_routes import ask, running_web

FLOW = flow(
    node("a", "Hello!", edges=[edge("go", "b")]),
    node("b", instruction="Ask the name.", edges=[edge("x", "end")]),
    node("end", "The end.", is_final=True),
)
ASKED = {"text": "go", "session_id": "ada", "message_id": "m-2"}


class StreamingEnvironment(NamedTuple):
    stack: Stack
    server: OpenAIServer
    http: httpx.AsyncClient


@pytest.fixture
async def streaming_gateway(tmp_path: Path) -> AsyncIterator[StreamingEnvironment]:
    path = tmp_path / "flow.json"
    FLOW.save(path)
    async with running_stack() as stack, OpenAIServer().running() as server:
        stack.add_settings(
            TURNGATE_FLOW=str(path),
            TURNGATE_LLM="openai/small",
            OPENAI_API_KEY="k",
            OPENAI_BASE_URL=server.url,
        )
        async with running_web(stack) as http:
            await ask(http, "hello")
            yield StreamingEnvironment(stack, server, http)


@pytest.mark.long
async def test_the_first_text_reaches_the_client_while_the_model_is_still_writing(
    streaming_gateway: StreamingEnvironment,
) -> None:
    may_continue = asyncio.Event()
    streaming_gateway.server.answers = [
        build_streamed_call("go", "{", "}"),
        StreamedAnswer("Who ", "are", may_continue, " you?"),
    ]
    received = ""
    async with streaming_gateway.http.stream("POST", "/stream", json=ASKED) as answer:
        async for text in answer.aiter_text():
            received += text
            if "Who" in received:
                may_continue.set()

    assert received == "Who are you?"
    assert (await ask(streaming_gateway.http, "go", message_id="m-2")).json()["reply"] == "Who are you?"


@pytest.mark.long
async def test_a_disconnect_does_not_stop_the_turn(streaming_gateway: StreamingEnvironment) -> None:
    may_continue = asyncio.Event()
    streaming_gateway.server.answers = [
        build_streamed_call("go", "{", "}"),
        StreamedAnswer("Who ", "are", may_continue, " you?"),
    ]
    async with streaming_gateway.http.stream("POST", "/stream", json=ASKED) as answer:
        async for _ in answer.aiter_text():
            break
    may_continue.set()

    assert (await streaming_gateway.http.post("/turn", json=ASKED)).json()["reply"] == "Who are you?"


@pytest.mark.long
async def test_a_worker_that_dies_during_a_stream_loses_nothing(
    streaming_gateway: StreamingEnvironment,
) -> None:
    blocker = asyncio.Event()
    streaming_gateway.server.answers = [
        build_streamed_call("go", "{", "}"),
        StreamedAnswer("Who ", "knows", blocker),
        build_streamed_call("go", "{", "}"),
        StreamedAnswer("Who ", "are ", "you?"),
    ]
    headers = {"Accept": "text/event-stream"}
    kinds, pieces, done = [], "", {}
    async with streaming_gateway.http.stream("POST", "/stream", json=ASKED, headers=headers) as answer:
        kind = ""
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                kind = line[7:]
                kinds.append(kind)
            elif line.startswith("data: "):
                data = json.loads(line[6:])
                if kind == "done":
                    done = data
                else:
                    pieces = data["text"] if kind == "restart" else pieces + data["text"]
                if "knows" in pieces:
                    streaming_gateway.stack._started[-1].kill()
                    await streaming_gateway.stack.start_async_worker()
    blocker.set()

    assert (pieces, done["reply"]) == ("Who are you?", "Who are you?")
    assert kinds.count("restart") == 2
