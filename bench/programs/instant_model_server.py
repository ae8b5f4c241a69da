"""A server of the OpenAI protocol that answers at once with the call that the user's message asks for."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from bench.programs.tool_call_chunks import STAY, call_arguments, call_deltas
from gateway.local.loopback import open_listener

_CALL_PATTERN = re.compile(r"call ([A-Za-z0-9_-]+)")


@contextmanager
def running_model_server() -> Iterator[str]:
    """Run the server in a separate process; yield its base URL."""
    with open_listener() as listening:
        process = multiprocessing.get_context("fork").Process(target=_run, args=(listening,), daemon=True)
        process.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        finally:
            process.kill()
            process.join()


def _run(listening: socket.socket) -> None:
    asyncio.run(_serve(listening))


async def _serve(listening: socket.socket) -> None:
    server = await asyncio.start_server(_handle_connection, sock=listening)
    await server.serve_forever()


async def _handle_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            match = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
            request = json.loads(await reader.readexactly(int(match[1]) if match else 0))
            kind, body = _build_answer(request)
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n" % (kind, len(body))
                + body
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _build_answer(request: dict[str, object]) -> tuple[bytes, bytes]:
    user_text = _CALL_PATTERN.findall(json.dumps(request["messages"]))
    name = user_text[-1] if user_text else STAY
    head = {"id": "c", "created": 1, "model": "none"}
    if not request.get("stream"):
        function = {"name": name, "arguments": call_arguments(name)}
        call = {"index": 0, "id": "c", "type": "function", "function": function}
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "tool_calls": [call]}}
        return b"application/json", json.dumps(
            {**head, "object": "chat.completion", "choices": [choice]}
        ).encode()
    ends = (*((delta, None) for delta in call_deltas(name)), ({}, "tool_calls"))
    sent = [{"index": 0, "delta": delta, "finish_reason": finish} for delta, finish in ends]
    chunks = [json.dumps({**head, "object": "chat.completion.chunk", "choices": [choice]}) for choice in sent]
    return b"text/event-stream", "".join(f"data: {chunk}\n\n" for chunk in (*chunks, "[DONE]")).encode()
