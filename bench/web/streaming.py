"""Time until the model's first text reaches the client of `/stream`, whichever worker runs the turn."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

import httpx

from bench.programs.tool_call_chunks import STAY
from bench.web import turn_endpoint

TURNS = 200
_PAUSE_SECONDS = 0.05
_RESPONSE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class _StreamingModel:
    """A model that streams its answer in two pieces, and records when the first one was sent."""

    def __init__(self) -> None:
        self.first_piece_at = 0.0

    async def handle_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                match = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
                await reader.readexactly(int(match[1]) if match else 0)
                writer.write(_RESPONSE_HEAD)
                self.first_piece_at = perf_counter()
                self._write_piece(
                    writer, {"name": STAY, "arguments": '{"brief_response": "Tea or '}, first=True
                )
                await writer.drain()
                await asyncio.sleep(_PAUSE_SECONDS)
                self._write_piece(writer, {"arguments": 'coffee?"}'}, end="tool_calls")
                writer.write(_encode_chunk("data: [DONE]\n\n") + b"0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _write_piece(
        self, writer: asyncio.StreamWriter, function: dict[str, str], *, first: bool = False, end: str = ""
    ) -> None:
        call = {"index": 0, "function": function, **({"id": "c", "type": "function"} if first else {})}
        choice = {"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": end or None}
        head = {"id": "c", "created": 1, "model": "none", "object": "chat.completion.chunk"}
        writer.write(_encode_chunk(f"data: {json.dumps({**head, 'choices': [choice]})}\n\n"))


def _encode_chunk(text: str) -> bytes:
    body = text.encode()
    return b"%x\r\n%b\r\n" % (len(body), body)


@asynccontextmanager
async def _running_model() -> AsyncIterator[tuple[_StreamingModel, str]]:
    model = _StreamingModel()
    server = await asyncio.start_server(model.handle_connection, "127.0.0.1", 0)
    async with server:
        yield model, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def measure() -> list[float]:
    """Return the milliseconds from the model's first text to the client's first byte, sorted."""
    async with _running_model() as (model, url):
        environ = {"TURNGATE_LLM": "openai/none", "OPENAI_API_KEY": "none", "OPENAI_BASE_URL": url}
        async with (
            turn_endpoint.running_gateway(environ) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http,
        ):
            taken = [await _measure_one(http, model, number) for number in range(TURNS)]
    return sorted(taken[10:])


async def _measure_one(http: httpx.AsyncClient, model: _StreamingModel, number: int) -> float:
    session = f"s{number}"
    await http.post("/turn", json={"text": "hi", "session_id": session})
    async with http.stream("POST", "/stream", json={"text": "hm", "session_id": session}) as answer:
        async for _ in answer.aiter_bytes():
            at = perf_counter()
            break
        else:
            raise AssertionError("the stream was empty")
        return (at - model.first_piece_at) * 1000


def render_section() -> str:
    """Measure and render the page's section."""
    taken = asyncio.run(measure())
    middle, tail = taken[len(taken) // 2], taken[int(len(taken) * 0.99)]
    print(f"· streams: p50 {middle:.1f} ms, p99 {tail:.1f} ms", flush=True)
    return f"""
## Streaming

From the model server's first token to the first byte at the client of `/stream`, through
worker, Redis and web process, {len(taken)} turns: **p50 {middle:.1f} ms, p99 {tail:.1f} ms** (goal: 15 ms).
"""
