"""One run of worker processes over stored messages: turns per second, CPU, memory and traffic."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from redis import Redis as SyncRedis
from redis.asyncio import Redis

from bench.measuring.checks import assert_answered, read_span
from bench.measuring.cpu_limit import limited_cpu
from bench.programs import provider_sink
from bench.web.acknowledgement import ACCOUNT, TOKEN
from core.model import Address, Turn, TurnReceived
from gateway.redis.inbox import RedisInbox
from gateway.redis.server.embedded_server import EmbeddedRedis
from gateway.webchat.channel import build_address, build_session_id

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


async def _check(redis_url: str, turns: int) -> float:
    """Check that all turns were answered; return the seconds from the first one to the last."""
    async with Redis.from_url(redis_url) as redis:
        await assert_answered(redis, turns)
        return await read_span(redis)


@dataclass(frozen=True, slots=True)
class WorkerRun:
    """Cost of worker processes for their turns: seconds, bytes, and the server's commands and traffic.

    `working_seconds` are those from the first turn to the last, without the start of the processes.
    """

    turns: int
    seconds: float
    working_seconds: float
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
    share: float = 0.0,
) -> WorkerRun:
    """Run worker processes from their start to an empty queue; `model_url` is the base URL of a model server.

    Web clients read their replies from the log; `by_sms` each reply is sent through the provider's API. With
    a `share` each process gets that part of a core at most.
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
            with ExitStack() as limits:
                for worker in workers if share else ():
                    limits.enter_context(limited_cpu(worker.pid, share))
                used = [os.wait4(worker.pid, 0)[2] for worker in workers]
            seconds = perf_counter() - began
            after = _read_traffic(server.url)
            working = asyncio.run(_check(server.url, sessions * turns))
        finally:
            server.stop()
    cpu, peak = (
        sum(each.ru_utime + each.ru_stime for each in used),
        max(each.ru_maxrss for each in used) * 1024,
    )
    return WorkerRun(
        turns=sessions * turns,
        seconds=seconds,
        working_seconds=working,
        cpu=cpu,
        peak_bytes=peak,
        commands=after[0] - before[0],
        traffic_bytes=after[1] - before[1],
    )


def _read_traffic(url: str) -> tuple[int, int]:
    """Return client commands and bytes in both directions; commands inside scripts do not count."""
    with SyncRedis.from_url(url) as redis:
        stats = redis.info("stats")
        inside = redis.info("commandstats")
    called = sum(int(entry["calls"]) for name, entry in inside.items() if name in _CLIENT_COMMAND_STATS)
    return called, int(stats["total_net_input_bytes"]) + int(stats["total_net_output_bytes"])
