"""Streams of any length are rewritten in steps; nothing is lost, restored or left over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

from gateway.redis import lua
from gateway.redis.encryption.cipher import use_cipher
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.rewriting.reencryption import Reencryption
from gateway.redis.records.stream_rewriter import Row, StreamRewriter, copy_key
from tests.gateway.redis.encryption.test_records import build_ring, find_words

STREAM, WORD = "tg:dead", "zebrafish"


@pytest.fixture(autouse=True)
async def _uncompressed(redis: Redis) -> AsyncIterator[None]:
    """Let `DUMP` show the bytes as they are in memory."""
    await redis.config_set("rdbcompression", "no")
    yield
    await redis.config_set("rdbcompression", "yes")


async def append_letters(redis: Redis, number: int = 25) -> list[str]:
    """Append dead letters of as many sessions, and return their IDs."""
    ids: list[Any] = [
        await redis.xadd(STREAM, {"session": f"fake:{at}", "letter": f'{{"reason":"{WORD} {at}."}}'})
        for at in range(number)
    ]
    return [each.decode() for each in ids]


async def read_bytes(redis: Redis) -> bytes:
    """Return the bytes that the server keeps of the stream, also those of deleted entries."""
    return (await redis.dump(STREAM)) or b""


async def read_info(redis: Redis) -> tuple[Any, Any, int]:
    found: Any = await redis.xinfo_stream(STREAM)
    return found["last-generated-id"], await redis.xrange(STREAM), await redis.ttl(STREAM)


async def is_clean(redis: Redis) -> bool:
    """Return whether no copy and no process's token is left."""
    return not await redis.keys("tg:stream_*")


@pytest.mark.parametrize("step", [1, 3, 5, 25, 100])
@pytest.mark.parametrize("ttl", [-1, 900])
async def test_no_byte_of_a_deleted_entry_stays(redis: Redis, step: int, ttl: int) -> None:
    ids = await append_letters(redis)
    await redis.expire(STREAM, ttl) if ttl > 0 else None
    await redis.xdel(STREAM, ids[0], ids[7], ids[24])
    before = await read_info(redis)
    assert f"{WORD} 7.".encode() in await read_bytes(redis)
    await StreamRewriter(redis, step).compact(STREAM)

    assert await read_info(redis) == before
    kept = await read_bytes(redis)
    assert all(f"{WORD} {at}.".encode() not in kept for at in (0, 7, 24))
    assert await is_clean(redis)


@pytest.mark.parametrize("left", [0, 1])
async def test_an_emptied_or_missing_stream_is_not_an_error(redis: Redis, left: int) -> None:
    rewriter = StreamRewriter(redis, 4)
    await rewriter.compact(STREAM)
    ids = await append_letters(redis)
    await redis.xdel(STREAM, *ids[left:])
    await rewriter.compact(STREAM)

    assert await redis.xlen(STREAM) == left
    assert f"{WORD} 9.".encode() not in await read_bytes(redis)
    assert await is_clean(redis)


async def test_what_is_appended_trimmed_and_deleted_meanwhile_counts(redis: Redis) -> None:
    """Each step meets another change: a drop of a copied entry, of a later one, a trim, a new entry."""
    ids = await append_letters(redis, 40)
    changes = [("xdel", 0), ("xdel", 35), ("trim", 6), ("add", 0), ("xdel", 12), ("add", 0)]

    async def change(rows: Sequence[Row]) -> Mapping[str, bytes]:
        if changes and rows:
            kind, at = changes.pop()
            match kind:
                case "xdel":
                    await redis.xdel(STREAM, ids[at])
                case "trim":
                    await redis.xtrim(STREAM, minid=ids[at], approximate=False)
                case _:
                    await append_letters(redis, 1)
        return {entry.decode(): fields[b"letter"].upper() for entry, fields in rows}

    await StreamRewriter(redis, 3).change(STREAM, "letter", change)

    rows: Any = await redis.xrange(STREAM)
    kept = [each for at, each in enumerate(ids) if at not in (12, 35) and at >= 6]
    assert [entry.decode() for entry, _ in rows][: len(kept)] == kept
    assert len(rows) == len(kept) + 2
    assert all(WORD.upper().encode() in fields[b"letter"] for entry, fields in rows if entry.decode() in kept)
    assert not changes
    assert await is_clean(redis)


async def test_a_killed_run_leaves_the_stream_and_the_next_one_completes(redis: Redis) -> None:
    await append_letters(redis)
    before = await read_info(redis)
    script = lua.load_script("copy_stream", ProtocolLimits())
    first: Any = await script(redis, [STREAM, "killed", "", 10, "letter"])
    assert first[0] == b"more"
    assert await read_info(redis) == before
    assert 0 < await redis.pttl(copy_key(STREAM)) <= lua.STREAM_COPIER_MS

    compacting = asyncio.create_task(StreamRewriter(redis, 10).compact(STREAM))
    await redis.delete("tg:stream_copier:tg:dead")  # as its time to live does
    await compacting
    late: Any = await script(redis, [STREAM, "killed", first[1], 10, "letter"])
    assert late[0] == b"again"
    assert await read_info(redis) == before
    assert await is_clean(redis)


async def test_two_at_once_are_one_after_the_other(redis: Redis) -> None:
    ids = await append_letters(redis)
    rewriter = StreamRewriter(redis, 2)

    async def erase(at: int) -> bool:
        await redis.xdel(STREAM, ids[at])
        await rewriter.compact(STREAM)
        return f"{WORD} {at}.".encode() in await read_bytes(redis)

    assert await asyncio.gather(*map(erase, (3, 11, 19))) == [False] * 3
    assert await redis.xlen(STREAM) == 22
    assert await is_clean(redis)


async def test_a_long_stream_is_encrypted_and_an_erasure_of_one_contact_is_complete(redis: Redis) -> None:
    await append_letters(redis)  # of sessions that have expired
    receipt = await ContactErasure(redis, StreamRewriter(redis, 4)).erase("fake:7")
    assert receipt.removed == {"dead letters": 1}
    assert f"{WORD} 7.".encode() not in await read_bytes(redis)
    use_cipher(redis, build_ring())
    letter = '{"reply":{"key":"k","body":"' + WORD + '"}}'
    for at in range(25):
        await redis.xadd(STREAM, {"session": f"fake:{at}", "letter": letter})
    await redis.xtrim(STREAM, maxlen=25, approximate=False)

    assert await Reencryption(redis, streams=StreamRewriter(redis, 4)).run() == 25
    assert await find_words(redis, WORD) == []
    assert await redis.xlen(STREAM) == 25


async def test_a_copy_of_an_erased_session_is_deleted(redis: Redis) -> None:
    log = "tg:{fake:1}:log"
    await redis.hset("tg:{fake:1}", "account", "a")
    for _ in range(3):
        await redis.xadd(log, {"k": "said", "d": WORD})
    await lua.load_script("copy_stream", ProtocolLimits())(redis, [log, "killed", "", 2, "d"])
    await ContactErasure(redis).erase("fake:1")

    assert not await redis.exists(copy_key(log))
