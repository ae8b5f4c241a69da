"""Client authentication: the API key, or the token of one session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from time import time
from typing import Final

from itsdangerous import BadData, URLSafeTimedSerializer
from itsdangerous.timed import TimestampSigner
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from core.model import FrozenModel
from gateway.access.operator_keys import Role
from gateway.config.setting_checks import MIN_TOKEN_SECRET_LENGTH, check_secrets
from gateway.embedding.starlette import MAX_ID_LENGTH
from gateway.server.error_responses import error_response
from gateway.server.operator_auth import OperatorAuth
from gateway.webchat.sessions.user_identity import MAX_LIFETIME_SECONDS, WebUser

DEFAULT_TOKEN_SECONDS: Final = 12 * 3_600
_LEEWAY_SECONDS: Final = 60
_SALT: Final = "turngate-web"
_USER_SALT: Final = "turngate-web-user"


class WebSession(FrozenModel):
    """A session that a client may use, with the user if the business has identified them.

    `since` is the time of that in seconds since the epoch; 0 if it is not known.
    """

    id: str
    user: WebUser | None = None
    since: int = 0


class SessionTokens:
    """Signed session tokens (HMAC-SHA256) with a timestamp. A session ID is no credential.

    A token may be renewed, but a user's only for a day after the backend has identified them: a copied token
    would be valid for ever.
    """

    def __init__(self, secrets: Sequence[str], seconds: float = DEFAULT_TOKEN_SECONDS) -> None:
        """Create the signer: the first secret signs, all verify; tokens expire after `seconds`.

        Raises `ConfigurationError` for a weak secret.
        """
        check_secrets("TURNGATE_WEB_TOKEN_SECRET", MIN_TOKEN_SECRET_LENGTH, secrets)
        self.seconds = int(seconds)
        self._user_seconds = max(self.seconds, MAX_LIFETIME_SECONDS)
        keys = list(reversed(secrets))
        self._signer = TimestampSigner(keys, salt=_SALT, digest_method=sha256) if keys else None
        self._user_signer = URLSafeTimedSerializer(
            keys or [""], salt=_USER_SALT, signer_kwargs={"digest_method": sha256}
        )

    def __bool__(self) -> bool:
        return self._signer is not None

    def seconds_left(self, session: WebSession) -> int:
        """Return for how many seconds a token that is issued now is valid."""
        if not session.since:
            return self.seconds
        return min(self.seconds, session.since + self._user_seconds - int(time()))

    def issue(self, session: WebSession) -> str:
        """Return a new token of a session; a user's token contains the claims of the backend."""
        assert self._signer is not None, "there is a secret"
        if session.user is None:
            return self._signer.sign(session.id).decode()
        return str(self._user_signer.dumps({**session.user.model_dump(), "since": session.since}))

    def verify(self, token: str) -> WebSession | None:
        """Return the session of a token; `None` if it is invalid or expired."""
        if self._signer is None or not token.isascii():
            return None
        try:
            session_id, signed_at = self._signer.unsign(token, return_timestamp=True)
        except BadData:
            return self._verify_user(token)
        try:
            return WebSession(id=session_id.decode()) if self._is_current(signed_at) else None
        except UnicodeDecodeError:
            return None

    def _verify_user(self, token: str) -> WebSession | None:
        try:
            claims, signed_at = self._user_signer.loads(token, return_timestamp=True)
            user = WebUser.model_validate(claims)
        except (BadData, UnicodeDecodeError, ValidationError):
            return None
        if not self._is_current(signed_at):
            return None
        session = WebSession(id=user.session_id, user=user, since=claims.get("since", 0))
        return session if self.seconds_left(session) > 0 else None

    def _is_current(self, signed_at: datetime) -> bool:
        """Return whether a token has not expired; a process whose clock is ahead may have signed it."""
        return -_LEEWAY_SECONDS <= time() - signed_at.timestamp() <= self.seconds


class ClientAuth:
    """Access rule for /turn, /stream, /reset and the renewal of a token."""

    def __init__(self, tokens: SessionTokens, operator: OperatorAuth) -> None:
        self._tokens = tokens
        self._operator_auth = operator

    def find_session(self, request: Request) -> WebSession | None:
        """Return the session of the request's token; `None` without a valid one."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return self._tokens.verify(token.strip()) if self._tokens and scheme.lower() == "bearer" else None

    async def authorize_session(self, request: Request, session_id: str) -> WebSession | Response:
        """Return the session that a request may use: the requested one for operators, its own for a token.

        A key of the role `viewer` only reads.
        """
        session = self.find_session(request)
        if session is not None:
            if session_id in ("", session.id):
                return session
            return error_response(403, "forbidden", "this token is for another session")
        role = Role.VIEWER if request.method == "GET" else Role.OPERATOR
        if denial := await self._operator_auth.denial_response(request, role):
            return denial
        if not session_id:
            return error_response(400, "bad_request", "session_id: it is required here")
        if len(session_id) > MAX_ID_LENGTH:
            return error_response(
                400, "bad_request", f"session_id: it has more than {MAX_ID_LENGTH} characters"
            )
        return WebSession(id=session_id)
