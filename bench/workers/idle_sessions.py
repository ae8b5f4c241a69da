"""Cost of idle sessions, and how it grows with their number."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import httpx
from redis.asyncio import Redis

from bench.measuring.checks import assert_last_turns_answered
from bench.web.acknowledgement import ACCOUNT
from core.model import Address, Turn, TurnReceived
from core.processing import SessionProcessor
from flows.document import Flow
from flows.engine import DialogMachine
from flows.library import FLOW_LIBRARY
from gateway.redis.inbox import RedisInbox
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.server.embedded_server import EmbeddedRedis
from gateway.redis.sweeper import Sweeper
from gateway.webchat.channel import WebChannel, build_address, build_session_id

COUNTS = (100, 10_000, 1_000_000)
_ACCEPT_SAMPLES = 300
_WAITING_MESSAGES = 2_000
_KEY_SUFFIXES = ("", ":seen", ":log", ":recent")

# ARGV: the session to copy, the first number and the last. One conversation that took place, many times over.
_COPY = """
local made = 0
for number = ARGV[2], ARGV[3] do
  for i = 4, #ARGV do
    local from = 'tg:{' .. ARGV[1] .. '}' .. ARGV[i]
    made = made + redis.call('COPY', from, 'tg:{web:rest-' .. number .. '}' .. ARGV[i])
  end
end
return made
"""
_MAX_COPIES_PER_CALL = 5_000


@dataclass(frozen=True, slots=True)
class IdleSessions:
    """Sessions at rest: bytes each, and milliseconds of a sweep, an accept and a complete turn."""

    sessions: int
    bytes_per_session: float
    sweep_ms: float
    accept_ms: float
    turn_ms: float


@dataclass(frozen=True, slots=True)
class ScaleResult:
    """The rows, and the bytes of one waiting message, alone in its session."""

    rows: list[IdleSessions]
    waiting_message_bytes: float


def measure() -> ScaleResult:
    """Fill a separate server step by step and measure at each step."""
    with TemporaryDirectory(prefix="bench") as folder:
        server = EmbeddedRedis(Path(folder))
        server.start()
        try:
            return asyncio.run(_measure(server.url))
        finally:
            server.stop()


async def _measure(url: str) -> ScaleResult:
    async with Redis.from_url(url) as redis:
        inbox = RedisInbox(redis)
        waiting = await _measure_waiting(redis, inbox)
        await redis.flushall()
        mailbox = RedisMailbox(redis)
        machine = DialogMachine(Flow.load(FLOW_LIBRARY / "kyc.json"))
        http = httpx.AsyncClient()  # the web channel makes no HTTP calls
        processor = SessionProcessor(
            mailbox=mailbox, dialog=machine, channels={"web": WebChannel()}, http=http
        )
        await _process_turns(inbox, processor, "model", ("hi", "4321", "23 April 1990"))
        rows, before = [], 0
        for count in COUNTS:
            size = await _read_memory(redis)
            await _copy_sessions(redis, build_session_id("model"), before, count - 1)
            each = (await _read_memory(redis) - size) / (count - before)
            rows.append(IdleSessions(count, each, *await _measure_times(redis, inbox, processor, count)))
            before = count
            print(f"· {rows[-1]}", flush=True)
        await mailbox.aclose()
        return ScaleResult(rows, waiting)


async def _measure_times(
    redis: Redis, inbox: RedisInbox, processor: SessionProcessor[httpx.AsyncClient], count: int
) -> tuple[float, float, float]:
    """Return the median milliseconds of a sweep, an accept and a turn from accept to release."""
    sweeper, sweeps, accepts, turns, sessions = Sweeper(redis), [], [], [], []
    for number in range(_ACCEPT_SAMPLES):
        began = perf_counter()
        await sweeper.sweep()
        sweeps.append(perf_counter() - began)
        session = f"web:rest-{number * max(count // _ACCEPT_SAMPLES, 1) % count}"
        began = perf_counter()
        await inbox.accept([_build_turn(session, f"{count}.{number}", "why do you ask?")])
        accepts.append(perf_counter() - began)
        await processor.run(session)
        turns.append(perf_counter() - began)
        sessions.append(session)
    await assert_last_turns_answered(redis, sessions)
    return median(sweeps) * 1000, median(accepts) * 1000, median(turns) * 1000


async def _process_turns(
    inbox: RedisInbox, processor: SessionProcessor[httpx.AsyncClient], name: str, texts: tuple[str, ...]
) -> None:
    for number, text in enumerate(texts):
        await inbox.accept([_build_turn(build_session_id(name), f"M{number}", text)])
        await processor.run(build_session_id(name))


def _build_turn(session: str, name: str, text: str) -> TurnReceived:
    address = build_address(session.removeprefix("web:"))
    return TurnReceived(turn=Turn(id=name, session=session, address=address, text=text))


async def _copy_sessions(redis: Redis, model: str, first: int, last: int) -> None:
    copy = redis.register_script(_COPY)
    for start in range(first, last + 1, _MAX_COPIES_PER_CALL):
        await copy(args=[model, start, min(start + _MAX_COPIES_PER_CALL - 1, last), *_KEY_SUFFIXES])


async def _measure_waiting(redis: Redis, inbox: RedisInbox) -> float:
    """Return the bytes of one waiting message, including all of its session's keys."""
    before = await _read_memory(redis)
    for number in range(_WAITING_MESSAGES):
        address = Address(channel="twilio", account=ACCOUNT, ours="+15550100", theirs=f"+1555{number:07d}")
        session = f"twilio:{ACCOUNT}:+15550100:{address.theirs}"
        await inbox.accept(
            [TurnReceived(turn=Turn(id=f"SM{number}", session=session, address=address, text="hello"))]
        )
    return (await _read_memory(redis) - before) / _WAITING_MESSAGES


async def _read_memory(redis: Redis) -> int:
    """Return the bytes of the data, without the append-only file's buffers, which vary."""
    info = await redis.info("memory")
    return int(info["used_memory"]) - int(info["mem_aof_buffer"]) - int(info["mem_clients_normal"])


def render_section() -> str:
    """Measure and render the page's section."""
    info = measure()
    rows = "\n".join(
        f"| {row.sessions:,} | {row.bytes_per_session:,.0f} | {row.sweep_ms:.2f} "
        f"| {row.accept_ms:.2f} | {row.turn_ms:.2f} |"
        for row in info.rows
    )
    return f"""
## Sessions at rest

Conversations of three turns in which nothing happens, with their logs; a sweep, an accept and a whole turn
(accept, claim, dialog, commit, send, release; web channel, offline model) among them, medians of
{_ACCEPT_SAMPLES}:

| sessions | bytes each | sweep ms | accept ms | turn ms |
|---|---|---|---|---|
{rows}

A waiting message takes {info.waiting_message_bytes:,.0f} bytes alone in its session: with its log entry, its
id for eight days of deduplication, the due index and the job.
"""
