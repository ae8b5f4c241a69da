"""HTTP transport with a size limit for responses, which also applies after decompression."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import httpx

from core.bounded_gzip import BoundedReader, MalformedAnswer, TooManyBytes

MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024
"""Maximum size of an answer; lists, such as those of templates, come in pages of some hundred kilobytes."""


class AnswerTooLarge(httpx.ReadError):
    """The answer is larger than is read, so the request's outcome is not known."""


class BoundedTransport(httpx.AsyncBaseTransport):
    """Reads answers up to a size, and unpacks gzip itself: httpx would unpack any amount at once."""

    def __init__(self, transport: httpx.AsyncBaseTransport, max_bytes: int) -> None:
        self._transport = transport
        self._max_bytes = max_bytes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request. Reading its answer raises `AnswerTooLarge` beyond the size."""
        response = await self._transport.handle_async_request(request)
        try:
            reader = BoundedReader(response.headers.get("content-encoding", ""), self._max_bytes)
        except MalformedAnswer as error:
            await response.aclose()
            raise httpx.DecodingError(str(error)) from error
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _BoundedStream(response.stream, reader)
        if reader.is_packed:
            for name in ("content-encoding", "content-length"):
                response.headers.pop(name, None)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()


class _BoundedStream(httpx.AsyncByteStream):
    """Body of an answer, unpacked."""

    def __init__(self, stream: httpx.AsyncByteStream, reader: BoundedReader) -> None:
        self._stream = stream
        self._reader = reader

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                for piece in self._reader.read(chunk):
                    yield piece
            self._reader.finish()
        except TooManyBytes as error:
            raise AnswerTooLarge(str(error)) from error
        except MalformedAnswer as error:
            raise httpx.DecodingError(str(error)) from error

    async def aclose(self) -> None:
        """Close the answer."""
        await self._stream.aclose()
