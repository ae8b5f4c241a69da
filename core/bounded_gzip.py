"""Reads responses up to a size limit, which also holds for the decompressed size of gzip."""

from __future__ import annotations

import zlib
from typing import Final

ACCEPTED_ENCODING: Final = "gzip"
"""Value of the header Accept-Encoding for requests whose responses are read with `BoundedReader`."""

_CHUNK_BYTES = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class TooManyBytes(Exception):
    """The response exceeds the size limit, compressed or decompressed."""


class MalformedAnswer(Exception):
    """The response has an encoding that was not requested, or its content does not match its encoding."""


class BoundedReader:
    """Checks and decompresses the chunks of one response. `encoding` is its header Content-Encoding.

    Raises `MalformedAnswer` for an encoding other than gzip.
    """

    def __init__(self, encoding: str, max_bytes: int) -> None:
        encoding = encoding.strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise MalformedAnswer(f"the answer is compressed as {encoding[:40]!r}, which was not asked for")
        self.is_packed = encoding.endswith("gzip")
        self._max_bytes = max_bytes
        self._unpacker = zlib.decompressobj(_GZIP) if self.is_packed else None
        self._received = self._unpacked = 0

    def read(self, chunk: bytes) -> list[bytes]:
        """Return the pieces of a chunk. Raises `TooManyBytes` before more than the limit is in memory."""
        self._received += len(chunk)
        if self._received > self._max_bytes:
            raise TooManyBytes(f"the answer is larger than {self._max_bytes:,} bytes")
        if self._unpacker is None:
            return [chunk]
        pieces: list[bytes] = []
        try:
            while chunk and not self._unpacker.eof:
                pieces.append(self._unpacker.decompress(chunk, _CHUNK_BYTES))
                self._unpacked += len(pieces[-1])
                if self._unpacked > self._max_bytes:
                    raise TooManyBytes(f"the answer unpacks to more than {self._max_bytes:,} bytes")
                chunk = self._unpacker.unconsumed_tail
        except zlib.error as error:
            raise MalformedAnswer("the answer is not gzip, although its header says so") from error
        return pieces

    def finish(self) -> None:
        """Check that the response is complete. Raises `MalformedAnswer`."""
        if self._unpacker is not None and self._received and not self._unpacker.eof:
            raise MalformedAnswer("the compressed answer is not complete")
