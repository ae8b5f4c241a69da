"""The one file that builds HTTP clients."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

_CONNECTIONS = 2_000
_SECONDS = 15.0
_OUTSIDE_CONNECTIONS = 200


def provider_client() -> httpx.AsyncClient:
    """The client for providers' APIs: one a process.

    httpx's own pool looks at every idle connection on every request and collapses above some dozens in
    flight, so aiohttp carries the requests. Redirects are not followed: credentials would travel with them.
    """
    limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
    return httpx.AsyncClient(
        transport=AiohttpTransport(limits=limits), timeout=_SECONDS, follow_redirects=False
    )


def outside_client(make_socket: Callable[[tuple[Any, ...]], socket.socket]) -> httpx.AsyncClient:
    """The client for addresses that others named; `make_socket` has the last word on each connection.

    No proxy, no cookies, no redirects: whoever uses it looks at every hop.
    """

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            socket_factory=make_socket, limit=_OUTSIDE_CONNECTIONS, use_dns_cache=False
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    return httpx.AsyncClient(
        transport=AiohttpTransport(client=session), timeout=_SECONDS, follow_redirects=False
    )
