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

from core.errors import ConfigurationError
from gateway.server.error_responses import error_response
from gateway.server.operator_auth import OperatorAuth

TOKEN_SECONDS = 30 * 86_400
_MIN_SECRET_LENGTH = 16


class SessionTokens:
    """Session tokens: `<session and expiry>.<HMAC-SHA256>`, in base64url. An id is never a credential."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """The first secret signs, all verify. Raises `ConfigurationError` for one that could be guessed."""
        if any(len(secret) < _MIN_SECRET_LENGTH for secret in secrets):
            raise ConfigurationError(
                f"TURNGATE_WEB_TOKEN_SECRET needs at least {_MIN_SECRET_LENGTH} characters, chosen by chance"
            )
        self._secrets = [secret.encode() for secret in secrets]

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def issue(self, session_id: str = "", seconds: float = TOKEN_SECONDS) -> tuple[str, str]:
        """A session's id and its token; without an id a new session."""
        session_id = session_id or uuid4().hex
        claims = json.dumps({"sid": session_id, "exp": int(time() + seconds)}, separators=(",", ":"))
        body = _encode(claims.encode())
        return session_id, f"{body}.{_encode(self._sign(self._secrets[0], body))}"

    def verify(self, token: str) -> str | None:
        """The session that a token is for; `None` when it is not ours or has expired."""
        body, _, mac = token.partition(".")
        given = _decode(mac)
        if not any(hmac.compare_digest(given, self._sign(secret, body)) for secret in self._secrets):
            return None
        claims = json.loads(_decode(body))
        return str(claims["sid"]) if claims["exp"] > time() else None

    def _sign(self, secret: bytes, body: str) -> bytes:
        return hmac.digest(secret, b"turngate-web:" + body.encode("utf-8", "surrogateescape"), "sha256")


class ClientAuth:
    """The rule for /turn, /stream and /reset."""

    def __init__(self, tokens: SessionTokens, operator: OperatorAuth) -> None:
        self._tokens = tokens
        self._operator_auth = operator

    def authorize_session(self, request: Request, asked: str) -> str | Response:
        """The session that a request may speak in: the asked one for the operator, its own for a token."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if self._tokens and scheme.lower() == "bearer":
            own = self._tokens.verify(token.strip())
            if own is not None:
                if asked in ("", own):
                    return own
                return error_response(403, "forbidden", "this token is for another session")
        if refusal := self._operator_auth.denial_response(request):
            return refusal
        if not asked:
            return error_response(400, "bad_request", "session_id: it is required here")
        return asked


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decode(value: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        return b""
