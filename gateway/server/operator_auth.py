"""Operator authentication: keys with roles, console sessions, or this machine while not exposed."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from copy import copy
from dataclasses import dataclass
from functools import wraps
from math import ceil
from urllib.parse import quote

from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.access.exposure import OperatorAccess
from gateway.access.operator_keys import LOCAL_NAME, OperatorKey, Role, find_key, is_session_token
from gateway.access.request_source import client_address, is_local, is_same_origin
from gateway.redis.records.operators.audit_log import AuditEntry, AuditLog
from gateway.redis.records.operators.credential_attempts import CredentialAttempts
from gateway.redis.records.operators.operator_sessions import OperatorSessions
from gateway.server.error_responses import error_response

Handler = Callable[[Request], Awaitable[Response]]

SIGN_IN_PATH = "/console/sign-in"
SESSION_COOKIE = "turngate_session"
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_MAX_TARGET_LENGTH = 200
_ALLOWED_TYPES = ("application/json", "text/csv")
_FOREIGN_REQUEST = (
    "a request that changes something needs the header Content-Type: application/json (text/csv for a "
    "broadcast), also without a body, and from a browser the console's own page"
)
_FORM_TYPE = "application/x-www-form-urlencoded"
_MAY_HAVE_NUMBER = re.compile(r"\d{7}|wamid\.")
"""Message IDs that are recorded as pseudonyms: those of WhatsApp contain the contact's number, encoded."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whoever sent a request: the name of the key, its role, and how it was presented."""

    name: str
    role: Role
    via: str


