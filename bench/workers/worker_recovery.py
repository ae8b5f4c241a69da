"""Recovery time after a worker was killed in the middle of its turns."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from redis.asyncio import Redis

from bench.programs import provider_sink
from bench.web.acknowledgement import ACCOUNT, TOKEN
from bench.workers.worker_run import fill_mailboxes
from gateway.local.child_process import SupervisedProcess
from gateway.redis.server.embedded_server import EmbeddedRedis

SESSIONS, TURNS = 300, 8
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds from the kill until the last session of the dead worker was claimed again."""

    held_sessions: int
    seconds: float


def measure() -> Recovery:
    """Return the median of several kills."""
    recoveries = [asyncio.run(_measure_once()) for _ in range(ROUNDS)]
    return Recovery(
        round(median(each.held_sessions for each in recoveries)), median(each.seconds for each in recoveries)
    )


async def _measure_once() -> Recovery:
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="bench"))
        server = EmbeddedRedis(Path(folder))
        server.start()
        stack.callback(server.stop)
        environ = {
            **os.environ,
            "REDIS_URL": server.url,
            "PUBLIC_URL": "http://127.0.0.1:1",
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_URL": stack.enter_context(provider_sink.running_sink()),
            "TURNGATE_FLOW": "kyc",
        }
        redis = await stack.enter_async_context(Redis.from_url(server.url))
        victim = SupervisedProcess("worker", environ)
        await victim.start()
        stack.push_async_callback(victim.stop, 10.0)
        await _wait_for_worker(redis)
        await fill_mailboxes(server.url, SESSIONS, TURNS, by_sms=True)
        await _wait_until_busy(redis)
        assert victim.pid is not None
        os.kill(victim.pid, signal.SIGSTOP)  # paused, so that its sessions can be counted
        held_fences = await _held_fences(redis)
        began = perf_counter()
        os.kill(victim.pid, signal.SIGKILL)  # its parent starts another one at once
        await _wait_until_reclaimed(redis, held_fences)
        return Recovery(len(held_fences), perf_counter() - began)


async def _wait_for_worker(redis: Redis) -> None:
    async with asyncio.timeout(60):
        while True:  # another process offers no event to wait for
            if await redis.zcard("tg:workers"):
                return
            await asyncio.sleep(0.05)


async def _wait_until_busy(redis: Redis) -> None:
    async with asyncio.timeout(60):
        while True:
            if len(await _held_fences(redis)) >= 20:
                return
            await asyncio.sleep(0.005)


async def _held_fences(redis: Redis) -> dict[str, int]:
    """Return the fencing tokens of the sessions under a lease."""
    fences: dict[str, int] = {}
    async for key in redis.scan_iter("tg:{twilio:*}", count=1_000):
        if key.endswith(b"}"):
            lease, fence = await redis.hmget(key, "lease", "fence")
            if lease and fence:
                fences[key.decode()] = int(fence)
    return fences


async def _wait_until_reclaimed(redis: Redis, held_fences: dict[str, int]) -> None:
    """Wait until each session was claimed by another worker or has no work left."""
    async with asyncio.timeout(120):
        for key, fence in held_fences.items():
            while True:
                now, lease = await redis.hmget(key, "fence", "lease")
                if int(now or 0) > fence or not lease:
                    break
                await asyncio.sleep(0.01)


def render_section() -> str:
    """Measure and render the page's section."""
    recovery = measure()
    return f"""
## A worker killed

A worker with {recovery.held_sessions} sessions in progress, ended with SIGKILL and restarted by its
supervisor: the last of them was continued **{recovery.seconds:.1f} s** after the kill (median of {ROUNDS};
the lease is 6 s, the goal 10 s).
"""
