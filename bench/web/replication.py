"""Acknowledgement that waits for replicas (`TURNGATE_DURABILITY=replicated`), beside one that does not."""

from __future__ import annotations

import asyncio
from functools import partial
from statistics import median

from starlette.types import ASGIApp

from bench.measuring.load_generator import Load
from bench.web.acknowledgement import ACCOUNT, PUBLIC_URL, TOKEN, build_requests, measure
from channels import load
from gateway.app import create_app
from gateway.redis.connection.connect import open_redis
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.inbox import RedisInbox
from gateway.storm.servers.sentinel_group import running_sentinel_group

_ROUNDS = 3
_REQUESTS = 6_000
_MAX_REPLICAS = 2
_NAMES = ("the primary has it (`local`)", "one replica has it", "two replicas have it")


def _build_app(redis_url: str, replicas: int) -> ASGIApp:
    channel = load("twilio", {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}, PUBLIC_URL)
    assert channel is not None
    redis = open_redis(redis_url)
    confirmation = ReplicaConfirmation(redis, replicas) if replicas else None
    return create_app({"twilio": channel}, RedisInbox(redis, confirmation=confirmation), redis)


async def _measure() -> list[list[Load]]:
    runs: list[list[Load]] = [[] for _ in range(_MAX_REPLICAS + 1)]
    async with running_sentinel_group(replicas=_MAX_REPLICAS) as group:
        url = f"redis://127.0.0.1:{group.primary_port}"
        for number in range(_ROUNDS):
            for replicas, loads in enumerate(runs):
                prepared = build_requests(_REQUESTS, 500, f"{number}{replicas}")
                build = partial(_build_app, replicas=replicas)
                loads.append(await asyncio.to_thread(measure, build, url, prepared))
                print(f"· {replicas} replicas: {loads[-1].per_second:.0f}/s", flush=True)
    return runs


def render_section() -> str:
    """Measure with none, one and two replicas in interleaved rounds and render the page's section."""
    runs = asyncio.run(_measure())
    local = median(each.per_second for each in runs[0])
    rows = "\n".join(_render_row(replicas, loads, local) for replicas, loads in enumerate(runs))
    return f"""
## Acknowledging when replicas have it

The same webhooks, on a server with two replicas, all on this machine; medians of {_ROUNDS} rounds in one
run. One `WAIT` follows each batch, so the cost is the answer of the slowest replica, and over a network its
round trip.

| acknowledged when | requests/s | share | p50 ms | p99 ms |
|---|---|---|---|---|
{rows}
"""


def _render_row(replicas: int, loads: list[Load], local: float) -> str:
    rate = median(each.per_second for each in loads)
    middle, tail = (median(each.percentile(share) for each in loads) for share in (0.5, 0.99))
    return f"| {_NAMES[replicas]} | {rate:,.0f} | {rate / local:.0%} | {middle:.1f} | {tail:.1f} |"
