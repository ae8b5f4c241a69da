"""Gives clients their session token: for a new session, of an identified user, or renewed."""

from __future__ import annotations

from collections.abc import Sequence
from time import time
from uuid import uuid4

from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.access.request_source import client_address
from gateway.server.error_responses import error_response, service_unavailable
from gateway.server.json_requests import BadRequest, parse_json_body
from gateway.server.operator_auth import OperatorAuth
from gateway.webchat.schemas.requests import SessionRequest
from gateway.webchat.schemas.responses import SessionAnswer
from gateway.webchat.sessions.session_limit import SessionLimit
from gateway.webchat.sessions.session_tokens import ClientAuth, SessionTokens, WebSession
from gateway.webchat.sessions.user_identity import IdentityVerifier, InvalidIdentity

_NO_STORE = {"Cache-Control": "no-store"}


class SessionApi:
    """The route `POST /web/session`.

    The credential decides: an identity token gives the user's own session, a valid session token is renewed,
    and a page of an allowed origin gets a new session.
    """

    def __init__(
        self,
        *,
        tokens: SessionTokens,
        identities: IdentityVerifier,
        operator: OperatorAuth,
        origins: Sequence[str],
        limit: SessionLimit,
    ) -> None:
        self._tokens = tokens
        self._identities = identities
        self._operator_auth = operator
        self._client_auth = ClientAuth(tokens, operator)
        self._origins = frozenset(origins)
        self._limit = limit

    async def issue(self, request: Request) -> Response:
        """Answer with a session and its token."""
        if not self._tokens:
            return error_response(404, "not_found", "set TURNGATE_WEB_TOKEN_SECRET to issue sessions")
        try:
            body = await parse_json_body(request, SessionRequest, allow_empty=True)
        except BadRequest as error:
            return error.response
        if body.identity:
            return self._identify(body.identity)
        if session := self._client_auth.find_session(request):
            if session.user and not session.since:  # from an earlier release: its day begins now
                session = session.model_copy(update={"since": int(time())})
            return self._answer(session)
        return await self._open(request)

    def _identify(self, identity: str) -> Response:
        if not self._identities:
            return error_response(
                404, "not_found", "set TURNGATE_WEB_IDENTITY_SECRET to accept identified users"
            )
        try:
            user = self._identities.verify(identity)
        except InvalidIdentity as error:
            return error_response(401, "invalid_identity", f"identity: {error}")
        return self._answer(WebSession(id=user.session_id, user=user, since=int(time())))

    async def _open(self, request: Request) -> Response:
        is_allowed = request.headers.get("origin", "") in self._origins
        has_credential = bool(request.headers.get("authorization"))  # expired, forged, or an operator's key
        if not is_allowed or has_credential:
            denial = await self._operator_auth.denial_response(request)
            if denial and has_credential:
                return denial
            if denial:
                return error_response(403, "forbidden", "this page is not in TURNGATE_WEB_ORIGINS")
        try:
            if seconds := await self._limit.seconds_until_allowed(client_address(request)):
                return error_response(
                    429,
                    "too_many_sessions",
                    "too many new sessions from this address; try later",
                    {"Retry-After": str(seconds)},
                )
        except RedisError:
            return service_unavailable("the session was not recorded; please try again")
        return self._answer(WebSession(id=uuid4().hex))

    def _answer(self, session: WebSession) -> Response:
        answer = SessionAnswer(
            session_id=session.id,
            token=self._tokens.issue(session),
            expires_in=self._tokens.seconds_left(session),
            user_id=session.user.id if session.user else "",
        )
        return JSONResponse(answer.model_dump(), headers=_NO_STORE)
