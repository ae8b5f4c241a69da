"""Provider API calls; maps responses and client exceptions to delivery errors."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import aiohttp
import httpx

from channels._kit.outbound.transport_errors import describe_no_connection, describe_no_response
from channels._kit.text import redact_phone_numbers
from core import backoff
from core.errors import DeliveryError, Rejected, Unavailable, Unknown
from core.model import FailureKind
from core.time_limit import TimeLimit

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 10.0

_CONNECTION_ERRORS = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_CONNECT_CAUSES = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_GIVEN_UP = (408, 425)
_ELSEWHERE = frozenset({404, 405, 407, 410, 421, 451})
_INVALID_URL_ERRORS = (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.TooManyRedirects)

FormFields = Mapping[str, str | Sequence[str]]


class BearerAuth(httpx.Auth):
    """Bearer token in the Authorization header; the client drops it when a redirect leaves the host."""

    def __init__(self, token: str) -> None:
        self.token = token
        self._header = f"Bearer {token}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        request.headers["Authorization"] = self._header
        yield request


Credentials = tuple[str, str] | BearerAuth


async def post(
    http: httpx.AsyncClient,
    provider: str,
    url: str,
    *,
    auth: Credentials,
    data: FormFields | None = None,
    json: Mapping[str, object] | None = None,
) -> httpx.Response:
    """POST a form or JSON within bounded time; returns any status. Raises a `DeliveryError` otherwise."""
    return await send_request(http, provider, "POST", url, auth=auth, data=data, json=json)


async def send_request(  # noqa: PLR0913 - the keyword arguments of httpx
    http: httpx.AsyncClient,
    provider: str,
    method: str,
    url: str,
    *,
    auth: Credentials | None,
    data: FormFields | None = None,
    json: Mapping[str, object] | None = None,
    content: bytes | None = None,
    files: Mapping[str, tuple[str, bytes, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Send a request with any method, as `post`; `files` are name, bytes and type."""
    try:
        with TimeLimit(TOTAL_SECONDS):
            return await http.request(
                method,
                url,
                data=dict(data) if data is not None else None,
                json=json,
                files=files,
                content=content,
                headers=headers,
                auth=auth,
                timeout=_build_timeout(),
            )
    except Exception as error:  # httpx and ssl raise many types; unexpected ones are classified as unknown
        raise classify_http_error(error, provider) from error


async def get(
    http: httpx.AsyncClient, provider: str, url: str, *, params: FormFields | None, auth: Credentials
) -> httpx.Response:
    """GET a resource; a read changes nothing, so every transport failure is `Unavailable`."""
    try:
        with TimeLimit(TOTAL_SECONDS):
            return await http.get(
                url, params=dict(params) if params is not None else None, auth=auth, timeout=_build_timeout()
            )
    except Exception as error:  # as in `post`
        raise without_effect(classify_http_error(error, provider)) from error


def classify_http_error(error: Exception, provider: str) -> DeliveryError:
    """Return the delivery error for a client exception on a request that changes something.

    The aiohttp transport reports a refused connection and one that broke after sending alike, as a
    ConnectTimeout; only its cause tells them apart.
    """
    if isinstance(error, DeliveryError):
        return error
    if isinstance(error, _INVALID_URL_ERRORS):
        reason = f"{provider}: the API URL cannot be used ({type(error).__name__})"
        return Rejected(reason, failure=FailureKind.ACCOUNT)
    cause = error.__cause__
    if isinstance(error, _CONNECTION_ERRORS) and (
        not isinstance(cause, aiohttp.ClientError) or isinstance(cause, _CONNECT_CAUSES)
    ):
        return Unavailable(f"{provider}: {describe_no_connection(error)}")
    if isinstance(error, httpx.TimeoutException) and isinstance(cause, _CONNECT_CAUSES):
        return Unavailable(f"{provider}: {describe_no_connection(error)}")
    return Unknown(f"{provider}: {describe_no_response(error)}")


def without_effect(error: DeliveryError) -> DeliveryError:
    """Return the error of a request that changes nothing, whose outcome is therefore never unknown."""
    if isinstance(error, Unknown):
        return Unavailable(error.reason, code=error.code, retry_after=error.retry_after)
    return error


def build_read_error(
    response: httpx.Response, refuse: Callable[[httpx.Response], DeliveryError], provider: str
) -> DeliveryError:
    """Return the error of a read without the resource that it asked for; `refuse` is for an error status.

    What a response with a success status does not say must not be taken for empty, so the read is repeated.
    """
    if not response.is_success:
        return refuse(response)
    return Unavailable(f"{provider}: the response does not contain what was asked for", code="malformed")


def may_have_taken_effect(status: int) -> bool:
    """Return whether a request that got this error may have been processed; it is repeated.

    A 408 or 425 comes from a proxy or server that gave up on the request; it says nothing about its effect.
    """
    return status >= 500 or status in _GIVEN_UP


def is_refused(response: httpx.Response, result: str) -> bool:
    """Return whether the API refused a request: by its status, or by an error in the body of a success.

    `result` is the field in which a response has what was made. With it an error is a remark about something
    else, such as a file: the message has been sent, and must not be repeated.
    """
    return not response.is_success or (not parse_json_body(response).get(result) and _states_error(response))


def is_foreign(response: httpx.Response) -> bool:
    """Return whether a response that is no result comes from something else than the provider's API.

    That is a redirect, a 404 page of a proxy, a load balancer or another server, or a success that states no
    error. The API's own 404, for a contact or conversation, is a JSON object.
    """
    status = response.status_code
    if response.is_success:
        return not _states_error(response)
    return status < 400 or (status in _ELSEWHERE and not parse_json_body(response))


def _states_error(response: httpx.Response) -> bool:
    body = parse_json_body(response)
    return bool(body.get("error") or body.get("errors"))


def is_denied(response: httpx.Response) -> bool:
    """Return whether every request of the account is refused: 401, or a 403 that the API does not explain."""
    return response.status_code == 401 or (response.status_code == 403 and not parse_json_body(response))


def build_foreign_error(provider: str, response: httpx.Response, advice: str) -> Unavailable:
    """Build the error of a foreign answer; `advice` names the API's setting."""
    status = response.status_code
    return Unavailable(
        f"{provider} {status}: not a response of its API; check {advice}, and proxies on the way",
        code=str(status),
        retry_after=parse_retry_after(response),
    )


def describe_error(text: str) -> str:
    """Return a provider's error text for logs and operators."""
    return redact_phone_numbers(text) or "no reason given"


def parse_json_body(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of a response; an empty one for anything else."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def parse_retry_after(response: httpx.Response, now: Callable[[], datetime] | None = None) -> float | None:
    """Return the seconds of a response's Retry-After header; `None` if missing or malformed.

    A date there is compared with the provider's own time, so that this machine's clock does not matter; with
    `now` (default: the clock) where the response has no `Date`.
    """
    at = backoff.parse_http_date(response.headers.get("date", "")) or (now() if now else None)
    return backoff.parse_retry_after(response.headers.get("retry-after", ""), at)


def _build_timeout() -> httpx.Timeout:
    return httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS)
