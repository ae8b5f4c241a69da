"""Dialog routes for embedding applications: /turn, /stream and /reset, by `session_id`."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from core.errors import GatewayError, SessionBusy
from core.sessions import SessionHandle, SessionWorker
from flows.engine import DialogMachine
from gateway.server.error_responses import error_response, service_unavailable
from gateway.server.json_requests import BadRequest, parse_json_body

log = logging.getLogger("turngate.http")


MAX_TEXT_LENGTH = 10_000
MAX_ID_LENGTH = 200


class TurnRequest(BaseModel):
    """A message and its conversation."""

    model_config = ConfigDict(extra="ignore", strict=True)

    text: str = Field(min_length=1, max_length=MAX_TEXT_LENGTH)
    session_id: str = Field(min_length=1, max_length=MAX_ID_LENGTH)


class ResetRequest(BaseModel):
    """The conversation to delete."""

    model_config = ConfigDict(extra="ignore", strict=True)

    session_id: str = Field(min_length=1, max_length=MAX_ID_LENGTH)


class TurnReply(BaseModel):
    """The reply, and where the dialog stands."""

    reply: str
    choices: list[dict[str, str]] = []
    outcome: str = "stay"
    node: str = ""


class DialogRouter:
    """ASGI application to mount anywhere: `Mount("/dialog", DialogRouter(machine))`.

    With a machine, every `session_id` has its own conversation in memory. A `SessionWorker` brings its own
    store.
    """

    def __init__(self, dialog: DialogMachine | SessionWorker[Any]) -> None:
        self.sessions = as_session_worker(dialog)
        self._router = Router(
            [
                Route("/turn", self.turn, methods=["POST"]),
                Route("/stream", self.stream, methods=["POST"]),
                Route("/reset", self.reset, methods=["POST"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._router(scope, receive, send)

    async def turn(self, request: Request) -> Response:
        """Answer one message."""
        try:
            turn_request = await parse_json_body(request, TurnRequest)
            async with self.sessions.acquire(turn_request.session_id) as session:
                reply = build_turn_reply(await session.turn(turn_request.text))
                return Response(reply.model_dump_json(), media_type="application/json")
        except Exception as error:
            return error_to_response(error)

    async def stream(self, request: Request) -> Response:
        """Answer one message as a stream of text."""
        try:
            turn_request = await parse_json_body(request, TurnRequest)
            chunks = stream_texts(self.sessions, turn_request)
            first = await anext(chunks, "")  # an error before the first piece still gets an error status
        except Exception as error:
            return error_to_response(error)
        return StreamingResponse(_prepend(first, chunks), media_type="text/plain")

    async def reset(self, request: Request) -> Response:
        """Delete a conversation."""
        try:
            turn_request = await parse_json_body(request, ResetRequest)
            async with self.sessions.acquire(turn_request.session_id) as session:
                await session.reset()
        except Exception as error:
            return error_to_response(error)
        return JSONResponse({"reset": turn_request.session_id})


def as_session_worker(dialog: DialogMachine | SessionWorker[Any]) -> SessionWorker[Any]:
    """Wrap a machine in a session worker; a session worker is returned as it is."""
    return dialog if isinstance(dialog, SessionWorker) else SessionWorker(dialog.clone)


def build_turn_reply(result: Any) -> TurnReply:
    """Convert a turn's result to the response model."""
    choices = [choice.model_dump() for message in result.messages for choice in message.choices]
    return TurnReply(reply=result.text, choices=choices, outcome=result.outcome, node=result.node)


async def stream_texts(sessions: SessionWorker[Any], turn_request: TurnRequest) -> AsyncIterator[str]:
    """Yield the pieces of an answer; the session is held until the last was read and the turn is saved."""
    session: SessionHandle[Any]
    async with sessions.acquire(turn_request.session_id) as session:
        async for chunk in await session.turn(turn_request.text, stream=True):
            yield f"\n\n{chunk.text}" if chunk.is_restart else chunk.text


async def _prepend(first: str, rest: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for text in rest:
        yield text


def error_to_response(error: Exception) -> Response:
    """Convert an exception to a response."""
    if isinstance(error, BadRequest):
        return error.response
    if isinstance(error, SessionBusy):
        return error_response(409, "busy", str(error), {"Retry-After": "1"})
    if isinstance(error, GatewayError):
        log.error("a turn failed: %s", type(error).__name__)
        return service_unavailable("the turn failed and nothing was changed; please send it again")
    log.error("a turn failed: %s", type(error).__name__, exc_info=error)
    return error_response(500, "internal", "an internal error; nothing was changed")
