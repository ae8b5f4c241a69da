"""Turns in flight: one worker process, the real `openai` client, a model that thinks for long.

One core starts some hundred turns a second; the model thinks long enough for all of them to be under way.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench import slow_model_server, workers

SECONDS = 15.0
_SESSIONS = 2_200


@dataclass(frozen=True, slots=True)
class InFlightCost:
    """How many turns were under way at once, and what each cost in memory (bytes) and CPU (seconds)."""

    concurrent_turns: int
    bytes_each: float
    cpu_each: float


def measure(sessions: int) -> InFlightCost:
    """So many sessions with two turns each, all at once; the worker's own size is measured with one."""
    options, _ = workers.WORKERS[workers.ASYNC_WORKER]
    with slow_model_server.running_model(SECONDS) as alone:
        small = workers.run_worker(options, 1, 2, by_sms=True, model_url=alone.url)
    with slow_model_server.running_model(SECONDS) as thinking:
        room = {"TURNGATE_CONCURRENCY": str(sessions + 10)}
        large = workers.run_worker(options, sessions, 2, by_sms=True, model_url=thinking.url, settings=room)
        at_once = int(thinking.peak.value)
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

One worker process, {_SESSIONS:,} sessions that all write at once, a model that takes {SECONDS:.0f} s, the
`openai` package and the channel's client over HTTP: **{cost.concurrent_turns:,} turns at once,
{cost.bytes_each / 1024:.0f} KiB and {cost.cpu_each * 1000:.1f} ms of CPU each**.
"""
