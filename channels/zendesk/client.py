"""Requests to Zendesk's API, with credentials that may have to be renewed, and what refusals mean."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol

import httpx

from channels._kit.inbound.json import child, children, word
from channels._kit.outbound.http import Bearer, Credentials, answered, change, get, retry_after
from channels._kit.text import without_numbers
from channels.zendesk.capabilities import NAME
from core.errors import DeliveryError, Rejected, Unavailable, Unknown

_LATER_SECONDS: Final = 30.0
_LOCKED_SECONDS: Final = 10.0

Json = dict[str, Any]


class Shown(Protocol):
    """Credentials, perhaps renewed ones."""

    async def current(self, http: httpx.AsyncClient, *, spent: str = "") -> Credentials:
        """What to send; `spent` is what was refused. Raises a `DeliveryError`."""
        ...


class Client:
    """The API of one account."""

    def __init__(self, url: str, credentials: Shown) -> None:
        self._base = f"{url}/api/v2"
        self._credentials = credentials

    async def change(
        self,
        method: str,
        path: str,
        http: httpx.AsyncClient,
        *,
        json: Json | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Any answer; no answer is a `DeliveryError`."""

        async def attempt(auth: Credentials) -> httpx.Response:
            url = f"{self._base}{path}"
            return await change(
                http, NAME, method, url, auth=auth, json=json, content=content, headers=headers
            )

        return await self._shown(attempt, http)

    async def read(self, path: str, http: httpx.AsyncClient, params: Mapping[str, str] | None = None) -> Json:
        """What is there. Raises `Rejected` or `Unavailable`, since asking changes nothing."""
        found, _ = await self.read_at(path, http, params)
        return found

    async def read_at(
        self, path: str, http: httpx.AsyncClient, params: Mapping[str, str] | None = None
    ) -> tuple[Json, datetime | None]:
        """As `read`, and when that was by Zendesk's clock, in whole seconds."""

        async def attempt(auth: Credentials) -> httpx.Response:
            return await get(http, NAME, f"{self._base}{path}", params=params, auth=auth)

        answer = await self._shown(attempt, http)
        found = answered(answer)
        if answer.is_success and found:
            return found, _date(answer)
        error = refusal(answer)
        raise Unavailable(error.reason, code=error.code) if isinstance(error, Unknown) else error

    async def _shown(
        self, attempt: Callable[[Credentials], Awaitable[httpx.Response]], http: httpx.AsyncClient
    ) -> httpx.Response:
        """A token may have been renewed elsewhere, or revoked: a refused one is tried anew, once."""
        auth = await self._credentials.current(http)
        answer = await attempt(auth)
        if answer.status_code != 401:
            return answer
        spent = auth.token if isinstance(auth, Bearer) else auth[1]
        return await attempt(await self._credentials.current(http, spent=spent))


def refusal(response: httpx.Response) -> DeliveryError:
    """The delivery error behind an answer. A 429 was not processed; a 5xx may have been."""
    status = response.status_code
    code, reason = str(status), f"zendesk {status}: {_told(answered(response))}"
    after = retry_after(response)
    if status == 429:
        return Unavailable(reason, code=code, retry_after=_LATER_SECONDS if after is None else after)
    if status in (409, 423):
        return Unavailable(reason, code=code, retry_after=_LOCKED_SECONDS if after is None else after)
    if status >= 500:
        return Unknown(reason, code=code)
    if status < 400:
        return Unavailable(f"{reason} is no answer of Zendesk's; check ZENDESK_API_URL", code=code)
    return Rejected(reason, code=code, account_wide=status == 401)


def _date(response: httpx.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return None


def _told(body: Json) -> str:
    """What Zendesk says went wrong, in whichever of its shapes."""
    details = [
        word(each, "description", 200)
        for name in child(body, "details")
        for each in children(child(body, "details"), name)
    ]
    error = child(body, "error")
    words = [word(body, "error", 60), word(error, "title", 60), word(error, "message", 200)]
    text = ": ".join(each for each in (*words, word(body, "description", 200), *details) if each)
    return without_numbers(text) or "no reason given"
