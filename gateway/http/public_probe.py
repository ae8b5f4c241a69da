"""Requests the console from the gateway's public URL without a key, to check that it is not open."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import httpx

from core.bounded_gzip import ACCEPTED_ENCODING
from gateway.http.bounded_answers import AnswerTooLarge, BoundedTransport

_TIMEOUT_SECONDS = 5.0
_MAX_BYTES = 64 * 1024
_MAX_ANSWER_BYTES = 1024 * 1024
"""Size, also unpacked, up to which one piece of an answer is taken into memory."""
PAGES: Final = {"/console": "· Turngate", "/console/desk/sessions": '"sessions"', "/metrics": "turngate_"}
"""Page that is asked for, and a text that is in it if it was shown."""


async def find_open_pages(public_url: str) -> list[str]:
    """Return the URLs that are shown without a key. Raises `httpx.HTTPError` if nothing answers."""
    base = public_url.rstrip("/")
    transport = BoundedTransport(httpx.AsyncHTTPTransport(), _MAX_ANSWER_BYTES)
    headers = {"Accept-Encoding": ACCEPTED_ENCODING}
    async with httpx.AsyncClient(transport=transport, timeout=_TIMEOUT_SECONDS, headers=headers) as http:
        return [
            f"{base}{path}" for path, sign in PAGES.items() if await _has_sign(http, f"{base}{path}", sign)
        ]


async def _has_sign(http: httpx.AsyncClient, url: str, sign: str) -> bool:
    body = bytearray()
    async with http.stream("GET", url) as response:
        if response.status_code != 200:
            return False
        with suppress(AnswerTooLarge):  # not one of our pages; its beginning shows that, too
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MAX_BYTES:
                    break
    return sign in body.decode("utf-8", "replace")
