"""Client of the OpenAI protocol, and the errors of its calls.

Importing this module takes a second, so it is imported only when it is used.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Final

import aiohttp
import httpx2
from openai import APIError, AsyncOpenAI, DefaultAioHttpClient, DefaultAsyncHttpxClient, OpenAIError

from core.bounded_gzip import ACCEPTED_ENCODING, BoundedReader, MalformedAnswer, TooManyBytes
from core.errors import ConfigurationError

_MAX_CONNECTIONS: Final = 20_000

_MAX_RESPONSE_BYTES: Final = 16_000_000
"""Maximum size of a response; a long one in pieces, with its reasoning, has some millions of bytes."""

TRANSIENT_ERRORS: Final = (APIError, ConnectionError, httpx2.HTTPError, aiohttp.ClientError)
"""Errors that may not occur again when a call is retried."""

REQUEST_ERRORS: Final = (*TRANSIENT_ERRORS, OpenAIError, TimeoutError, ValueError)
"""Errors of a call without a response."""

PROTOCOL_ERRORS: Final = (AttributeError, TypeError, LookupError, RecursionError)
"""Errors of reading a response that violates the protocol, which the package does not validate."""


class OpenAIClient:
    """Connects on first use. `timeout` limits one attempt, in seconds.

    `aiohttp` is for workers: it holds hundreds of requests in flight at half the cost of httpx2, but mocks of
    httpx2 do not see it. Raises `ConfigurationError` without a key.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 20.0,
        aiohttp: bool = False,
    ) -> None:
        self._api_key = api_key or os.environ.get("OPENAI_API_KEY", "")
        if not self._api_key:
            raise ConfigurationError("OPENAI_API_KEY is not set; a local server accepts any text as the key.")
        self._base_url = base_url
        self._timeout = timeout
        self._use_aiohttp = aiohttp
        self._client: AsyncOpenAI | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def api(self) -> AsyncOpenAI:
        """The client; a new one for each event loop, as with `asyncio.run` for each job."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop = loop
            self._client = AsyncOpenAI(
                api_key=self._api_key,
                base_url=self._base_url,
                timeout=self._timeout,
                max_retries=0,  # its own retries would exceed our deadline
                http_client=self._build_http_client(),
                default_headers={"Accept-Encoding": ACCEPTED_ENCODING},
            )
        return self._client

    async def aclose(self) -> None:
        """Close the connections; the next call opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _build_http_client(self) -> httpx2.AsyncClient:
        """Return a client with limited responses; the number of concurrent turns is limited by the worker."""
        client = _build_aiohttp_client() if self._use_aiohttp else DefaultAsyncHttpxClient()
        client.event_hooks = {"response": [_limit_response_size]}
        return client


def _build_aiohttp_client() -> httpx2.AsyncClient:
    """Return an aiohttp client with more than the package's 1,000 connections."""
    limits = httpx2.Limits(max_connections=_MAX_CONNECTIONS, max_keepalive_connections=_MAX_CONNECTIONS)
    return DefaultAioHttpClient(limits=limits)


async def _limit_response_size(response: httpx2.Response) -> None:
    """Bound what is read and unpacked. Raises `ConnectionError` for an encoding that was not asked for."""
    try:
        reader = BoundedReader(response.headers.get("content-encoding", ""), _MAX_RESPONSE_BYTES)
    except MalformedAnswer as error:
        raise ConnectionError(str(error)) from error
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _SizeLimitedStream(response.stream, reader)
    if reader.is_packed:
        for name in ("content-encoding", "content-length"):
            response.headers.pop(name, None)


class _SizeLimitedStream(httpx2.AsyncByteStream):
    """Response body, unpacked, that raises `ConnectionError` beyond the maximum size."""

    def __init__(self, stream: httpx2.AsyncByteStream, reader: BoundedReader) -> None:
        self._stream = stream
        self._reader = reader

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                for piece in self._reader.read(chunk):
                    yield piece
            self._reader.finish()
        except (TooManyBytes, MalformedAnswer) as error:
            raise ConnectionError(str(error)) from error

    async def aclose(self) -> None:
        """Close the response."""
        await self._stream.aclose()
