"""Contract with any-llm and Anthropic's protocol, on a server of loopback; skipped without the extra.

pip install 'any-llm-sdk[anthropic]' into a copy of the environment, then run this file.
"""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.errors import ConfigurationError
from flows import DialogMachine
from flows.authoring.trial import run_trial_turn
from flows.document import Flow
from flows.llm import Model, ModelError, ReplyRequest, create_model
from gateway.local.http_server import serve

pytest.importorskip("any_llm", reason="the extra turngate[anthropic] is not installed")
pytest.importorskip("anthropic", reason="the extra turngate[anthropic] is not installed")

FLOW = Flow.from_yaml("""
system_prompt: You sell tea.
initial_node: ask
nodes:
  - id: ask
    name: Ask
    static_text: "Which tea?"
    edges:
      - id: chosen
        condition: A tea was chosen
        target_node_id: done
        input_schema: {type: object, properties: {tea: {type: string, enum: [green, black]}}, required: [tea]}
  - {id: done, name: Done, static_text: "One {{ tea }} tea.", is_final: true}
""")


def build_message(content: list[dict[str, Any]], stop: str) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    }


TOOL_USE = build_message(
    [{"type": "tool_use", "id": "toolu_1", "name": "chosen", "input": {"tea": "green"}}], "tool_use"
)


def build_stream(*pieces: str) -> bytes:
    start = {**build_message([], ""), "stop_reason": None}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
            for piece in pieces
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 7},
        },
        {"type": "message_stop"},
    ]
    return "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events).encode()


class Server:
    """Anthropic's messages API with prepared answers; keeps the requests and their keys."""

    def __init__(self, *answers: Response) -> None:
        self.answers = list(answers)
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []

    async def answer(self, request: Request) -> Response:
        self.requests.append(await request.json())
        self.keys.append(request.headers.get("x-api-key"))
        return self.answers.pop(0)

    @asynccontextmanager
    async def model(self) -> AsyncIterator[Model]:
        app = Starlette(routes=[Route("/v1/messages", self.answer, methods=["POST"])])
        async with serve(app) as url:
            host = url.removeprefix("http://")
            model = create_model(f"anthropic/claude-x@{url}", api_key="sk-openai", keys={host: "sk-ant"})
            try:
                yield model
            finally:
                await model.aclose()


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that looks up any other host: the library must not phone home."""
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        assert host in ("127.0.0.1", b"127.0.0.1"), host
        return look_up(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


async def test_an_edge_is_chosen_by_a_function_call_with_its_values() -> None:
    server = Server(JSONResponse(TOOL_USE))
    async with server.model() as model:
        machine = DialogMachine(FLOW, model)
        await machine.start()
        answer = await machine.turn("the one that is green, please")

    (request,) = server.requests
    assert (answer.text, answer.outcome, answer.tokens) == ("One green tea.", "final", 15)
    assert answer.model.startswith("anthropic/claude-x")
    assert server.keys == ["sk-ant"]
    assert "You sell tea." in json.dumps(request["system"])
    assert request["messages"][0]["role"] == "user"
    assert "chosen" in [tool["name"] for tool in request["tools"]]
    assert request["tool_choice"]["type"] == "any"
    assert request["max_tokens"] == 1000


async def test_a_text_is_streamed_while_it_is_written() -> None:
    server = Server(Response(build_stream("Good ", "day."), media_type="text/event-stream"))
    written: list[str] = []
    async with server.model() as model:
        reply = await model.generate_reply(ReplyRequest("Greet.", write=written.append))

    assert (reply.text, "".join(written)) == ("Good day.", "Good day.")
    assert server.requests[0]["stream"] is True


@pytest.mark.parametrize(
    ("status", "kind", "tries", "reason"),
    [(401, "authentication_error", 1, "status_401"), (529, "overloaded_error", 3, "status_529")],
)
async def test_an_error_of_the_provider_is_a_reason(status: int, kind: str, tries: int, reason: str) -> None:
    error = {"type": "error", "error": {"type": kind, "message": "no"}}
    answers = [JSONResponse(error, status, {"retry-after": "0.01"}) for _ in range(3)]
    server = Server(*answers)
    async with server.model() as model:
        with pytest.raises(ModelError) as failed:
            await model.generate_reply(ReplyRequest("Greet."))

    assert (failed.value.reason, len(server.requests)) == (reason, tries)


async def test_no_server_is_a_connection_and_no_key_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    model = create_model("anthropic/claude-x@http://127.0.0.1:9")
    with pytest.raises(ModelError) as failed:
        await model.generate_reply(ReplyRequest("Greet."))
    assert failed.value.reason == "connection"

    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="TURNGATE_LLM_KEYS=anthropic="):
        create_model("anthropic/claude-x", api_key="sk-openai")


async def test_a_turn_falls_back_to_the_rules() -> None:
    model = create_model("anthropic/claude-x@http://127.0.0.1:9,rules")
    begun = await run_trial_turn(FLOW, model, None, "")
    turn = await run_trial_turn(FLOW, model, begun.state, "green")
    assert turn.outcome == "final"
