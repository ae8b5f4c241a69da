"""Client authentication: the API key, or the token of one session."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from uuid import uuid4

from itsdangerous import BadSignature, TimestampSigner
from starlette.requests import Request
from starlette.responses import Response

from core.errors import ConfigurationError
from gateway.access.operator_keys import Role
from gateway.server.error_responses import error_response
from gateway.server.operator_auth import OperatorAuth

TOKEN_SECONDS = 30 * 86_400
_MIN_SECRET_LENGTH = 16
_SALT = "turngate-web"


class SessionTokens:
    """Signed session tokens (HMAC-SHA256) with a timestamp. A session ID is no credential."""

    def __init__(self, secrets: Sequence[str], seconds: float = TOKEN_SECONDS) -> None:
        """Create the signer: the first secret signs, all verify; tokens expire after `seconds`.

        Raises `ConfigurationError` for a weak secret.
        """
        if any(len(secret) < _MIN_SECRET_LENGTH for secret in secrets):
            raise ConfigurationError(
                f"TURNGATE_WEB_TOKEN_SECRET needs at least {_MIN_SECRET_LENGTH} random characters"
            )
        self._seconds = seconds
        self._signer = (
            TimestampSigner(list(reversed(secrets)), salt=_SALT, digest_method=sha256) if secrets else None
        )

    def __bool__(self) -> bool:
        return self._signer is not None

    def issue(self, session_id: str = "") -> tuple[str, str]:
        """Issue a token; without an ID for a new session. Returns the session ID and the token."""
        assert self._signer is not None, "there is a secret"
        session_id = session_id or uuid4().hex
        return session_id, self._signer.sign(session_id).decode()

    def verify(self, token: str) -> str | None:
        """Return the session of a token; `None` if it is invalid or expired."""
        if self._signer is None or not token.isascii():
            return None
        try:
            return self._signer.unsign(token, max_age=int(self._seconds)).decode()
        except (BadSignature, UnicodeDecodeError):
            return None


class ClientAuth:
    """Access rule for /turn, /stream and /reset."""

    def __init__(self, tokens: SessionTokens, operator: OperatorAuth) -> None:
        self._tokens = tokens
        self._operator_auth = operator

    async def authorize_session(self, request: Request, session_id: str) -> str | Response:
        """Return the session that a request may use: the requested one for operators, its own for a token.

        A key of the role `viewer` only reads.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if self._tokens and scheme.lower() == "bearer":
            token_session = self._tokens.verify(token.strip())
            if token_session is not None:
                if session_id in ("", token_session):
                    return token_session
                return error_response(403, "forbidden", "this token is for another session")
        role = Role.VIEWER if request.method == "GET" else Role.OPERATOR
        if denial := await self._operator_auth.denial_response(request, role):
            return denial
        if not session_id:
            return error_response(400, "bad_request", "session_id: it is required here")
        return session_id
