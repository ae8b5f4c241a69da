"""Sessions on Redis: leases that expire, retention, encryption."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from cryptography.fernet import Fernet
from redis.asyncio import Redis

from core.errors import ConfigurationError, LeaseLost, SessionBusy
from gateway.redis.records.sessions.session_store import RedisSessionStore

KEY = "tg:own:{ada}"


async def test_a_holder_paused_past_its_lease_cannot_save(redis: Redis, redis_url: str) -> None:
    slow, fast = RedisSessionStore(redis_url), RedisSessionStore(redis_url)
    async with slow.hold("ada") as held:
        await redis.hset(KEY, "lease", 1)
        async with fast.hold("ada") as other:
            await other.save({"turns": 1})
        with pytest.raises(LeaseLost):
            await held.save({"turns": 0})
    async with fast.hold("ada") as again:
        assert again.state == {"turns": 1}
    await slow.aclose()
    await fast.aclose()


async def test_a_lease_is_renewed_while_it_is_held(redis: Redis, redis_url: str) -> None:
    store = RedisSessionStore(redis_url, lease_seconds=0.6)
    async with store.hold("ada") as held:
        await asyncio.sleep(1.0)  # longer than the lease: it must have been renewed
        await held.save({"turns": 1})
    await store.aclose()


async def test_waiting_too_long_for_a_session_raises_busy(redis: Redis, redis_url: str) -> None:
    store = RedisSessionStore(redis_url, wait_seconds=0.05)
    async with store.hold("ada"):
        with pytest.raises(SessionBusy):
            async with store.hold("ada"):
                pass
    await store.aclose()


async def test_stored_sessions_expire(redis: Redis, redis_url: str) -> None:
    store = RedisSessionStore(redis_url, seconds=60)
    async with store.hold("ada") as held:
        assert 0 < await redis.pttl(KEY) <= 60_000
        await held.save({"turns": 1})
    assert 0 < await redis.pttl(KEY) <= 60_000
    await store.aclose()


async def test_states_are_encrypted_and_keys_rotate(redis: Redis, redis_url: str) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    before, after = RedisSessionStore(redis_url, keys=[old]), RedisSessionStore(redis_url, keys=[new, old])
    only_new = RedisSessionStore(redis_url, keys=[new])
    async with before.hold("ada") as held:
        await held.save({"secret": "4321"})
    stored: Any = await redis.hget(KEY, "state")
    assert b"4321" not in stored
    with pytest.raises(ConfigurationError, match="no key decrypts a stored session"):
        async with only_new.hold("ada"):
            pass
    async with after.hold("ada") as held:
        assert held.state == {"secret": "4321"}
        await held.save(held.state)
    async with only_new.hold("ada") as held:
        assert held.state == {"secret": "4321"}
    for store in (before, after, only_new):
        await store.aclose()


def test_an_invalid_encryption_key_is_reported(redis_url: str) -> None:
    with pytest.raises(ConfigurationError, match="not a Fernet key"):
        RedisSessionStore(redis_url, keys=["secret"])


@pytest.mark.parametrize("url", ["http://127.0.0.1:6379", "127.0.0.1:6379"])
def test_an_address_that_is_no_redis_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"REDIS_URL: .*redis://"):
        RedisSessionStore(url)
