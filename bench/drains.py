"""Turns a second: the same drains of the same sessions under RQ's own workers and under ours."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from redis.asyncio import Redis

from bench import sink
from bench.ack import ACCOUNT, TOKEN
from core.event import TurnReceived
from core.turn import Address, Turn
from gateway.embedded import EmbeddedServer
from gateway.redis.inbox import RedisInbox

# RQ's own workers are measured on fewer sessions: they are that slow, and their rate does not depend on it.
OURS = "`AsyncWorker`"
WORKERS = {
    "RQ `Worker` (forks)": (["--serializer", "json"], 10),
    "RQ `SimpleWorker`": (["--serializer", "json", "--worker-class", "rq.worker.SimpleWorker"], 100),
    OURS: (["--worker-class", "gateway.worker.AsyncWorker"], 1_000),
}
TURNS_A_SESSION = 10
_LINES = ("hi", "4321", "23 April 1990", "yes")


async def _fill(redis_url: str, sessions: int) -> None:
    async with Redis.from_url(redis_url) as redis:
        inbox = RedisInbox(redis)
        for number in range(sessions):
            address = Address(
                channel="twilio", account=ACCOUNT, ours="+15550100", theirs=f"+1555{number:07d}"
            )
            session = f"twilio:{ACCOUNT}:+15550100:{address.theirs}"
            turns = [
                Turn(id=f"SM{number}.{turn}", session=session, address=address, text=_LINES[turn % 4])
                for turn in range(TURNS_A_SESSION)
            ]
            await inbox.accept([TurnReceived(turn=turn) for turn in turns])


async def _sent(redis_url: str) -> int:
    async with Redis.from_url(redis_url) as redis:
        return int(await redis.hget("tg:counts", "committed") or 0)


def measure(name: str) -> float:
    """Turns a second of one kind of worker, from its start to an empty queue."""
    options, sessions = WORKERS[name]
    with TemporaryDirectory(prefix="bench") as folder, sink.standing() as api_url:
        server = EmbeddedServer(Path(folder))
        server.start()
        try:
            asyncio.run(_fill(server.url, sessions))
            environ = {
                **os.environ,
                "TWILIO_ACCOUNT_SID": ACCOUNT,
                "TWILIO_AUTH_TOKEN": TOKEN,
                "TWILIO_API_URL": api_url,
                "PUBLIC_URL": "https://bots.example.com",
                "TURNGATE_FLOW": "kyc",
            }
            command = [str(Path(sys.executable).with_name("rq")), "worker", "--url", server.url, "--burst"]
            began = perf_counter()
            subprocess.run([*command, *options, "turns"], env=environ, check=True, capture_output=True)
            seconds = perf_counter() - began
            turns = asyncio.run(_sent(server.url))
            assert turns == sessions * TURNS_A_SESSION, f"{name} left turns behind: {turns}"
        finally:
            server.stop()
    return turns / seconds
