"""Chats in which an operator tries a flow out: one for each operator and flow, for an hour."""

from __future__ import annotations

import zlib
from hashlib import sha256
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis

CHAT_SECONDS: Final = 3600
_MAX_BYTES: Final = 512 * 1024
_REPLACE: Final = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""


class StoredChat(NamedTuple):
    """The text of a chat, and its bytes as they are stored; both are empty if there is none."""

    text: str = ""
    packed: bytes = b""


class TrialChats:
    """Texts of chats by operator and flow, so that their number is bounded; any web process may go on."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._replace = redis.register_script(_REPLACE)

    async def read(self, operator: str, flow: str) -> StoredChat:
        """Return a chat."""
        packed: Any = await self._redis.get(_key(operator, flow))
        return StoredChat(zlib.decompress(packed).decode(), packed) if packed else StoredChat()

    async def replace(self, operator: str, flow: str, before: StoredChat, text: str) -> bool:
        """Store a chat unless another request has changed it since `before`, or it is too large."""
        packed = zlib.compress(text.encode())
        if len(packed) > _MAX_BYTES:
            return False
        arguments: list[bytes | int] = [before.packed, packed, CHAT_SECONDS]
        return bool(await self._replace([_key(operator, flow)], arguments))

    async def delete(self, operator: str, flow: str) -> None:
        """End a chat."""
        await self._redis.delete(_key(operator, flow))


def _key(operator: str, flow: str) -> str:
    return "tg:trial_chat:" + sha256(f"{operator}\n{flow}".encode()).hexdigest()
