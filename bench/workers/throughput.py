"""Turns per second: the same jobs of the same sessions under RQ's own workers and under the gateway's."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from redis import Redis as SyncRedis
from redis.asyncio import Redis

from bench.measuring import chart
from bench.measuring.checks import assert_answered
from bench.programs import provider_sink, slow_model_server
from bench.programs.delayed_model import DELAY_VARIABLE
from bench.web.acknowledgement import ACCOUNT, TOKEN
from core.model import Address, Turn, TurnReceived
from gateway.redis.inbox import RedisInbox
from gateway.redis.server.embedded_server import EmbeddedRedis
from gateway.webchat.channel import build_address, build_session_id

# RQ's own workers are measured on fewer sessions: they are that slow, and their rate does not depend on it.
ASYNC_WORKER = "`AsyncWorker`"
FORKING_WORKER = "RQ `Worker` (forks)"
WORKERS = {
    FORKING_WORKER: (["--serializer", "json"], 10),
    "RQ `SimpleWorker`": (["--serializer", "json", "--worker-class", "rq.worker.SimpleWorker"], 100),
    ASYNC_WORKER: (["--worker-class", "gateway.worker.AsyncWorker"], 1_000),
}
TURNS_PER_SESSION = 10
_CLIENT_COMMAND_STATS = frozenset(
    f"cmdstat_{name}" for name in ("evalsha", "eval", "multi", "exec", "blmove", "lmove", "hgetall")
)


def _build_node(name: str, other: str) -> dict[str, object]:
    edge = {
        "id": f"to_{other}",
        "condition": "the user goes on",
        "keywords": ["next"],
        "target_node_id": other,
    }
    return {"id": name, "name": name, "static_text": f"You are at {name}.", "edges": [edge]}


_FLOW = {
    "system_prompt": "You are a kind guide.",
    "initial_node": "a",
    "nodes": [_build_node("a", "b"), _build_node("b", "a")],
}


async def fill_mailboxes(redis_url: str, sessions: int, turns_each: int, *, by_sms: bool = False) -> None:
    """Store messages of many web clients, or of SMS contacts."""
    async with Redis.from_url(redis_url) as redis:
        inbox = RedisInbox(redis)
        for number in range(sessions):
            if by_sms:
                address = Address(
                    channel="twilio", account=ACCOUNT, ours="+15550100", theirs=f"+1555{number:07d}"
                )
                session = f"twilio:{ACCOUNT}:+15550100:{address.theirs}"
            else:
                address, session = build_address(f"c{number}"), build_session_id(f"c{number}")
            turns = [
                Turn(id=f"SM{number}.{turn}", session=session, address=address, text="next, please")
                for turn in range(turns_each)
            ]
            await inbox.accept([TurnReceived(turn=turn) for turn in turns])


async def _assert_answered(redis_url: str, turns: int) -> None:
    async with Redis.from_url(redis_url) as redis:
        await assert_answered(redis, turns)


@dataclass(frozen=True, slots=True)
class WorkerRun:
    """Cost of worker processes for their turns: seconds, bytes, and the server's commands and traffic."""

    turns: int
    seconds: float
    cpu: float
    peak_bytes: int
    commands: int
    traffic_bytes: int

    @property
    def per_second(self) -> float:
        """Turns per second, including the worker's start."""
        return self.turns / self.seconds


def run_worker(  # noqa: PLR0913 - each is a choice of its own
    options: list[str],
    sessions: int,
    turns: int,
    *,
    by_sms: bool = False,
    model_url: str = "",
    settings: Mapping[str, str] | None = None,
    processes: int = 1,
) -> WorkerRun:
    """Run worker processes from their start to an empty queue; `model_url` is the base URL of a model server.

    Web clients read their replies from the log; `by_sms` each reply is sent through the provider's API.
    """
    with TemporaryDirectory(prefix="bench") as folder, provider_sink.running_sink() as api_url:
        server = EmbeddedRedis(Path(folder))
        server.start()
        try:
            asyncio.run(fill_mailboxes(server.url, sessions, turns, by_sms=by_sms))
            flow = Path(folder) / "flow.json"
            flow.write_text(json.dumps(_FLOW), encoding="utf-8")
            environ = {**os.environ, "TURNGATE_FLOW": str(flow), "TURNGATE_CONCURRENCY": "1000"}
            environ |= settings or {}
            environ |= {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_URL": api_url}
            environ["PUBLIC_URL"] = "https://bots.example.com"
            if model_url:
                environ |= {
                    "TURNGATE_LLM": "openai/bench",
                    "OPENAI_API_KEY": "x",
                    "OPENAI_BASE_URL": model_url,
                }
            command = [str(Path(sys.executable).with_name("rq")), "worker", "--url", server.url, "--burst"]
            before = _read_traffic(server.url)
            began = perf_counter()
            workers = [
                subprocess.Popen(
                    [*command, *options, "turns"],
                    env=environ,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                for _ in range(processes)
            ]
            used = [os.wait4(worker.pid, 0)[2] for worker in workers]
            seconds = perf_counter() - began
            after = _read_traffic(server.url)
            asyncio.run(_assert_answered(server.url, sessions * turns))
        finally:
            server.stop()
    cpu, peak = (
        sum(each.ru_utime + each.ru_stime for each in used),
        max(each.ru_maxrss for each in used) * 1024,
    )
    return WorkerRun(sessions * turns, seconds, cpu, peak, after[0] - before[0], after[1] - before[1])


def _read_traffic(url: str) -> tuple[int, int]:
    """Return client commands and bytes in both directions; commands inside scripts do not count."""
    with SyncRedis.from_url(url) as redis:
        stats = redis.info("stats")
        inside = redis.info("commandstats")
    called = sum(int(entry["calls"]) for name, entry in inside.items() if name in _CLIENT_COMMAND_STATS)
    return called, int(stats["total_net_input_bytes"]) + int(stats["total_net_output_bytes"])


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


def compare_processes() -> float:
    """Return how many times the turns of one process two make, each reply sent over HTTP."""
    options, sessions = WORKERS[ASYNC_WORKER]
    one, two = (
        run_worker(options, sessions, 2 * TURNS_PER_SESSION, by_sms=True, processes=processes)
        for processes in (1, 2)
    )
    print(f"· processes: {one.per_second:.0f} and {two.per_second:.0f} turns/s", flush=True)
    return two.per_second / one.per_second


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
Redis server and the provider run on them, too.

The same, with the 50 ms at a model server that is called through the `openai` package:

{_render_table(over_http)}

A round trip is one script call or one of RQ's own transactions; the bytes are those of both directions.
"""


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
