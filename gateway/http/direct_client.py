"""HTTP client that hands simple requests to its transport directly.

httpx spends more on cookies, redirects, hooks and the merging of URLs than aiohttp on the exchange itself,
and an API call needs none of them (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import httpx

_CONTENT: Final = frozenset({"content", "data", "files", "json", "params"})
_SIMPLE: Final = _CONTENT | {"headers", "auth", "timeout"}
_CACHED_URLS = 1_000

_parse_url = lru_cache(maxsize=_CACHED_URLS)(httpx.URL)


class DirectClient(httpx.AsyncClient):
    """Sends simple requests directly to the transport; all others go through httpx's client.

    Simple requests have only content, headers, credentials and a timeout. Answers are read in full, redirects
    are not followed, and no cookie is kept: an account's would go with the requests of another.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, **options: Any) -> None:
        super().__init__(transport=transport, **options)
        self._direct_transport = transport

    async def request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Response:
        """Send a request and read its answer; arguments and errors are those of httpx's method."""
        chosen = {name: value for name, value in options.items() if _is_given(name, value)}
        credentials = chosen.get("auth")
        is_simple = chosen.keys() <= _SIMPLE and not callable(credentials)
        if self.is_closed or not is_simple or any(self.event_hooks.values()):
            return await super().request(method, url, **options)
        request = self._build(method, url, chosen)
        if credentials is None:
            return await self._exchange(request)
        auth = credentials if isinstance(credentials, httpx.Auth) else httpx.BasicAuth(*credentials)
        flow = auth.auth_flow(request)
        request = next(flow)
        while True:
            response = await self._exchange(request)
            try:
                request = flow.send(response)
            except StopIteration:
                return response

    def _build(self, method: str, url: httpx.URL | str, options: Mapping[str, Any]) -> httpx.Request:
        headers = httpx.Headers(self.headers)
        if "headers" in options:
            headers.update(options["headers"])
        timeout = httpx.Timeout(options.get("timeout", self.timeout))
        return httpx.Request(
            method,
            _parse_url(url) if isinstance(url, str) else url,
            headers=headers,
            extensions={"timeout": timeout.as_dict()},
            **{name: value for name, value in options.items() if name in _CONTENT},
        )

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._direct_transport.handle_async_request(request)
        except httpx.RequestError as error:
            error.request = request
            raise
        response.request = request
        try:
            await response.aread()
        except BaseException:
            await response.aclose()
            raise
        return response


def _is_given(name: str, value: object) -> bool:
    """Return whether an option is given; without a timeout a request may take any time."""
    return value is not httpx.USE_CLIENT_DEFAULT and (value is not None or name == "timeout")
