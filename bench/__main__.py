"""Runs every benchmark and writes docs/performance.md."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import ack, drains, flight, flows, latency, plot, recovery, scale, streams, turns
from bench.load import Load
from gateway.redis.embedded_server import EmbeddedRedis

ROUNDS = 3
REQUESTS = 8_000
SESSIONS = 2_200
MESSAGES = 300
LINE = "\n"
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"


def main() -> None:
    """Measure, print and write; exits with code 1 when a goal is missed."""
    rows, share = _measure_ack()
    added = latency.render_section(MESSAGES)
    idle, waiting = drains.compare(), drains.compare_waiting(0.05)
    outward = [
        _render_worker_table(drains.compare(by_sms=True)),
        _render_worker_table(drains.compare_over_http(0.05)),
    ]
    page = _render_page(
        rows,
        share,
        added,
        _render_worker_table(idle),
        _render_worker_table(waiting),
        outward,
        _render_in_flight(flight.measure(SESSIONS)),
    )
    page += (
        scale.render_section() + recovery.render_section() + flows.render_section() + turns.render_section()
    )
    page += streams.render_section()
    PAGE.write_text(page, encoding="utf-8")
    PAGE.with_suffix(".svg").write_text(plot.render_bars(_build_bars(idle, waiting)), encoding="utf-8")
    print(page)
    if share < 0.5:
        raise SystemExit(
            "the acknowledgement path keeps less than half of the bare app's requests per second"
        )


def _measure_ack() -> tuple[list[str], float]:
    """The table's rows, and our share of the bare app's requests per second; medians of the rounds."""
    runs: dict[str, list[Load]] = {name: [] for name in ack.APPS}
    for number in range(ROUNDS):
        for name, loads in runs.items():
            with TemporaryDirectory(prefix="bench") as folder:
                server = EmbeddedRedis(Path(folder))
                server.start()
                try:
                    prepared = ack.build_requests(REQUESTS, 500, f"{number}")
                    loads.append(ack.measure(name, server.url, prepared))
                finally:
                    server.stop()
            print(f"· round {number + 1}: {name}: {loads[-1].per_second:.0f}/s", flush=True)
    bare = median(load.per_second for load in runs[ack.BARE_APP])
    rows = []
    for name, loads in runs.items():
        rate = median(load.per_second for load in loads)
        middle, tail = (median(load.percentile(share) for load in loads) for share in (0.5, 0.99))
        rows.append(f"| {name} | {rate:,.0f} | {rate / bare:.0%} | {middle:.1f} | {tail:.1f} |")
    return rows, median(load.per_second for load in runs[ack.TURNGATE_APP]) / bare


def _render_worker_table(runs: dict[str, drains.WorkerRun]) -> str:
    """A table: what each kind of worker reached, and what a turn cost the server."""
    ours = runs[drains.ASYNC_WORKER].per_second
    lines = [
        "| worker | turns/s | ours is | Redis round trips a turn | bytes a turn |",
        "|---|---|---|---|---|",
    ]
    for name, run in runs.items():
        print(f"· {name}: {run.per_second:.0f} turns/s", flush=True)
        trips, size = run.commands / run.turns, run.traffic_bytes / run.turns
        lines.append(
            f"| {name} | {run.per_second:,.1f} | {ours / run.per_second:.1f} × | {trips:.1f} | {size:,.0f} |"
        )
    return LINE.join(lines)


def _render_in_flight(flown: flight.InFlightCost) -> str:
    return (
        f"**{flown.concurrent_turns:,} turns at once, {flown.bytes_each / 1024:.0f} KiB and "
        f"{flown.cpu_each * 1000:.1f} ms of CPU each**"
    )


def _build_bars(idle: dict[str, drains.WorkerRun], waiting: dict[str, drains.WorkerRun]) -> list[plot.Bar]:
    """Turns a second of each worker, for the picture."""
    groups = {"no model time": idle, "50 ms of model time": waiting}
    return [
        plot.Bar(f"{name.replace('`', '')}, {group}", run.per_second, is_turngate=name == drains.ASYNC_WORKER)
        for group, runs in groups.items()
        for name, run in runs.items()
    ]


def _render_page(
    rows: list[str],
    share: float,
    added: str,
    idle: str,
    waiting: str,
    outward: list[str],
    flown: str,
) -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()}, CPython {platform.python_version()}"
    return f"""\
# Performance

Written by `make bench` on {machine}. Ratios last; absolute figures do not.

## Acknowledging a webhook

A signed Twilio form: 32 connections, one process, the load on the other core, a durable server (append-only,
`everysec`) beside both; medians of {ROUNDS} rounds in one run. The first row is the least that any Starlette
app must do; the second is what most people write.

| what the request does | requests/s | share | p50 ms | p99 ms |
|---|---|---|---|---|
{LINE.join(rows)}

Goal: at least half of the bare app. Reached: {share:.0%}, with the message durable and its job enqueued.
{added}
## Turns a second

The same drains, ten turns each of a flow of two nodes, for web clients; one worker process, started by the
`rq` command, from its start to an empty queue (goals: 20 × and 5 ×):

{idle}

![Turns a second of each worker, on a scale of powers of ten](performance.svg)

With 50 ms of model time in each turn, waited for in the worker (goal: 300 ×):

{waiting}

What HTTP costs on top. The same, each reply sent to a provider that takes everything at once:

{outward[0]}

And with the 50 ms at a model server that is asked through the `openai` package:

{outward[1]}

A round trip is one script call or one of RQ's own transactions; the bytes are those of both directions.

## Turns in flight

One worker process, {SESSIONS:,} sessions that all write at once, a model that thinks for
{flight.SECONDS:.0f} s, the `openai` package and the channel's client over HTTP: {flown}.

## Under attack

[storm.md](storm.md) has the verdict and the waiting times of a storm.
"""


if __name__ == "__main__":
    main()
