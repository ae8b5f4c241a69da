"""`POST /turn` over several primaries that are the bottleneck, as they are on machines with more cores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.measuring import load_generator
from bench.measuring.cpu_limit import is_available, limited_cpu
from bench.measuring.load_generator import Load
from bench.web.turn_endpoint import INSTANT_MODEL_SETTINGS, build_requests, running_processes
from gateway.redis.connection.cluster.partition import Partition
from gateway.storm.servers.cluster_group import ClusterGroup

_PRIMARIES = (1, 2, 3)
_PARTITIONS = 6
_SHARE = 0.1
_CONNECTIONS = 48
_REQUESTS = 1_500
_ROUNDS = 3
_GOAL = 0.8


def render_section() -> str:
    """Measure one, two and three primaries in interleaved rounds and render the page's section."""
    if not is_available():
        return _render("Not measured: this needs root on Linux with control groups, version 1.")
    runs = asyncio.run(_measure())
    one = median(each.per_second for each in runs[1])
    rows = "\n".join(_render_row(primaries, loads, one) for primaries, loads in runs.items())
    gains = {primaries: median(each.per_second for each in loads) / one for primaries, loads in runs.items()}
    missed = [primaries for primaries, gain in gains.items() if gain < _GOAL * primaries]
    assert not missed, f"{missed} primaries carry less than {_GOAL:.0%} of as many times the turns of one"
    return _render(
        "| primaries | turns/s | against one | p50, ms | p99, ms |\n|---|---|---|---|---|\n" + rows
    )


async def _measure() -> dict[int, list[Load]]:
    runs: dict[int, list[Load]] = {primaries: [] for primaries in _PRIMARIES}
    for _ in range(_ROUNDS):
        for primaries, loads in runs.items():
            async with _running_gateway(primaries) as port:
                await load_generator.run(port, list(build_requests(port, 300, "warm")), _CONNECTIONS)
                run = await load_generator.run(port, list(build_requests(port, _REQUESTS)), _CONNECTIONS)
            assert run.errors == 0, f"{run.errors} turns were not answered with 200"
            loads.append(run)
            print(f"· {primaries} primaries: {run.per_second:.0f} turns/s", flush=True)
    return runs


@asynccontextmanager
async def _running_gateway(primaries: int) -> AsyncIterator[int]:
    """Run a cluster, a web process and a worker; once they run, each primary gets its share of a core."""
    with TemporaryDirectory(prefix="bench") as folder, ExitStack() as stack:
        group = ClusterGroup(Path(folder), primaries, replicas=0)
        await group.start()
        stack.callback(group.stop)
        for number in range(_PARTITIONS):
            await group.move_slot(Partition(number).slot, group.ports[number % primaries])
        settings = INSTANT_MODEL_SETTINGS | {"TURNGATE_PARTITIONS": str(_PARTITIONS)}
        async with running_processes(group.url, settings) as port:
            with ExitStack() as limits:
                for process_id in group.process_ids:
                    limits.enter_context(limited_cpu(process_id, _SHARE))
                yield port


def _render_row(primaries: int, loads: list[Load], one: float) -> str:
    rate = median(each.per_second for each in loads)
    middle, tail = (median(each.percentile(share) for each in loads) for share in (0.5, 0.99))
    return f"| {primaries} | {rate:,.0f} | {rate / one:.1f} × | {middle:.0f} | {tail:.0f} |"


def _render(result: str) -> str:
    return f"""
## Several primaries

`POST /turn` over {_PARTITIONS} partitions on a cluster of one, two and three primaries, {_CONNECTIONS}
connections, {_REQUESTS:,} turns, one web process and one worker; medians of {_ROUNDS} rounds in one run. Each
primary gets {_SHARE:.0%} of a core, so that the servers are the bottleneck, as they are on machines with more
cores. Goal: at least {_GOAL:.0%} of as many times the turns of one primary.

{result}
"""
