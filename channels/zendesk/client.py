"""Authenticated requests to Zendesk's API, and their errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

import httpx

from channels._kit.inbound import JsonObject, get_object, get_object_list, get_text
from channels._kit.outbound import (
    BearerAuth,
    Credentials,
    build_foreign_error,
    build_read_error,
    describe_error,
    get,
    is_denied,
    is_foreign,
    may_have_taken_effect,
    parse_json_body,
    parse_retry_after,
    send_request,
    without_effect,
)
from channels.zendesk.capabilities import NAME
from core.backoff import parse_http_date
from core.errors import DeliveryError, Rejected, Throttled, Unavailable, Unknown
from core.model import FailureKind

_DEFAULT_RETRY_SECONDS: Final = 30.0
_LOCKED_RETRY_SECONDS: Final = 10.0
_PAGE_SIZE: Final = 100
_MAX_PAGES: Final = 100

Json = dict[str, Any]


class CredentialsProvider(Protocol):
    """Source of credentials, perhaps refreshed ones."""

    async def get_credentials(self, http: httpx.AsyncClient, *, spent: str = "") -> Credentials:
        """Return credentials; `spent` is what was refused. Raises a `DeliveryError`."""
        ...


class ApiClient:
    """API of one account."""

    def __init__(self, url: str, credentials: CredentialsProvider) -> None:
        self._base = f"{url}/api/v2"
        self._credentials = credentials

    async def send_request(
        self,
        method: str,
        path: str,
        http: httpx.AsyncClient,
        *,
        json: Json | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Return any response. Raises a `DeliveryError` if there is none."""

        async def attempt(auth: Credentials) -> httpx.Response:
            url = f"{self._base}{path}"
            return await send_request(
                http, NAME, method, url, auth=auth, json=json, content=content, headers=headers
            )

        return await self._send_authenticated(attempt, http)

    async def get_json(
        self, path: str, name: str, http: httpx.AsyncClient, params: Mapping[str, str] | None = None
    ) -> Json:
        """Read a resource or list, which is at `name` in the response; empty if it may be missing.

        Raises `Rejected` or `Unavailable`, since reading changes nothing.
        """
        body, _ = await self.get_json_with_time(path, name, http, params)
        return body

    async def list_all(self, path: str, name: str, http: httpx.AsyncClient) -> list[JsonObject]:
        """Read all pages of a list (Zendesk, "Cursor pagination"), up to a bound. Raises as `get_json`."""
        records: list[JsonObject] = []
        params = {"page[size]": str(_PAGE_SIZE)}
        for _ in range(_MAX_PAGES):
            body = await self.get_json(path, name, http, params)
            records += get_object_list(body, name)
            meta = get_object(body, "meta")
            after = get_text(meta, "after_cursor", 1000)
            if meta.get("has_more") is not True or not after:
                return records
            params = {**params, "page[after]": after}
        raise Unavailable(f"zendesk: the list of {name} has more than {_PAGE_SIZE * _MAX_PAGES} records")

    async def get_json_with_time(
        self, path: str, name: str, http: httpx.AsyncClient, params: Mapping[str, str] | None = None
    ) -> tuple[Json, datetime | None]:
        """Read a resource as `get_json`, with Zendesk's time of the response in whole seconds."""

        async def attempt(auth: Credentials) -> httpx.Response:
            return await get(http, NAME, f"{self._base}{path}", params=params, auth=auth)

        response = await self._send_authenticated(attempt, http)
        body = parse_json_body(response)
        if response.is_success and (isinstance(body.get(name), dict | list) if name else body):
            return body, _parse_date_header(response)
        raise without_effect(build_read_error(response, build_delivery_error, "zendesk"))

    async def _send_authenticated(
        self, attempt: Callable[[Credentials], Awaitable[httpx.Response]], http: httpx.AsyncClient
    ) -> httpx.Response:
        """Send a request, retried once after 401: a token may be refreshed elsewhere, or revoked."""
        auth = await self._credentials.get_credentials(http)
        response = await attempt(auth)
        if response.status_code != 401:
            return response
        rejected_token = auth.token if isinstance(auth, BearerAuth) else auth[1]
        return await attempt(await self._credentials.get_credentials(http, spent=rejected_token))


def build_delivery_error(response: httpx.Response) -> DeliveryError:
    """Return the delivery error for an error response. A 429 was not processed; a 5xx may have been."""
    status = response.status_code
    code, reason = str(status), f"zendesk {status}: {_extract_error_message(parse_json_body(response))}"
    after = parse_retry_after(response)
    if status == 429:
        return Throttled(reason, code=code, retry_after=_DEFAULT_RETRY_SECONDS if after is None else after)
    if status in (409, 423):
        after = _LOCKED_RETRY_SECONDS if after is None else after
        return Unavailable(reason, code=code, retry_after=after, one_contact=True)
    if may_have_taken_effect(status):
        return Unknown(reason, code=code, retry_after=after)
    if is_foreign(response):
        return build_foreign_error("zendesk", response, "ZENDESK_API_URL")
    failure = FailureKind.ACCOUNT if is_denied(response) else FailureKind.PERMANENT
    return Rejected(reason, code=code, failure=failure)


def _parse_date_header(response: httpx.Response) -> datetime | None:
    """Return the time in Zendesk's `Date` header; two such headers are parsed as a time without a zone."""
    return parse_http_date(response.headers.get("date", ""))


def _extract_error_message(body: Json) -> str:
    """Return Zendesk's error message from any of its error shapes."""
    details = [
        get_text(each, "description", 200)
        for name in get_object(body, "details")
        for each in get_object_list(get_object(body, "details"), name)
    ]
    error = get_object(body, "error")
    messages = [get_text(body, "error", 60), get_text(error, "title", 60), get_text(error, "message", 200)]
    text = ": ".join(each for each in (*messages, get_text(body, "description", 200), *details) if each)
    return describe_error(text)
