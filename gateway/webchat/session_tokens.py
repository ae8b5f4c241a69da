"""Who may speak in a web session: whoever has the API key, or the token of that session."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from time import time
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from core.errors import Misconfigured
from gateway.server.error_responses import error_response
from gateway.server.operator_auth import Access

TOKEN_SECONDS = 30 * 86_400
_SHORTEST_SECRET = 16


class Tokens:
    """Session tokens: `<session and expiry>.<HMAC-SHA256>`, in base64url. An id is never a credential."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """The first secret signs, all verify. Raises `Misconfigured` for one that could be guessed."""
        if any(len(secret) < _SHORTEST_SECRET for secret in secrets):
            raise Misconfigured(
                f"TURNGATE_WEB_TOKEN_SECRET needs at least {_SHORTEST_SECRET} characters, chosen by chance"
            )
        self._secrets = [secret.encode() for secret in secrets]

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def issue(self, session_id: str = "", seconds: float = TOKEN_SECONDS) -> tuple[str, str]:
        """A session's id and its token; without an id a new session."""
        session_id = session_id or uuid4().hex
        claims = json.dumps({"sid": session_id, "exp": int(time() + seconds)}, separators=(",", ":"))
        body = _encoded(claims.encode())
        return session_id, f"{body}.{_encoded(self._mac(self._secrets[0], body))}"

    def session_of(self, token: str) -> str | None:
        """The session that a token is for; `None` when it is not ours or has expired."""
        body, _, mac = token.partition(".")
        given = _decoded(mac)
        if not any(hmac.compare_digest(given, self._mac(secret, body)) for secret in self._secrets):
            return None
        claims = json.loads(_decoded(body))
        return str(claims["sid"]) if claims["exp"] > time() else None

    def _mac(self, secret: bytes, body: str) -> bytes:
        return hmac.digest(secret, b"turngate-web:" + body.encode("utf-8", "surrogateescape"), "sha256")


class WebAccess:
    """The rule for /turn, /stream and /reset."""

    def __init__(self, tokens: Tokens, operator: Access) -> None:
        self._tokens = tokens
        self._operator = operator

    def session_id(self, request: Request, asked: str) -> str | Response:
        """The session that a request may speak in: the asked one for the operator, its own for a token."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if self._tokens and scheme.lower() == "bearer":
            own = self._tokens.session_of(token.strip())
            if own is not None:
                if asked in ("", own):
                    return own
                return error_response(403, "forbidden", "this token is for another session")
        if refusal := self._operator.refusal(request):
            return refusal
        if not asked:
            return error_response(400, "bad_request", "session_id: it is required here")
        return asked


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(value: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        return b""
