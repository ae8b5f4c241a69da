"""Reads a session's log: the one record behind transcripts, the console and metrics."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable
from typing import Any, cast

from pydantic import JsonValue
from redis.asyncio import Redis

from core.model import FrozenModel, Owner
from gateway.redis.connection.pipelining.multiplexer import multiplexed_call
from gateway.redis.encryption.cipher import cipher_of

_ENTRY_ID = re.compile(r"[0-9]{1,18}(-[0-9]{1,18})?")


class LogEntry(FrozenModel):
    """One event of a session. `id` orders the log; `at_ms` is the server's clock."""

    id: str
    at_ms: int
    kind: str
    data: dict[str, JsonValue]


def is_entry_id(text: str) -> bool:
    """Return whether `text`, which a client sent, can be the ID of a stream's entry."""
    return _ENTRY_ID.fullmatch(text) is not None


def parse_page_end(text: str) -> str:
    """Return the ID of the entry before which a page ends; empty if `text` is none, or the ID 0-0."""
    return text if is_entry_id(text) and text.strip("0-") else ""


async def read_log(redis: Redis, session: str, after: str = "", count: int = 200) -> list[LogEntry]:
    """Return the first `count` entries after the entry `after`; an empty list for an unknown session."""
    start = f"({after}" if after else "-"
    return await _read_entries(redis, "XRANGE", session, start, "+", count)


async def read_log_from(redis: Redis, session: str, first: str, count: int) -> list[LogEntry]:
    """Return up to `count` entries, beginning with the entry `first` or, if it is gone, with the next one."""
    return await _read_entries(redis, "XRANGE", session, first, "+", count)


async def read_log_end(redis: Redis, session: str, count: int = 200) -> list[LogEntry]:
    """Return the last `count` entries, oldest first."""
    return (await _read_entries(redis, "XREVRANGE", session, "+", "-", count))[::-1]


async def read_log_before(redis: Redis, session: str, before: str, count: int) -> list[LogEntry]:
    """Return the last `count` entries before the entry `before`, or of all if it is empty; oldest first."""
    last = f"({before}" if before else "+"
    return (await _read_entries(redis, "XREVRANGE", session, last, "-", count))[::-1]


async def read_owner(redis: Redis, session: str) -> Owner:
    """Return the owner of a session; the bot for an unknown one."""
    stored: Any = await cast("Awaitable[bytes | None]", redis.hget(f"tg:{{{session}}}", "owner"))
    return Owner(stored.decode()) if stored else Owner.BOT


async def read_window(redis: Redis, session: str) -> int:
    """Return when a session's service window closes, in ms since the epoch; 0 if it has none."""
    stored: Any = await cast("Awaitable[bytes | None]", redis.hget(f"tg:{{{session}}}", "window"))
    return int(stored or 0)


async def _read_entries(
    redis: Redis, command: str, session: str, first: str, last: str, count: int
) -> list[LogEntry]:
    rows = await multiplexed_call(redis)(command, f"tg:{{{session}}}:log", first, last, "COUNT", count)
    opened = await cipher_of(redis).open_all(session, [fields[b"d"] for _, fields in rows])
    return [
        _decode_entry(name.decode(), fields[b"k"], data)
        for (name, fields), data in zip(rows, opened, strict=True)
    ]


def _decode_entry(name: str, kind: bytes, data: bytes) -> LogEntry:
    return LogEntry(id=name, at_ms=int(name.split("-")[0]), kind=kind.decode(), data=json.loads(data))
