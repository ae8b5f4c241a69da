"""Web and worker follow a primary through its Sentinels, also when it fails."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from gateway.redis.connection.connect import open_redis
from gateway.redis.inbox import RedisInbox
from gateway.storm.servers.sentinel_group import SERVICE, SentinelGroup, running_sentinel_group
from tests.gateway.environments.stack import RQ, Stack, build_message, running_stack
from tests.paths import ROOT

OURS = ("--worker-class", "gateway.worker.AsyncWorker", "turns")


async def accept_message(group: SentinelGroup, number: int, text: str) -> None:
    async with open_redis(group.url, timeout=2.0) as redis:
        await RedisInbox(redis).accept([build_message(number, text)])


@pytest.mark.long
@pytest.mark.timeout(120)
@pytest.mark.parametrize("command", ["rq worker", "rq worker-pool", "turngate worker"])
async def test_a_worker_answers_before_and_after_a_failover(command: str, tmp_path: Path) -> None:
    async with running_sentinel_group() as group, running_stack() as stack:
        worker = await start_worker(stack, group, command, tmp_path)
        await accept_message(group, 1, "hi")
        await stack.simulator.wait_for_texts(1)
        await group.fail_over()
        await accept_message(group, 2, "4321")
        received = await stack.simulator.wait_for_texts(2)
        worker.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            await worker.communicate()

    assert worker.returncode == 0
    assert ["last four" in received[0], "date of birth" in received[1]] == [True, True]


@pytest.mark.long
async def test_the_doctor_reaches_the_primary() -> None:
    async with running_sentinel_group() as group, running_stack() as stack:
        stack.add_settings(REDIS_URL=group.url)
        doctor = await stack.start_process(sys.executable, "-m", "gateway", "doctor")
        output = (await doctor.communicate())[0].decode()

    assert "Redis accepts writes" in output
    assert "Traceback" not in output


async def start_worker(
    stack: Stack, group: SentinelGroup, command: str, folder: Path
) -> asyncio.subprocess.Process:
    if command == "turngate worker":
        stack.add_settings(REDIS_URL=group.url)
        return await stack.start_process(sys.executable, "-m", "gateway", "worker")
    (folder / "sentinel_settings.py").write_text(
        f'SENTINEL = {{"INSTANCES": [("127.0.0.1", {group.sentinel_port})], "MASTER_NAME": "{SERVICE}"}}\n'
    )
    stack.add_settings(PYTHONPATH=f"{folder}:{ROOT}")
    return await stack.start_process(RQ, command.split()[1], "-c", "sentinel_settings", *OURS)
