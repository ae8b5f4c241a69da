"""How we show a provider who we are: by what lasts, or by OAuth tokens that are renewed (RFC 6749, 6).

A refresh token may be good only once, so one process at a time spends it, and what it gets is kept for all:
in a session store, which holds a name for one process, fenced.
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
    parse_json_body,
    parse_retry_after,
    send_request,
)
from core.errors import LeaseLost, Rejected, SessionBusy, Unavailable
from core.ports import SessionStore, State
from core.sessions import InMemorySessionStore

_REFRESH_MARGIN_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class StaticCredentials:
    """What never changes: a name and its password, or a token without an end. `hint` says what to check."""

    credentials: Credentials
    hint: str

    async def get_credentials(self, http: httpx.AsyncClient, *, spent: str = "") -> Credentials:
        """What to send. Raises `Rejected` when the provider did not take it."""
        if spent:
            raise Rejected(
                f"401: the credentials are refused; check {self.hint}", code="401", account_wide=True
            )
        return self.credentials

    async def get_cached_credentials(self) -> Credentials | None:
        """What to send where nothing can be renewed."""
        return self.credentials


class RefreshingCredentials:
    """OAuth with rotating refresh tokens. `refresh_token` is the first; the later ones are in the store.

    `url` is where tokens are got, `hint` the setting to fill anew when that fails for good.
    """

    def __init__(
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
        # named by the first token, so that a new one in the settings begins anew
        self._store_key = f"{provider}.oauth.{hashlib.sha256(refresh_token.encode()).hexdigest()[:16]}"
        self._clock = clock
        self._store: SessionStore = InMemorySessionStore()
        self._cached_tokens: State = {}

    def set_store(self, store: SessionStore) -> None:
        """Keep tokens where all workers find them, and where only one at a time renews them."""
        self._store = store

    async def get_credentials(self, http: httpx.AsyncClient, *, spent: str = "") -> Credentials:
        """A token that is good; `spent` is one that was refused. Raises `Rejected` or `Unavailable`."""
        if not self._is_valid(self._cached_tokens, spent):
            try:
                async with self._store.hold(self._store_key) as held:
                    kept: State = held.state or {}
                    if not self._is_valid(kept, spent):
                        kept = await self._refresh_tokens(
                            get_text(kept, "refresh", 4000) or self._initial_refresh_token, http
                        )
                        await held.save(kept)
            except (SessionBusy, LeaseLost) as error:
                raise Unavailable(
                    f"{self._provider}: the OAuth token could not be renewed: {error}"
                ) from error
            self._cached_tokens = kept
        return BearerAuth(get_text(self._cached_tokens, "access", 4000))

    async def get_cached_credentials(self) -> Credentials | None:
        """The token that is good now, if there is one, without renewing any."""
        if not self._is_valid(self._cached_tokens, ""):
            async with self._store.hold(self._store_key) as held:
                self._cached_tokens = held.state or {}
        return (
            BearerAuth(get_text(self._cached_tokens, "access", 4000))
            if self._is_valid(self._cached_tokens, "")
            else None
        )

    async def _refresh_tokens(self, refresh_token: str, http: httpx.AsyncClient) -> State:
        form = {**self._client, "grant_type": "refresh_token", "refresh_token": refresh_token}
        answer = await send_request(http, self._provider, "POST", self._url, auth=None, json=form)
        if answer.status_code == 429 or answer.status_code >= 500:
            reason = f"{self._provider} {answer.status_code}: the OAuth token could not be renewed"
            raise Unavailable(reason, code=str(answer.status_code), retry_after=parse_retry_after(answer))
        found = parse_json_body(answer)
        access = get_text(found, "access_token", 4000)
        if not answer.is_success or not access:
            raise Rejected(
                f"{self._provider}: the refresh token is refused; authorise the app anew, set {self._hint}",
                code=str(answer.status_code),
                account_wide=True,
            )
        seconds = get_number(found, "expires_in")
        return {
            "access": access,
            "refresh": get_text(found, "refresh_token", 4000) or refresh_token,
            "expires_at": self._clock() + seconds if seconds else None,
        }

    def _is_valid(self, tokens: State, spent: str) -> bool:
        access, until = get_text(tokens, "access", 4000), get_number(tokens, "expires_at")
        fresh = until is None or until - _REFRESH_MARGIN_SECONDS > self._clock()
        return bool(access) and access != spent and fresh
