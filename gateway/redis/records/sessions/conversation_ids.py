"""Opaque names of conversations in URLs, which end in histories and logs of proxies.

A session's name may be a phone number. Its opaque form is the name encrypted with a key that this server
keeps in Redis (deterministic and authenticated, after the construction SIV of RFC 5297, with HMAC-SHA256 as
the pseudorandom function), so nothing has to be stored, and links stay valid while the salt exists.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from typing import Final

from redis.asyncio import Redis

from gateway.redis.records.operators.audit_log import read_salt

_TAG_BYTES: Final = 16
_BLOCK_BYTES: Final = 32
_MAX_LENGTH: Final = 4_000


class ConversationIds:
    """Turns names of sessions, cursors and search terms into opaque text and back."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._salt = b""

    async def load(self) -> None:
        """Read the key; it is made when there is none."""
        if not self._salt:
            self._salt = await read_salt(self._redis)

    def encode(self, name: str) -> str:
        """Return the opaque form of a name. `load` comes first."""
        content = name.encode()
        tag = self._digest(b"tag", content)[:_TAG_BYTES]
        return urlsafe_b64encode(tag + self._mask(tag, content)).decode().rstrip("=")

    def decode(self, opaque: str) -> str:
        """Return the name; empty if `opaque` was not made with this key."""
        if len(opaque) > _MAX_LENGTH:
            return ""
        try:
            stored = urlsafe_b64decode(f"{opaque}{'=' * (-len(opaque) % 4)}".encode("ascii"))
            tag = stored[:_TAG_BYTES]
            content = self._mask(tag, stored[_TAG_BYTES:])
            is_ours = hmac.compare_digest(self._digest(b"tag", content)[:_TAG_BYTES], tag)
            return content.decode() if is_ours else ""
        except (Error, UnicodeError, ValueError):
            return ""

    def _mask(self, tag: bytes, content: bytes) -> bytes:
        blocks = range(-(-len(content) // _BLOCK_BYTES))
        stream = b"".join(self._digest(b"mask", tag + number.to_bytes(4, "big")) for number in blocks)
        return bytes(one ^ other for one, other in zip(content, stream, strict=False))

    def _digest(self, purpose: bytes, content: bytes) -> bytes:
        key = hmac.digest(self._salt, b"conversation ids " + purpose, "sha256")
        return hmac.digest(key, content, "sha256")
