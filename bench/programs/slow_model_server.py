"""A model server on loopback that waits for a while and then calls the first function it is offered."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_MODEL_NAME = "bench"


class _ModelProtocol(asyncio.Protocol):
    """Implements just enough of OpenAI's chat completions over HTTP/1.1."""

    in_progress = 0

    def __init__(self, seconds: float, busiest: Any) -> None:
        self._seconds = seconds
        self._peak = busiest
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(body) < _content_length(head):
            return
        self._buffer = b""
        answer = json.dumps(_build_completion(json.loads(body))).encode()
        _ModelProtocol.in_progress += 1
        self._peak.value = max(self._peak.value, _ModelProtocol.in_progress)
        asyncio.get_running_loop().call_later(self._seconds, self._answer, answer)

    def _answer(self, answer: bytes) -> None:
        _ModelProtocol.in_progress -= 1
        if not self._transport.is_closing():
            self._transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
                % (len(answer), answer)
            )


def _build_completion(request: dict[str, object]) -> dict[str, object]:
    message: dict[str, object] = {"role": "assistant", "content": "Thank you. What comes next?"}
    if request.get("tools"):  # the last function offered means to stay and reply
        tools = request["tools"]
        assert isinstance(tools, list)
        name = tools[-1]["function"]["name"]
        arguments = json.dumps({"brief_response": "Thank you. What comes next?"})
        call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": _MODEL_NAME}
    return {**head, "choices": [choice], "usage": usage}


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


async def _serve(listening: socket.socket, seconds: float, busiest: Any) -> None:
    # asyncio's own loop: it accepts all pending connections at once, uvloop one per iteration
    server = await asyncio.get_running_loop().create_server(
        lambda: _ModelProtocol(seconds, busiest), sock=listening
    )
    await server.serve_forever()


def _run(listening: socket.socket, seconds: float, busiest: Any) -> None:
    asyncio.run(_serve(listening, seconds, busiest))


@dataclass(frozen=True, slots=True)
class ModelServer:
    """A running model server: its base URL, and its maximum number of concurrent requests so far."""

    url: str
    peak: Any


@contextmanager
def running_model(seconds: float) -> Iterator[ModelServer]:
    """Run the model in a separate process; `seconds` is its response time."""
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(4096)
        context = multiprocessing.get_context("fork")
        busiest = context.Value("i", 0)
        process = context.Process(target=_run, args=(listening, seconds, busiest), daemon=True)
        process.start()
        try:
            yield ModelServer(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", busiest)
        finally:
            process.terminate()
            process.join(10)
