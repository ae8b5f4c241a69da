"""The one client of the OpenAI protocol, and what its calls may fail with.

Importing this file costs a second, so only who needs it does.
"""

from __future__ import annotations

import asyncio
import os
from typing import Final

import aiohttp
import httpx2
from openai import AsyncOpenAI, DefaultAioHttpClient, DefaultAsyncHttpxClient, OpenAIError

from core.errors import Misconfigured

_CONNECTIONS: Final = 20_000

FAILURES: Final = (OpenAIError, TimeoutError, ValueError, httpx2.HTTPError, aiohttp.ClientError)
"""What a call raises when there is no answer."""


class OpenAIClient:
    """Connects when it is first asked to. `timeout` bounds one try, in seconds.

    `aiohttp` is for workers: it holds hundreds of requests in flight at half the cost of httpx2, but mocks
    of httpx2 do not see it. Raises `Misconfigured` without a key.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 20.0,
        retries: int = 2,
        aiohttp: bool = False,
    ) -> None:
        self._key = api_key or os.environ.get("OPENAI_API_KEY", "")
        if not self._key:
            raise Misconfigured("OPENAI_API_KEY is not set; a local server takes any text as the key.")
        self._base_url = base_url
        self._timeout = timeout
        self._retries = retries
        self._aiohttp = aiohttp
        self._client: AsyncOpenAI | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def api(self) -> AsyncOpenAI:
        """The one client; a new one when the event loop is another, as with `asyncio.run` for each job."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop = loop
            self._client = AsyncOpenAI(
                api_key=self._key,
                base_url=self._base_url,
                timeout=self._timeout,
                max_retries=self._retries,
                http_client=_many_at_once() if self._aiohttp else DefaultAsyncHttpxClient(),
            )
        return self._client

    async def aclose(self) -> None:
        """Close the connections; the next call opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()


def _many_at_once() -> httpx2.AsyncClient:
    """The client's own bound is 1,000 connections; how many turns run at once is the worker's to bound."""
    limits = httpx2.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
    return DefaultAioHttpClient(limits=limits)
