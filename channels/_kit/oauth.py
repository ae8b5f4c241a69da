"""Provider credentials: static, or OAuth access tokens with refresh (RFC 6749, section 6).

A refresh token may be valid only once, so one process at a time uses it, under a lock of the session store,
and the new tokens are stored there for all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from time import time
from typing import Final

import httpx

from channels._kit.inbound import get_number, get_text
from channels._kit.outbound import (
    BearerAuth,
    Credentials,
    build_foreign_error,
    is_foreign,
    may_have_taken_effect,
    parse_json_body,
    parse_retry_after,
    send_request,
)
from core.errors import LeaseLost, Rejected, SessionBusy, Throttled, Unavailable
from core.model import FailureKind
from core.ports import SessionStore, State
from core.sessions import InMemorySessionStore

_REFRESH_MARGIN_SECONDS: Final = 60.0
_SHORTEST_SECONDS: Final = 120.0
"""A token that is said to expire sooner is used until it is refused, not refreshed for each request."""


@dataclass(frozen=True, slots=True)
class StaticCredentials:
    """Credentials that never change: Basic authentication or a token without expiry.

    `hint` names the setting to check.
    """

    credentials: Credentials
    hint: str

    async def get_credentials(self, http: httpx.AsyncClient, *, spent: str = "") -> Credentials:
        """Return the credentials. Raises `Rejected` when the provider refused them."""
        if spent:
            raise Rejected(
                f"401: invalid credentials; check {self.hint}", code="401", failure=FailureKind.ACCOUNT
            )
        return self.credentials

    async def get_cached_credentials(self) -> Credentials | None:
        """Return the credentials, without refreshing."""
        return self.credentials


class RefreshingCredentials:
    """OAuth with rotating refresh tokens. `refresh_token` is the first; later ones are in the store.

    `url` is the token endpoint, `hint` the setting to replace when refreshing fails permanently.
    """

    def __init__(  # noqa: PLR0913 - keyword-only, one per field of the token request
        self,
        provider: str,
        *,
        url: str,
        hint: str,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        clock: Callable[[], float] = time,
    ) -> None:
        self._provider = provider
        self._url = url
        self._hint = hint
        self._client = {"client_id": client_id, "client_secret": client_secret}
        self._initial_refresh_token = refresh_token
        # derived from the first token, so that a new one in the settings replaces the stored tokens
        self._store_key = f"{provider}.oauth.{hashlib.sha256(refresh_token.encode()).hexdigest()[:16]}"
        self._clock = clock
        self._store: SessionStore = InMemorySessionStore()
        self._cached_tokens: State = {}

    def set_store(self, store: SessionStore) -> None:
        """Set the store that shares tokens between workers and locks their refresh."""
        self._store = store

    async def get_credentials(self, http: httpx.AsyncClient, *, spent: str = "") -> Credentials:
        """Return a valid token; `spent` is one that was refused. Raises `Rejected` or `Unavailable`."""
        if not self._is_valid(self._cached_tokens, spent):
            try:
                async with self._store.hold(self._store_key) as session:
                    tokens: State = session.state or {}
                    if not self._is_valid(tokens, spent):
                        tokens = await self._refresh_tokens(
                            get_text(tokens, "refresh", 4000) or self._initial_refresh_token, http
                        )
                        await session.save(tokens)
            except (SessionBusy, LeaseLost) as error:
                raise Unavailable(f"{self._provider}: refreshing the OAuth token failed: {error}") from error
            self._cached_tokens = tokens
        return BearerAuth(get_text(self._cached_tokens, "access", 4000))

    async def get_cached_credentials(self) -> Credentials | None:
        """Return the valid token, if there is one, without refreshing."""
        if not self._is_valid(self._cached_tokens, ""):
            async with self._store.hold(self._store_key) as session:
                self._cached_tokens = session.state or {}
        return (
            BearerAuth(get_text(self._cached_tokens, "access", 4000))
            if self._is_valid(self._cached_tokens, "")
            else None
        )

    async def _refresh_tokens(self, refresh_token: str, http: httpx.AsyncClient) -> State:
        form = {**self._client, "grant_type": "refresh_token", "refresh_token": refresh_token}
        response = await send_request(http, self._provider, "POST", self._url, auth=None, json=form)
        if response.status_code == 429 or may_have_taken_effect(response.status_code):
            reason = f"{self._provider} {response.status_code}: refreshing the OAuth token failed"
            error = Throttled if response.status_code == 429 else Unavailable
            raise error(reason, code=str(response.status_code), retry_after=parse_retry_after(response))
        tokens = parse_json_body(response)
        access = get_text(tokens, "access_token", 4000)
        if not access and is_foreign(response):
            raise build_foreign_error(self._provider, response, "its API's URL")
        if not response.is_success or not access:
            raise Rejected(
                f"{self._provider}: the refresh token was rejected; authorize the app again and set "
                f"{self._hint}",
                code=str(response.status_code),
                failure=FailureKind.ACCOUNT,
            )
        seconds = get_number(tokens, "expires_in") or 0
        return {
            "access": access,
            "refresh": get_text(tokens, "refresh_token", 4000) or refresh_token,
            "expires_at": self._clock() + max(seconds, _SHORTEST_SECONDS) if seconds > 0 else None,
        }

    def _is_valid(self, tokens: State, spent: str) -> bool:
        access, until = get_text(tokens, "access", 4000), get_number(tokens, "expires_at")
        fresh = until is None or until - _REFRESH_MARGIN_SECONDS > self._clock()
        return bool(access) and access != spent and fresh
