"""Checks that what a benchmark timed was answered: a failing turn may well be the fastest."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterable, Iterable

from redis.asyncio import Redis

from gateway.redis.records.sessions.log.session_log import read_log_end

_LOG_ENTRIES = 1_000
_LAST_ENTRIES = 10
"""Covers the newest turn of a session and the replies of the previous one."""


async def assert_answered(redis: Redis, turns: int) -> None:
    """Check the whole server: every turn committed without an error, every reply sent, no dead letter."""
    counts = await redis.hgetall("tg:counts")
    assert not counts.get(b"dead"), f"{int(counts[b'dead'])} turns or replies became dead letters"
    kinds = await _count_entries(redis, [key async for key in _scan_logs(redis)])
    assert kinds["committed"] == turns, f"{kinds['committed']} of {turns} turns were committed"
    assert kinds["sent"] == kinds["said"] >= turns, f"{turns} turns: {dict(kinds)}"


async def read_span(redis: Redis) -> float:
    """Return the seconds from the first claim of a session to the last reply that was sent."""
    begins, ends = [], []
    async for session in _scan_logs(redis):
        for entry in await read_log_end(redis, session, _LOG_ENTRIES):
            if entry.kind == "claimed":
                begins.append(entry.at_ms)
            elif entry.kind == "sent":
                ends.append(entry.at_ms)
    return (max(ends) - min(begins)) / 1000


async def assert_last_turns_answered(redis: Redis, sessions: Iterable[str]) -> None:
    """Check that the newest turn of each session was committed without an error and its reply sent."""
    for session in sessions:
        kinds = await _count_entries(redis, [session], last=_LAST_ENTRIES)
        answered = kinds["committed"] > 0 and kinds["sent"] > 0
        assert answered, f"{session}: the last turn was not answered: {dict(kinds)}"


async def _scan_logs(redis: Redis) -> AsyncIterable[str]:
    async for key in redis.scan_iter("tg:{*}:log", count=1_000):
        yield key.decode().removeprefix("tg:{").removesuffix("}:log")


async def _count_entries(redis: Redis, sessions: Iterable[str], last: int = _LOG_ENTRIES) -> Counter[str]:
    kinds: Counter[str] = Counter()
    for session in sessions:
        for entry in await read_log_end(redis, session, last):
            kinds[entry.kind] += 1
            assert entry.kind != "refused", f"{session}: a reply was refused: {entry.data}"
            assert "error" not in entry.data, f"{session}: a turn failed: {entry.data}"
    return kinds
