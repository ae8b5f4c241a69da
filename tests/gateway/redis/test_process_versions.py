"""Stored formats and the list of running processes: which releases may run side by side."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from redis.asyncio import Redis
from typer.testing import CliRunner

from core.errors import ConfigurationError
from gateway.cli.operations.version import app
from gateway.diagnostics.partition import check_versions
from gateway.redis.records.processes.process_versions import (
    FORMAT,
    admit,
    announce,
    describe_this_process,
    read_format,
    read_processes,
    withdraw,
)
from gateway.redis.server.readiness import Readiness


async def test_neighbouring_formats_run_side_by_side_and_a_rollback_is_possible(redis: Redis) -> None:
    for own in (3, 4, 3, 4):
        await admit(redis, own)
    assert await read_format(redis) == 4


@pytest.mark.parametrize(("stored", "own", "said"), [(3, 1, "cannot read"), (1, 3, "release by release")])
async def test_a_release_that_is_too_far_off_is_refused(
    redis: Redis, stored: int, own: int, said: str
) -> None:
    await admit(redis, stored)
    with pytest.raises(ConfigurationError, match=said):
        await admit(redis, own)
    assert await read_format(redis) == stored


async def test_a_process_on_data_of_a_far_release_is_not_ready(redis: Redis) -> None:
    assert await Readiness(redis).storage_problem() == ""
    await redis.set("tg:format", FORMAT + 2)
    assert "cannot read" in await Readiness(redis).storage_problem()


async def test_processes_are_listed_while_they_announce_themselves(redis: Redis) -> None:
    web = describe_this_process("web", "kyc 1234")
    worker = replace(web, role="worker", pid=7, release="9.9.9")
    for each in (web, worker, web):
        await announce(redis, each)
    assert await read_processes(redis) == [web, worker]
    [finding] = [each async for each in check_versions(redis)]
    assert not finding.passed
    assert finding.message.startswith(f"Processes run different releases: {web.release}, 9.9.9. ")
    await withdraw(redis, worker)
    await redis.zadd("tg:processes", {json.dumps({"gone": 1}): 1})  # announced long ago
    assert await read_processes(redis) == [web]


async def test_a_process_of_a_later_release_that_says_more_is_listed(redis: Redis) -> None:
    process = replace(describe_this_process("worker", "kyc 1234"), release="9.9.9")
    seconds, _ = await redis.time()
    fields = {name: getattr(process, name) for name in process.__slots__}
    await redis.zadd("tg:processes", {json.dumps({**fields, "zone": "eu"}): seconds * 1000})

    assert await read_processes(redis) == [process]


async def test_the_doctor_names_different_prefixes_of_rqs_keys(redis: Redis) -> None:
    web = describe_this_process("web", "kyc 1234")
    for each in (web, replace(web, role="worker", rq_prefix="myapp")):
        await announce(redis, each)
    [finding] = [each async for each in check_versions(redis)]

    assert finding.message.startswith("Processes run different prefixes of RQ's keys: myapp, rq. ")
    assert "RQ_KEY_PREFIX" in finding.message


async def test_the_command_says_whether_this_release_can_run(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    await admit(redis)
    await announce(redis, replace(describe_this_process("worker", "kyc 1234"), release="9.9.9"))
    said = await asyncio.to_thread(CliRunner().invoke, app, ["--check"])
    assert said.exit_code == 0
    assert "can run beside 9.9.9" in said.stdout
    await redis.set("tg:format", FORMAT + 2)
    said = await asyncio.to_thread(CliRunner().invoke, app, ["--check", "--json"])
    assert said.exit_code == 1
    found = json.loads(said.stdout)
    assert (found["stored_format"], found["processes"][0]["release"]) == (FORMAT + 2, "9.9.9")
