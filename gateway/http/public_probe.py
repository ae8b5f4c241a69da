"""Asks the gateway's public address, as anybody on the internet can, whether the console is open."""

from __future__ import annotations

from typing import Final

import httpx

_TIMEOUT_SECONDS = 5.0
_MAX_BYTES = 64 * 1024
PAGES: Final = {"/console": "· Turngate", "/console/desk/sessions": '"sessions"', "/metrics": "turngate_"}
"""Page that is asked for, and a text that is in it if it was shown."""


async def find_open_pages(public_url: str) -> list[str]:
    """Return the URLs that are shown without a key. Raises `httpx.HTTPError` if nothing answers."""
    base = public_url.rstrip("/")
    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as http:
        return [f"{base}{path}" for path, sign in PAGES.items() if await _shows(http, f"{base}{path}", sign)]


async def _shows(http: httpx.AsyncClient, url: str, sign: str) -> bool:
    body = bytearray()
    async with http.stream("GET", url) as response:
        if response.status_code != 200:
            return False
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _MAX_BYTES:
                break
    return sign in body.decode("utf-8", "replace")
