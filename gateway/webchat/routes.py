"""`/turn`, `/stream`, `/reset`, `/messages`: the dialog over HTTP, through mailbox and worker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from redis.asyncio import Redis
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from core.errors import MailboxFull, StorageUnavailable
from core.model.message import Message
from gateway.embedding.starlette import LONGEST_ID
from gateway.redis import lua as scripts
from gateway.redis import rq_layout as layout
from gateway.redis.lua import Protocol
from gateway.redis.outbox import Outcome, Outgoing
from gateway.server.error_responses import error_response, try_again
from gateway.server.json_requests import Unacceptable, read
from gateway.server.operator_auth import Access
from gateway.webchat.channel import session_of
from gateway.webchat.conversations import Answered, Asked, Conversations, Piece
from gateway.webchat.schemas import MessageRequest, ResetRequest, SessionAnswer, TurnAnswer, TurnRequest
from gateway.webchat.session_tokens import Tokens, WebAccess

WAIT_SECONDS = 25.0
LONGEST_STREAM = 120.0
HEARTBEAT_SECONDS = 15.0


class _Said(NamedTuple):
    session_id: str
    message_id: str
    text: str
    payload: str


class WebApi:
    """The routes. `origins` are the web pages that may call them from a browser."""

    def __init__(
        self,
        conversations: Conversations,
        redis: Redis,
        outgoing: Outgoing,
        operator: Access,
        tokens: Tokens,
        origins: Sequence[str] = (),
        wait: float = WAIT_SECONDS,
    ) -> None:
        self.conversations = conversations
        self._redis = redis
        self._outgoing = outgoing
        self._operator = operator
        self._tokens = tokens
        self._access = WebAccess(tokens, operator)
        self._origins = list(origins)
        self._wait = wait

    def routes(self) -> list[BaseRoute]:
        """All routes of the web channel."""
        cors = [
            Middleware(
                CORSMiddleware,
                allow_origins=self._origins,
                allow_methods=["GET", "POST"],
                allow_headers=["authorization", "content-type", "idempotency-key", "last-event-id"],
            )
        ]
        found = [
            ("/turn", self.turn, "POST"),
            ("/turn/{message_id}", self.pending, "GET"),
            ("/stream", self.stream, "POST"),
            ("/reset", self.reset, "POST"),
            ("/web/session", self.session, "POST"),
            ("/web/history", self.history, "GET"),
        ]
        open_to_pages: list[BaseRoute] = [
            Route(path, serve, methods=[method, "OPTIONS"], middleware=cors) for path, serve, method in found
        ]
        messages = self._operator.guard(self.messages)
        return [*open_to_pages, Route("/messages", messages, methods=["POST"])]

    async def turn(self, request: Request) -> Response:
        """Answer one message; 202 with a place to ask when it takes longer than is waited."""
        try:
            said = await self._read(request)
            asked, answered = await self.conversations.turn(*said, seconds=self._wait)
        except Unacceptable as error:
            return error.response
        except (StorageUnavailable, MailboxFull):
            return try_again("the message was not recorded; please send it again")
        return self._answered(said.session_id, asked, answered)

    async def pending(self, request: Request) -> Response:
        """The answer to a message that was still being worked on."""
        session_id = self._access.session_id(request, request.query_params.get("session_id", ""))
        if isinstance(session_id, Response):
            return session_id
        asked = Asked(session_of(session_id), request.path_params["message_id"])
        if not await self.conversations.knows(asked):
            return error_response(404, "unknown_message", "no such message was recorded in this session")
        return self._answered(session_id, asked, await self.conversations.answer(asked, 0))

    async def stream(self, request: Request) -> Response:
        """Answer one message with the model's words as they come: plain text, or events where asked for."""
        try:
            said = await self._read(request)
            asked = await self.conversations.say(*said, streamed=True)
        except Unacceptable as error:
            return error.response
        except (StorageUnavailable, MailboxFull):
            return try_again("the message was not recorded; please send it again")
        if "text/event-stream" not in request.headers.get("accept", ""):
            return StreamingResponse(self._text(asked), media_type="text/plain")
        after = request.headers.get("last-event-id", "")
        if after and not after.replace("-", "", 1).isdigit():
            return error_response(400, "bad_request", "Last-Event-ID: it is not one of ours")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        events = self._events(said.session_id, asked, after)
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    async def reset(self, request: Request) -> Response:
        """Forget a conversation."""
        try:
            given = await read(request, ResetRequest)
        except Unacceptable as error:
            return error.response
        session_id = self._access.session_id(request, given.session_id)
        if isinstance(session_id, Response):
            return session_id
        script = scripts.load("reset", Protocol())
        await script(self._redis, [layout.stamp(), session_of(session_id)])
        return JSONResponse({"reset": session_id})

    async def session(self, request: Request) -> Response:
        """A new session with its token, for a page whose origin is allowed."""
        if not self._tokens:
            return error_response(404, "not_found", "set TURNGATE_WEB_TOKEN_SECRET to hand out sessions")
        if request.headers.get("origin", "") not in self._origins and self._operator.refusal(request):
            return error_response(403, "forbidden", "this page is not in TURNGATE_WEB_ORIGINS")
        session_id, token = self._tokens.issue()
        return JSONResponse(SessionAnswer(session_id=session_id, token=token).model_dump())

    async def history(self, request: Request) -> Response:
        """What was said so far, by both sides."""
        session_id = self._access.session_id(request, request.query_params.get("session_id", ""))
        if isinstance(session_id, Response):
            return session_id
        return JSONResponse({"messages": await self.conversations.history(session_id)})

    async def messages(self, request: Request) -> Response:
        """Send of our own accord; the reply leaves in the session's order, when the bot may speak there."""
        try:
            given = await read(request, MessageRequest)
        except Unacceptable as error:
            return error.response
        key = f"own-{given.message_id or uuid4().hex}"
        message = Message(text=given.text, choices=given.choices)
        if await self._outgoing.say(given.session, key, message) is Outcome.UNKNOWN:
            return error_response(404, "unknown_session", "nobody has written in such a session")
        return JSONResponse({"session": given.session, "key": key}, 202)

    async def _read(self, request: Request) -> _Said:
        """What the request says. Raises `Unacceptable`."""
        given = await read(request, TurnRequest)
        session_id = self._access.session_id(request, given.session_id)
        if isinstance(session_id, Response):
            raise Unacceptable(session_id)
        if not given.text and not given.payload:
            raise Unacceptable(error_response(400, "bad_request", "text: it is empty"))
        name = request.headers.get("idempotency-key", "")[:LONGEST_ID] or given.message_id or uuid4().hex
        return _Said(session_id, name, given.text, given.payload)

    def _answered(self, session_id: str, asked: Asked, answered: Answered | None) -> Response:
        if answered is None:
            place = f"/turn/{asked.message_id}?session_id={session_id}"
            body = {"status": "pending", "message_id": asked.message_id, "session_id": session_id}
            return JSONResponse(body, 202, {"Location": place, "Retry-After": "1"})
        return Response(_answer(session_id, answered).model_dump_json(), media_type="application/json")

    async def _text(self, asked: Asked) -> AsyncIterator[str]:
        told = ""
        answer = asyncio.create_task(self.conversations.answer(asked, LONGEST_STREAM))
        try:
            async for piece in self.conversations.pieces(asked, "", answer):
                told = piece.text if piece.is_restart else told + piece.text
                yield f"\n\n{piece.text}" if piece.is_restart and told != piece.text else piece.text
            answered = await answer
            whole = answered.text if answered else ""
            if whole.startswith(told):
                yield whole[len(told) :]
            elif whole:
                yield f"\n\n{whole}"
        finally:
            answer.cancel()  # only the waiting; the turn goes on in its worker

    async def _events(self, session_id: str, asked: Asked, after: str) -> AsyncIterator[str]:
        answer = asyncio.create_task(self.conversations.answer(asked, LONGEST_STREAM))
        yield "retry: 1000\n\n"
        try:
            pieces = aiter(self.conversations.pieces(asked, after, answer))
            following: asyncio.Task[Piece | None] | None = None
            while True:
                following = following or asyncio.ensure_future(anext(pieces, None))
                await asyncio.wait({following}, timeout=HEARTBEAT_SECONDS)
                if not following.done():
                    yield ": still here\n\n"
                    continue
                piece, following = following.result(), None
                if piece is None:
                    break
                yield _event("restart" if piece.is_restart else "text", {"text": piece.text}, piece.id)
            answered = await answer
            done: dict[str, Any] = {"message_id": asked.message_id, "status": "pending"}
            yield _event("done", _answer(session_id, answered).model_dump() if answered else done)
        finally:
            answer.cancel()


def _answer(session_id: str, answered: Answered) -> TurnAnswer:
    return TurnAnswer(
        reply=answered.text,
        messages=answered.messages,
        session_id=session_id,
        message_id=answered.message_id,
        outcome=answered.outcome,
    )


def _event(kind: str, data: dict[str, Any], name: str = "") -> str:
    lines = [f"event: {kind}", f"data: {json.dumps(data, ensure_ascii=False)}"]
    return "\n".join([f"id: {name}", *lines] if name else lines) + "\n\n"
