"""Sessions of signed-in operators: a random ID in the cookie, and its key's ID in Redis."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Any, Final

from redis.asyncio import Redis

SESSION_SECONDS: Final = 12 * 3600


class OperatorSessions:
    """Sessions that end at sign-out, after twelve hours, or when their key is removed from the settings."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def create(self, key_id: str) -> str:
        """Begin a session; return its ID."""
        session_id = secrets.token_urlsafe(32)
        await self._redis.set(_key(session_id), key_id, ex=SESSION_SECONDS)
        return session_id

    async def find(self, session_id: str) -> str:
        """Return the ID of the session's key; empty if there is no such session."""
        stored: Any = await self._redis.get(_key(session_id))
        return stored.decode() if stored else ""

    async def end(self, session_id: str) -> None:
        """End a session."""
        await self._redis.delete(_key(session_id))


def _key(session_id: str) -> str:
    """Return the name under which a session is kept: a digest, so that nobody can sign in with a copy."""
    return f"tg:{{access}}:session:{sha256(session_id.encode()).hexdigest()}"
