"""Rate limit for wrong operator keys: per address with growing delays, and for all addresses together."""

from __future__ import annotations

from hashlib import sha256

from redis.asyncio import Redis

from gateway.redis import lua
from gateway.redis.lua import ProtocolLimits


class CredentialAttempts:
    """Admits credentials; the check and the count are one step, so parallel guesses do not pass together."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = lua.load_script("admit_credential", ProtocolLimits())

    async def admit(self, address: str, *, is_right: bool) -> float:
        """Return how many seconds the address must wait; 0 if the credential counts.

        A refused credential must be treated the same whether it is right or wrong.
        """
        name = sha256(address.encode()).hexdigest()[:32]
        wait_ms: int = await self._script(self._redis, [name, "1" if is_right else "0"])
        return wait_ms / 1000
