"""Session store on Redis for embedding applications: one holder at a time, fenced writes."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any

from redis.asyncio import Redis

from core.errors import ConfigurationError, LeaseLost, SessionBusy
from core.ports import HeldSession, State
from gateway.redis import lua
from gateway.redis.connection.address import check_url
from gateway.redis.connection.connect import open_redis
from gateway.redis.connection.outages.retry_loop import run_forever
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.lua import ProtocolLimits

_SCHEMA = 1
STORED_CLEAR = frozenset({"schema"})
_ACQUIRE_SCRIPT = lua.load_script("hold", ProtocolLimits())
_WRITE_SCRIPT = lua.load_script("keep", ProtocolLimits())


class RedisSessionStore:
    """Stores sessions that several processes share.

    A session is held under a lease with a fencing token: a process that was paused past it cannot save.
    States expire `seconds` after the last turn. With `keys` (Fernet keys, newest first) they are encrypted at
    rest; an older key still decrypts, and the next turn encrypts with the newest.
    """

    def __init__(
        self,
        url: str | Redis,
        *,
        seconds: float = 30 * 86_400.0,
        lease_seconds: float = 10.0,
        wait_seconds: float = 60.0,
        keys: Sequence[str] = (),
    ) -> None:
        """Create a store. `wait_seconds` is how long a turn waits for the one before.

        Raises `ConfigurationError`.

        A client in place of the URL is shared with its owner, who closes it.
        """
        if isinstance(url, str):
            check_url(url)
        self._redis: Redis = open_redis(url) if isinstance(url, str) else url
        self._expiry_ms = int(seconds * 1000)
        self._lease_ms = int(lease_seconds * 1000)
        self._wait_seconds = wait_seconds
        self._codec = _StateCodec(keys)

    @asynccontextmanager
    async def hold(self, session_id: str) -> AsyncIterator[HeldSession]:
        """Hold a session across all processes. Raises `SessionBusy`."""
        key = f"tg:own:{{{session_id}}}"
        fence, stored = await self._acquire(key)
        held = _RedisHeldSession(self, key, fence)
        renewing = asyncio.create_task(
            run_forever(held.renew, self._lease_ms / 3000, "session lease renewal")
        )
        try:
            held.state = await self._decode(key, stored) if stored else None
            yield held
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing
            await held.write("release", self._expiry_ms)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _acquire(self, key: str) -> tuple[str, bytes | None]:
        end, nonce = monotonic() + self._wait_seconds, lua.new_nonce()
        while True:
            answer: Any = await _ACQUIRE_SCRIPT(self._redis, [key, self._lease_ms, self._expiry_ms, nonce])
            if isinstance(answer, list):
                return answer[0].decode(), answer[1]
            if monotonic() > end:
                raise SessionBusy("the session is held by another turn for too long; try again")
            # a release sends no notification, so waiters poll, with jitter
            await asyncio.sleep(min(answer / 1000, random.uniform(0.002, 0.02)))  # noqa: S311

    async def write_fenced(self, arguments: list[str | bytes | int]) -> bool:
        """Write as the holder of a fencing token; False if a newer one exists."""
        return bool(await _WRITE_SCRIPT(self._redis, arguments))

    async def encode_state(self, key: str, state: State) -> bytes:
        """Encode a state for storage under a key."""
        encoded = self._codec.encode(state)
        if self._codec.is_on:
            return encoded
        return (await cipher_of(self._redis).sealer()).record(key, encoded, STORED_CLEAR)

    async def _decode(self, key: str, stored: bytes) -> State | None:
        return self._codec.decode(await cipher_of(self._redis).open(key, stored))

    @property
    def lease_and_expiry_ms(self) -> tuple[int, int]:
        """Lease and expiry in milliseconds."""
        return self._lease_ms, self._expiry_ms


class _RedisHeldSession:
    def __init__(self, store: RedisSessionStore, key: str, fence: str) -> None:
        self.state: State | None = None
        self._store = store
        self._key = key
        self._fence = fence

    async def save(self, state: State | None) -> None:
        _, expiry = self._store.lease_and_expiry_ms
        if state is None:
            is_saved = await self.write("forget", expiry)
        else:
            is_saved = await self.write("save", expiry, await self._store.encode_state(self._key, state))
        if not is_saved:
            raise LeaseLost("the session was taken by another process; nothing was saved")

    async def renew(self) -> None:
        lease, _ = self._store.lease_and_expiry_ms
        await self.write("renew", lease)

    async def write(self, command: str, milliseconds: int, state: bytes = b"") -> bool:
        return await self._store.write_fenced([self._key, self._fence, command, milliseconds, state])


class _StateCodec:
    """Encodes states as JSON with a schema number, encrypted if there are keys."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet: Any = None
        if keys:
            try:
                from cryptography.fernet import Fernet, MultiFernet
            except ImportError:
                raise ConfigurationError("encryption needs the package `cryptography`") from None
            try:
                self._fernet = MultiFernet([Fernet(key) for key in keys])
            except ValueError as error:
                raise ConfigurationError(f"keys: not a Fernet key ({error})") from None

    @property
    def is_on(self) -> bool:
        """True if it encrypts."""
        return self._fernet is not None

    def encode(self, state: State) -> bytes:
        encoded = json.dumps({"schema": _SCHEMA, "state": state}, separators=(",", ":")).encode()
        return self._fernet.encrypt(encoded) if self._fernet else encoded

    def decode(self, stored: bytes) -> State | None:
        """Decode a state; `None` if another schema wrote it.

        Raises `ConfigurationError` when no key decrypts it.
        """
        try:
            state = json.loads(self._fernet.decrypt(stored) if self._fernet else stored)
        except Exception as error:
            raise ConfigurationError("no key decrypts a stored session; add the previous keys") from error
        return state["state"] if isinstance(state, dict) and state.get("schema") == _SCHEMA else None