class OperatorAuth:
    """Access rule of the console and the operator API."""

    def __init__(self, access: OperatorAccess, redis: Redis) -> None:
        self.access = access
        self.redis = redis
        self.sessions = OperatorSessions(redis)
        self.audit = AuditLog(redis)
        self._attempts = CredentialAttempts(redis)

    def for_store(self, redis: Redis) -> OperatorAuth:
        """Return this rule for pages about another partition; keys and sessions stay in the home."""
        view = copy(self)
        view.redis = redis
        return view

    def require(
        self, handler: Handler, role: Role = Role.OPERATOR, act: str = "", *, takes_form: bool = False
    ) -> Handler:
        """Wrap `handler`: a requester without the role gets 401, 403 or 429 with a sentence.

        `act` is the name of what the handler does, for the audit log; empty if it changes nothing. With
        `takes_form` it also takes forms, which must come from our own origin. The handler finds who sent the
        request in `request.state.identity`.
        """

        @wraps(handler)
        async def respond(request: Request) -> Response:
            identity = await self.authorize(request, role, takes_form=takes_form)
            if isinstance(identity, Response):
                return identity
            request.state.identity = identity
            if not act:
                return await handler(request)
            status = 500
            try:
                response = await handler(request)
                status = response.status_code
                return response
            finally:
                await self.record(request, identity, act, status)

        return respond

    async def denial_response(self, request: Request, role: Role = Role.OPERATOR) -> Response | None:
        """Return the response that denies access; `None` if the request is authorized."""
        identity = await self.authorize(request, role)
        return identity if isinstance(identity, Response) else None

    async def authorize(
        self, request: Request, role: Role, *, takes_form: bool = False
    ) -> Identity | Response:
        """Return who sent the request, or the response that denies it."""
        identity = await self.identify(request)
        if isinstance(identity, Response):
            return identity
        if not identity.role.includes(role):
            reason = f"this needs the role {role}; {identity.name} has the role {identity.role}"
            return error_response(403, "forbidden", reason)
        is_ours = request.method in _SAFE_METHODS or self._is_from_our_page(request, identity)
        if not is_ours and not (takes_form and self._is_our_form(request)):
            return error_response(403, "forbidden", _FOREIGN_REQUEST)
        return identity

    async def identify(self, request: Request) -> Identity | Response:
        """Return who sent the request, whatever their role, or the response that denies it."""
        if not self.access.keys:
            if not self.access.exposure and is_local(request):
                return Identity(LOCAL_NAME, Role.OPERATOR, "local")
            return error_response(
                403, "forbidden", "set TURNGATE_API_KEY to open the console to others than this machine"
            )
        if secret := _provided_secret(request):
            key = await self.check_secret(request, secret)
            return key if isinstance(key, Response) else Identity(key.name, key.role, "key")
        if session_id := request.cookies.get(SESSION_COOKIE, ""):
            key_id = await self.sessions.find(session_id)
            for key in self.access.keys:
                if key.id == key_id:
                    return Identity(key.name, key.role, "session")
        return _ask_to_sign_in(request)

    async def check_secret(self, request: Request, secret: bytes) -> OperatorKey | Response:
        """Return the key that has this secret, or the response to a wrong one or to too many attempts."""
        key = find_key(self.access.keys, secret)
        if key is None and is_session_token(secret.decode("latin-1")):
            return _unauthorized_response(request)  # expired or before a rotation: not a guess
        try:
            wait = await self._attempts.admit(client_address(request), is_right=key is not None)
        except (RedisError, OSError):
            if key is None:
                raise
            wait = 0  # operators must be able to see why the server refuses writes
        if wait:
            return error_response(
                429,
                "too_many_attempts",
                f"too many wrong keys; try again in {ceil(wait)} seconds",
                {"Retry-After": str(ceil(wait))},
            )
        return key or _unauthorized_response(request)

    async def record(self, request: Request, identity: Identity, act: str, status: int) -> None:
        """Record an act in the audit log, about what the handler or the path names."""
        path = request.path_params
        message_id = str(path.get("message_id") or "")
        target = getattr(request.state, "audit_target", "") or path.get("name") or message_id
        about = getattr(request.state, "audit_person", "") or path.get("contact", "")
        if not about and _MAY_HAVE_NUMBER.search(message_id):
            about = message_id
        entry = AuditEntry(
            who=identity.name,
            role=identity.role,
            via=identity.via,
            act=getattr(request.state, "audit_act", act),
            target=str(target or "")[:_MAX_TARGET_LENGTH],
            status=status,
        )
        await self.audit.record(entry, about)

    def _is_from_our_page(self, request: Request, identity: Identity) -> bool:
        """Return whether a request is JSON or CSV, which no form can send, and of our own origin (CSRF)."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        return (request.method == "DELETE" or kind in _ALLOWED_TYPES) and is_same_origin(
            request, self.access.origin, is_required=identity.via == "session"
        )

    def _is_our_form(self, request: Request) -> bool:
        """Return whether a request is a form of our own origin, which browsers name in a header."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        return kind == _FORM_TYPE and is_same_origin(request, self.access.origin, is_required=True)


def name_target(request: Request, session: str, act: str = "") -> None:
    """Name the session or contact that an act is about, and the act if the route has several."""
    request.state.audit_person = session
    if act:
        request.state.audit_act = act


def _provided_secret(request: Request) -> bytes:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode("latin-1")  # the raw bytes
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).partition(b":")[2] or b"?"
        except (binascii.Error, ValueError):
            return b"?"
    return b""


def _ask_to_sign_in(request: Request) -> Response:
    """Redirect a person to the sign-in page; programs get 401."""
    path = request.url.path
    is_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if not is_page or not _is_console_path(path):
        return _unauthorized_response(request)
    target = f"{path}?{request.url.query}" if request.url.query else path
    headers = {"Cache-Control": "no-store"}
    return RedirectResponse(f"{SIGN_IN_PATH}?next={quote(target, safe='')}", 303, headers)


def _unauthorized_response(request: Request) -> Response:
    """Return 401. Below /console it names no Basic scheme, for which browsers would open a dialog."""
    challenge = 'Bearer realm="Turngate"'
    if not _is_console_path(request.url.path):
        challenge += ', Basic realm="Turngate", charset="UTF-8"'
    remedy = f"give TURNGATE_API_KEY as the password or as a bearer token, or sign in at {SIGN_IN_PATH}"
    return error_response(401, "unauthorized", remedy, {"WWW-Authenticate": challenge})


def _is_console_path(path: str) -> bool:
    return path == "/console" or path.startswith("/console/")
