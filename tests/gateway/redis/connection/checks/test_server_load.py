"""Checks report a nearly full or slow server and lagging replicas or disks, with the action to take."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from gateway.redis.connection.checks import server_load
from gateway.redis.connection.checks.server_load import check_load


async def find_problems(redis: Redis) -> str:
    return "\n".join(words for passed, words in await check_load(redis) if not passed)


async def test_a_server_with_room_passes(redis: Redis) -> None:
    found = await check_load(redis)

    assert all(passed for passed, _ in found), found
    assert any(words.startswith("Redis uses ") and " MB of " in words for _, words in found)
    assert any(words.startswith("Redis answers in ") for _, words in found)


async def test_a_nearly_full_server_is_a_problem(redis: Redis) -> None:
    used = int((await redis.info("memory"))["used_memory"])
    await redis.config_set("maxmemory", int(used * 1.05))
    try:
        assert "when it is full, messages are refused" in await find_problems(redis)
    finally:
        await redis.config_set("maxmemory", 0)


async def test_a_slow_server_is_a_problem(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count()
    monkeypatch.setattr(server_load, "perf_counter", lambda: next(clock) * 0.05)

    assert "Redis answers in 50 ms; every step of a message waits for it" in await find_problems(redis)


async def test_a_primary_that_needs_no_replica_to_accept_messages_is_told_of() -> None:
    replica = {"ip": "10.0.0.2", "port": 6379, "state": "online", "lag": 1}
    async with ReportingServer() as redis:
        redis.sections = {"replication": {"slave0": replica}}
        before = "\n".join(words for _, words in await check_load(redis))
        redis.sections["replication"]["min_slaves_good_slaves"] = 1
        after = "\n".join(words for _, words in await check_load(redis))

    assert "1 replica follows; min-replicas-to-write is 0" in before
    assert "min-replicas-to-write" not in after


class ReportingServer(Redis):
    """Server with replicas and files, as INFO reports it; sections that it lacks are hidden."""

    sections: dict[str, dict[str, Any]]

    async def info(self, section: str | None = None, *more: str, **options: Any) -> dict[str, Any]:
        if section not in self.sections:
            raise ResponseError("unknown section")
        return self.sections[section]

    async def ping(self, **options: Any) -> bool:
        return True


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"replication": {"slave0": {"ip": "10.0.0.2", "port": 6379, "state": "online", "lag": 1}}}, ""),
        (
            {"replication": {"slave0": {"ip": "10.0.0.2", "port": 6379, "state": "online", "lag": 60}}},
            "Replicas lag behind: 10.0.0.2:6379",
        ),
        (
            {"replication": {"slave0": {"ip": "a", "port": 1, "state": "wait_bgsave", "lag": 0}}},
            "lag behind",
        ),
        ({"persistence": {"aof_last_write_status": "err"}}, "last write to the append-only file failed"),
        ({"persistence": {"rdb_last_bgsave_status": "err"}}, "last snapshot failed"),
        (
            {"memory": {"used_memory": 900, "total_system_memory": 1000}},
            "when it is full, messages are refused",
        ),
        ({"memory": {"used_memory": 900}}, ""),
        ({}, ""),
    ],
)
async def test_facts_of_info_are_checked(sections: dict[str, dict[str, Any]], words: str) -> None:
    async with ReportingServer() as redis:
        redis.sections = sections
        found = await find_problems(redis)

    assert words in found
    assert bool(words) == bool(found)
