"""The one file that builds HTTP clients."""

from __future__ import annotations

import httpx
from httpx_aiohttp import AiohttpTransport

_CONNECTIONS = 2_000
_SECONDS = 15.0


def provider_client() -> httpx.AsyncClient:
    """The client for providers' APIs: one a process.

    httpx's own pool looks at every idle connection on every request and collapses above some dozens in
    flight, so aiohttp carries the requests. Redirects are not followed: credentials would travel with them.
    """
    limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
    return httpx.AsyncClient(
        transport=AiohttpTransport(limits=limits), timeout=_SECONDS, follow_redirects=False
    )
