"""Turns in flight: one worker process, the real `openai` client, a slow model.

One core starts some hundred turns per second; the model is slow enough for all of them to overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.programs import slow_model_server
from bench.workers import throughput
from bench.workers.worker_run import run_worker

SECONDS = 15.0
_SESSIONS = 2_200


@dataclass(frozen=True, slots=True)
class InFlightCost:
    """Turns in flight at once, and the memory (bytes) and CPU time (seconds) of each."""

    concurrent_turns: int
    bytes_each: float
    cpu_each: float


def measure(sessions: int) -> InFlightCost:
    """Run `sessions` with two turns each, all at once; the worker's own size is measured with one."""
    options, _ = throughput.WORKERS[throughput.ASYNC_WORKER]
    with slow_model_server.running_model(SECONDS) as single_model:
        small = run_worker(options, 1, 2, by_sms=True, model_url=single_model.url)
    with slow_model_server.running_model(SECONDS) as shared_model:
        room = {"TURNGATE_CONCURRENCY": str(sessions + 10)}
        large = run_worker(options, sessions, 2, by_sms=True, model_url=shared_model.url, settings=room)
        at_once = int(shared_model.peak.value)
    return InFlightCost(
        at_once,
        (large.peak_bytes - small.peak_bytes) / at_once,
        (large.cpu - small.cpu) / (large.turns - small.turns),
    )


def render_section() -> str:
    """Measure and render the page's section."""
    cost = measure(_SESSIONS)
    return f"""
## Turns in flight

One worker process, {_SESSIONS:,} sessions that send a message at the same time, a model that takes
{SECONDS:.0f} s, the `openai` package and the channel's client over HTTP:
**{cost.concurrent_turns:,} turns at once,
{cost.bytes_each / 1024:.0f} KiB and {cost.cpu_each * 1000:.1f} ms of CPU each**.
"""
