"""HTTP API of the web channel: `/turn`, `/stream`, `/reset`, `/messages`, through mailbox and worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote
from uuid import uuid4

from redis.asyncio import Redis
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from core.errors import MailboxFull, StorageUnavailable
from core.ports import Inbox
from gateway.embedding.starlette import MAX_ID_LENGTH
from gateway.partitions.records.contact_partitions import ContactPartitions
from gateway.redis import lua, rq_layout
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.sessions.log.session_log import is_entry_id
from gateway.redis.sending.new_opt_outs import NewOptOuts
from gateway.redis.sending.outbox import ProactiveSender
from gateway.server.error_responses import error_response, service_unavailable
from gateway.server.json_requests import BadRequest, parse_json_body, read_idempotency_key
from gateway.server.operator_auth import OperatorAuth
from gateway.webchat.answer_tracker import CompletedTurn
from gateway.webchat.api.answer_stream import build_turn_answer, stream_events, stream_text
from gateway.webchat.api.consent import ConsentApi
from gateway.webchat.api.history_api import HistoryApi
from gateway.webchat.api.path_parameters import ANY_TEXT
from gateway.webchat.api.proactive import ProactiveApi
from gateway.webchat.api.redaction import RedactionApi
from gateway.webchat.api.session_api import SessionApi
from gateway.webchat.channel import build_session_id
from gateway.webchat.conversations import MessageIdUsed, SubmittedTurn, WebConversations, WebMessage
from gateway.webchat.schemas.requests import ResetRequest, TurnRequest
from gateway.webchat.schemas.responses import ResetAnswer
from gateway.webchat.sessions.session_limit import SessionLimit
from gateway.webchat.sessions.session_tokens import ClientAuth, SessionTokens, WebSession
from gateway.webchat.sessions.user_identity import IdentityVerifier

WAIT_SECONDS = 25.0
_ID_USED = "another message of this session has this id; give each its own"


class _ParsedTurn(NamedTuple):
    session: WebSession
    message: WebMessage


class WebApi:
    """Routes of the API. `origins` are the web origins that may call them from a browser (CORS)."""

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        *,
        conversations: WebConversations,
        redis: Redis,
        inbox: Inbox,
        sender: ProactiveSender,
        operator: OperatorAuth,
        tokens: SessionTokens,
        identities: IdentityVerifier | None = None,
        origins: Sequence[str] = (),
        sessions_per_hour: int = 0,
        protocol: ProtocolLimits | None = None,
        partitions: ContactPartitions | None = None,
    ) -> None:
        self.conversations = conversations
        self._partitions = partitions or ContactPartitions((redis,), (inbox,))
        self._proactive = ProactiveApi(self._partitions.messages, sender, operator)
        self._consent = ConsentApi(self._partitions, NewOptOuts(sender, inbox), operator)
        self._redaction = RedactionApi(self._partitions.redaction, operator)
        self._client_auth = ClientAuth(tokens, operator)
        self._origins = list(origins)
        self._sessions = SessionApi(
            tokens=tokens,
            identities=identities or IdentityVerifier([]),
            operator=operator,
            origins=origins,
            limit=SessionLimit(redis, sessions_per_hour),
        )
        self._history = HistoryApi(conversations, self._client_auth)
        self._reset_script = lua.load_script("reset", protocol or ProtocolLimits())

    def routes(self) -> list[BaseRoute]:
        """Return all routes of the web channel."""
        cors = [
            Middleware(
                CORSMiddleware,
                allow_origins=self._origins,
                allow_methods=["GET", "POST"],
                allow_headers=["authorization", "content-type", "idempotency-key", "last-event-id"],
                expose_headers=["retry-after"],
            )
        ]
        endpoints = [
            ("/turn", self.turn, "POST"),
            (f"/turn/{{message_id:{ANY_TEXT}}}", self.pending, "GET"),
            ("/stream", self.stream, "POST"),
            ("/reset", self.reset, "POST"),
            ("/web/session", self._sessions.issue, "POST"),
            ("/web/history", self._history.read, "GET"),
        ]
        open_to_pages: list[BaseRoute] = [
            Route(path, serve, methods=[method, "OPTIONS"], middleware=cors)
            for path, serve, method in endpoints
        ]
        of_operators = (self._redaction, self._proactive, self._consent)
        return [*open_to_pages, *(route for each in of_operators for route in each.routes())]

    async def turn(self, request: Request) -> Response:
        """Answer one message; 202 with a `Location` if it takes longer than the wait."""
        try:
            parsed = await self._parse_turn(request)
            submitted, completed = await self.conversations.submit_and_wait(*parsed, seconds=WAIT_SECONDS)
        except BadRequest as error:
            return error.response
        except MessageIdUsed:
            return error_response(409, "id_used", _ID_USED)
        except (StorageUnavailable, MailboxFull):
            return service_unavailable("the message was not recorded; please send it again")
        return self._build_response(parsed.session.id, submitted, completed)

    async def pending(self, request: Request) -> Response:
        """Return the answer to a message that was still in progress."""
        wanted = request.query_params.get("session_id", "")
        session = await self._client_auth.authorize_session(request, wanted)
        if isinstance(session, Response):
            return session
        submitted = SubmittedTurn(build_session_id(session.id), request.path_params["message_id"])
        if not await self.conversations.is_known(submitted):
            return error_response(404, "unknown_message", "no such message was recorded in this session")
        return self._build_response(
            session.id, submitted, await self.conversations.wait_for_answer(submitted, 0)
        )

    async def stream(self, request: Request) -> Response:
        """Answer one message as a stream: plain text, or server-sent events if requested."""
        sends_events = "text/event-stream" in request.headers.get("accept", "")
        after = request.headers.get("last-event-id", "")
        if sends_events and after and not is_entry_id(after):  # before anything is stored
            return error_response(400, "bad_request", "Last-Event-ID: not an id of this stream")
        try:
            parsed = await self._parse_turn(request)
            submitted = await self.conversations.submit(*parsed, streamed=True)
        except BadRequest as error:
            return error.response
        except MessageIdUsed:
            return error_response(409, "id_used", _ID_USED)
        except (StorageUnavailable, MailboxFull):
            return service_unavailable("the message was not recorded; please send it again")
        if not sends_events:
            return StreamingResponse(stream_text(self.conversations, submitted), media_type="text/plain")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        events = stream_events(self.conversations, parsed.session.id, submitted, after)
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    async def reset(self, request: Request) -> Response:
        """Restart a conversation: its state is deleted, its log stays for agents."""
        try:
            body = await parse_json_body(request, ResetRequest)
        except BadRequest as error:
            return error.response
        session = await self._client_auth.authorize_session(request, body.session_id)
        if isinstance(session, Response):
            return session
        name = build_session_id(session.id)
        redis = await self._partitions.find_store(name)
        await self._reset_script(redis, [rq_layout.current_timestamp(), name])
        return JSONResponse(ResetAnswer(reset=session.id).model_dump())

    async def _parse_turn(self, request: Request) -> _ParsedTurn:
        """Parse the request. Raises `BadRequest`."""
        body = await parse_json_body(request, TurnRequest)
        session = await self._client_auth.authorize_session(request, body.session_id)
        if isinstance(session, Response):
            raise BadRequest(session)
        if not body.text and not body.payload:
            raise BadRequest(error_response(400, "bad_request", "text: it is empty"))
        key = read_idempotency_key(request, MAX_ID_LENGTH)
        message_id = key or body.message_id or uuid4().hex
        return _ParsedTurn(session, WebMessage(message_id, body.text, body.payload, body.locale))

    def _build_response(
        self, session_id: str, submitted: SubmittedTurn, completed: CompletedTurn | None
    ) -> Response:
        if completed is None:
            name, session = quote(submitted.message_id, safe=""), quote(session_id, safe="")
            location = f"/turn/{name}?session_id={session}"
            body = {"status": "pending", "message_id": submitted.message_id, "session_id": session_id}
            return JSONResponse(body, 202, {"Location": location, "Retry-After": "1"})
        return Response(
            build_turn_answer(session_id, completed).model_dump_json(), media_type="application/json"
        )
