"""Client authentication: the API key, or the token of one session."""

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
    """Session tokens: `<session and expiry>.<HMAC-SHA256>` in base64url. A session ID is no credential."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """Create the signer: the first secret signs, all verify.

        Raises `ConfigurationError` for a weak secret.
        """
        if any(len(secret) < _MIN_SECRET_LENGTH for secret in secrets):
            raise ConfigurationError(
                f"TURNGATE_WEB_TOKEN_SECRET needs at least {_MIN_SECRET_LENGTH} random characters"
            )
        self._secrets = [secret.encode() for secret in secrets]

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def issue(self, session_id: str = "", seconds: float = TOKEN_SECONDS) -> tuple[str, str]:
        """Issue a token; without an ID for a new session. Returns the session ID and the token."""
        session_id = session_id or uuid4().hex
        claims = json.dumps({"sid": session_id, "exp": int(time() + seconds)}, separators=(",", ":"))
        body = _encode(claims.encode())
        return session_id, f"{body}.{_encode(self._sign(self._secrets[0], body))}"

    def verify(self, token: str) -> str | None:
        """Return the session of a token; `None` if it is invalid or expired."""
        body, _, mac = token.partition(".")
        given = _decode(mac)
        if not any(hmac.compare_digest(given, self._sign(secret, body)) for secret in self._secrets):
            return None
        claims = json.loads(_decode(body))
        return str(claims["sid"]) if claims["exp"] > time() else None

    def _sign(self, secret: bytes, body: str) -> bytes:
        return hmac.digest(secret, b"turngate-web:" + body.encode("utf-8", "surrogateescape"), "sha256")


class ClientAuth:
    """Access rule for /turn, /stream and /reset."""

    def __init__(self, tokens: SessionTokens, operator: OperatorAuth) -> None:
        self._tokens = tokens
        self._operator_auth = operator

    def authorize_session(self, request: Request, asked: str) -> str | Response:
        """Return the session that a request may use: the requested one for operators, its own for a token."""
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
