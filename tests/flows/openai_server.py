"""A small server of the OpenAI protocol on loopback, so that the real client talks over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from gateway.local.http_server import serve

Json = dict[str, Any]
USAGE = {"prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42}
CUT = "the connection is cut here"


def build_call(name: str, arguments: str | Json = "{}", **more: Any) -> Response:
    """A completion that calls a function."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    function = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": text}}
    return build_completion({"role": "assistant", "content": None, "tool_calls": [function]}, **more)


def build_text_answer(text: object, **more: Any) -> Response:
    """Return a completion with text, or with the given replacement."""
    return build_completion({"role": "assistant", "content": text}, **more)


def build_completion(message: Json, finish: str = "stop", **more: Any) -> Response:
    made = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "test",
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
        "usage": USAGE,
        **more,
    }
    return Response(json.dumps(made), media_type="application/json")


class StreamedAnswer(Response):
    """A completion in pieces. Events are waited for, bytes go out as they are, `CUT` cuts it off."""

    def __init__(
        self, *deltas: Json | str | bytes | asyncio.Event, finish: str = "stop", usage: Json | None = USAGE
    ) -> None:
        super().__init__()
        self.deltas = deltas
        self.finish = finish
        self.usage = usage

    def response(self) -> StreamingResponse:
        return StreamingResponse(self._lines(), media_type="text/event-stream")

    async def _lines(self) -> AsyncIterator[bytes]:
        for delta in self.deltas:
            if isinstance(delta, asyncio.Event):
                await delta.wait()
            elif delta is CUT:
                raise ConnectionResetError
            elif isinstance(delta, bytes):
                yield delta
            else:
                yield _build_line(
                    [{"index": 0, "delta": {"content": delta} if isinstance(delta, str) else delta}]
                )
        yield _build_line([{"index": 0, "delta": {}, "finish_reason": self.finish}])
        yield _build_line([], usage=self.usage)
        yield b"data: [DONE]\n\n"


def build_streamed_call(name: str, *pieces: str | asyncio.Event) -> StreamedAnswer:
    """Return a function call whose arguments arrive in pieces; an event among them is awaited."""
    first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": ""}}
    rest = [piece if isinstance(piece, asyncio.Event) else _build_arguments(piece) for piece in pieces]
    return StreamedAnswer({"role": "assistant", "tool_calls": [first]}, *rest, finish="tool_calls")


def _build_arguments(arguments: str) -> Json:
    return {"tool_calls": [{"index": 0, "function": {"arguments": arguments}}]}


def _build_line(choices: Sequence[Json], **more: Any) -> bytes:
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "test", "choices": choices}
    return f"data: {json.dumps({**chunk, **more})}\n\n".encode()


def build_no_tools_error(kind: str = "tools") -> Response:
    """Return the error of a server without support for tools."""
    return JSONResponse({"error": {"message": f"{kind} are not supported by this model"}}, 400)


def build_busy_error(seconds: float = 0.01) -> Response:
    """Too many requests, with the time to wait."""
    return JSONResponse({"error": {"message": "slow down"}}, 429, headers={"retry-after": str(seconds)})


class OpenAIServer:
    """Returns `answers` one by one; None is a response that never arrives. Records all `requests`."""

    def __init__(self) -> None:
        self.answers: list[Response | None] = []
        self.requests: list[Json] = []
        self.keys: list[str] = []
        self.transcripts: list[Response] = []
        self.recordings: list[tuple[str, str, bytes]] = []
        self.speeches: list[Response] = []
        self.spoken: list[Json] = []
        self.url = ""
        self._released = asyncio.Event()

    async def answer(self, request: Request) -> Response:
        self.requests.append(await request.json())
        self.keys.append(request.headers.get("authorization", ""))
        answer = self.answers.pop(0) if self.answers else JSONResponse({"error": {"message": "no more"}}, 400)
        if answer is None:
            await self._released.wait()
            return Response(status_code=500)
        return answer.response() if isinstance(answer, StreamedAnswer) else answer

    async def transcribe(self, request: Request) -> Response:
        """Return one of `transcripts`; record name, type and bytes of the upload in `recordings`."""
        self.keys.append(request.headers.get("authorization", ""))
        raw = await request.body()
        made = message_from_bytes(
            b"content-type: " + request.headers["content-type"].encode() + b"\n\n" + raw,
            policy=policy.default,
        )
        for part in made.iter_parts():
            if name := part.get_filename():
                body = part.get_payload(decode=True)
                assert isinstance(body, bytes)
                self.recordings.append((name, part.get_content_type(), body))
        return self.transcripts.pop(0) if self.transcripts else JSONResponse({"error": {}}, 400)

    async def speak(self, request: Request) -> Response:
        """Return one of `speeches`; record the request in `spoken`."""
        self.spoken.append(await request.json())
        return self.speeches.pop(0) if self.speeches else JSONResponse({"error": {}}, 400)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[OpenAIServer]:
        """Serve on a free port of loopback, in the loop of the test."""
        paths = ("/v1/chat/completions", "/v1/moderations")
        routes = [Route(path, self.answer, methods=["POST"]) for path in paths]
        routes.append(Route("/v1/audio/transcriptions", self.transcribe, methods=["POST"]))
        routes.append(Route("/v1/audio/speech", self.speak, methods=["POST"]))
        app = Starlette(routes=routes)
        async with serve(app) as url:
            self.url = f"{url}/v1"
            try:
                yield self
            finally:
                self._released.set()
