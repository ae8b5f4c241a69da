"""Turns per second: the same jobs of the same sessions under RQ's own workers and under the gateway's."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from bench.measuring import chart, cpu_limit
from bench.programs import slow_model_server
from bench.programs.delayed_model import DELAY_VARIABLE
from bench.workers.worker_run import WorkerRun, run_worker

# RQ's own workers are measured on fewer sessions: they are that slow, and their rate does not depend on it.
ASYNC_WORKER = "`AsyncWorker`"
FORKING_WORKER = "RQ `Worker` (forks)"
WORKERS = {
    FORKING_WORKER: (["--serializer", "json"], 10),
    "RQ `SimpleWorker`": (["--serializer", "json", "--worker-class", "rq.worker.SimpleWorker"], 100),
    ASYNC_WORKER: (["--worker-class", "gateway.worker.AsyncWorker"], 1_000),
}
TURNS_PER_SESSION = 10
_SHARE = 0.3
_ROUNDS = 3
_GOAL_OF_TWO = 1.7


def compare(*, by_sms: bool = False) -> dict[str, WorkerRun]:
    """Run each kind of worker on the same jobs, with a model that costs nothing."""
    return {
        name: run_worker(options, sessions, TURNS_PER_SESSION, by_sms=by_sms)
        for name, (options, sessions) in WORKERS.items()
    }


def compare_waiting(seconds: float) -> dict[str, WorkerRun]:
    """Run RQ's forking worker and the gateway's with turns that wait `seconds` in the worker's process."""
    late = {"TURNGATE_TOOLS": "bench.programs.delayed_model", DELAY_VARIABLE: str(seconds)}
    return {
        name: run_worker(WORKERS[name][0], sessions, TURNS_PER_SESSION, settings=late)
        for name, sessions in ((FORKING_WORKER, 5), (ASYNC_WORKER, 1_000))
    }


def compare_over_http(seconds: float) -> dict[str, WorkerRun]:
    """Run the same over HTTP: the model is called through the `openai` package, each reply is sent by SMS."""
    runs = {}
    for name, sessions in ((FORKING_WORKER, 3), (ASYNC_WORKER, 500)):
        with slow_model_server.running_model(seconds) as thinking:
            runs[name] = run_worker(
                WORKERS[name][0], sessions, TURNS_PER_SESSION, by_sms=True, model_url=thinking.url
            )
    return runs


def compare_processes(share: float = 0.0) -> float:
    """Return how many times the turns of one process two make, each reply sent over HTTP.

    With a `share` each process gets that part of a core, so that the other programs have room beside them.
    """
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(_ROUNDS):
        for processes, found in rates.items():
            found.append(_measure_rate(processes, share))
            print(f"· {processes} processes: {found[-1]:.0f} turns/s", flush=True)
    return median(rates[2]) / median(rates[1])


def _measure_rate(processes: int, share: float) -> float:
    """Return the turns per second of worker processes, without their start."""
    options, sessions = WORKERS[ASYNC_WORKER]
    run = run_worker(
        options,
        round(sessions * (share or 1.0)),
        2 * TURNS_PER_SESSION,
        by_sms=True,
        processes=processes,
        share=share,
    )
    return run.turns / run.working_seconds


def render_section(chart_path: Path) -> str:
    """Measure all workers, render the page's section and write its chart."""
    idle, waiting = compare(), compare_waiting(0.05)
    by_sms, over_http = compare(by_sms=True), compare_over_http(0.05)
    chart_path.write_text(chart.render_bars(_build_bars(idle, waiting)), encoding="utf-8")
    return f"""
## Turns per second

The same jobs, {TURNS_PER_SESSION} turns each of a flow of two nodes, for web clients; one worker process,
started by the `rq` command, from its start to an empty queue (goals: 20 × and 5 ×):

{_render_table(idle)}

![Turns per second of each worker, logarithmic scale]({chart_path.name})

With 50 ms of model time in each turn, awaited in the worker (goal: 300 ×):

{_render_table(waiting)}

The same, each reply sent over HTTP to a provider that answers at once:

{_render_table(by_sms)}

Two processes make {compare_processes():.2f} × the turns of one: both cores are full then, since the
Redis server and the provider run on them, too. {_describe_limited()}

The same, with the 50 ms at a model server that is called through the `openai` package:

{_render_table(over_http)}

A round trip is one script call or one of RQ's own transactions; the bytes are those of both directions.
"""


def _describe_limited() -> str:
    """Return how two processes compare with one where the cores are not full."""
    if not cpu_limit.is_available():
        return "With less of a core for each: not measured; it needs root and control groups, version 1."
    gain = compare_processes(_SHARE)
    assert gain >= _GOAL_OF_TWO, f"two processes make only {gain:.2f} times the turns of one"
    return (
        f"With {_SHARE:.0%} of a core for each process, so that\nthe others have room beside them, two make "
        f"{gain:.2f} × the turns of one (goal: {_GOAL_OF_TWO} ×)."
    )


def _render_table(runs: dict[str, WorkerRun]) -> str:
    gateway_rate = runs[ASYNC_WORKER].per_second
    lines = [
        "| worker | turns/s | `AsyncWorker` is | Redis round trips per turn | bytes per turn |",
        "|---|---|---|---|---|",
    ]
    for name, run in runs.items():
        print(f"· {name}: {run.per_second:.0f} turns/s", flush=True)
        trips, size = run.commands / run.turns, run.traffic_bytes / run.turns
        ratio = gateway_rate / run.per_second
        lines.append(f"| {name} | {run.per_second:,.1f} | {ratio:.1f} × | {trips:.1f} | {size:,.0f} |")
    return "\n".join(lines)


def _build_bars(idle: dict[str, WorkerRun], waiting: dict[str, WorkerRun]) -> list[chart.Bar]:
    groups = {"no model time": idle, "50 ms of model time": waiting}
    return [
        chart.Bar(f"{name.replace('`', '')}, {group}", run.per_second, is_turngate=name == ASYNC_WORKER)
        for group, runs in groups.items()
        for name, run in runs.items()
    ]
