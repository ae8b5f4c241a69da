"""What sessions cost while nothing happens in them, and whether anything grows with how many there are."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import httpx
from redis.asyncio import Redis

from bench.ack import ACCOUNT
from core.model.event import TurnReceived
from core.model.turn import Address, Turn
from core.processing.session_processor import Drain
from flows.document.flow import Flow
from flows.engine.machine import DialogMachine
from gateway.config.settings import LIBRARY
from gateway.redis.embedded_server import EmbeddedServer
from gateway.redis.inbox import RedisInbox
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.sweeper import Sweeper
from gateway.webchat.channel import WebChannel, address_of, session_of

COUNTS = (100, 10_000, 1_000_000)
_ACCEPTS = 300
_WAITING = 2_000
_PARTS = ("", ":seen", ":log", ":recent")

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
_COPIES_A_CALL = 5_000


@dataclass(frozen=True, slots=True)
class Rest:
    """So many sessions at rest: bytes each, and milliseconds of a sweep, an accept and a whole turn."""

    sessions: int
    bytes_each: float
    sweep: float
    accept: float
    turn: float


@dataclass(frozen=True, slots=True)
class Scale:
    """The rows, and what one waiting message takes, alone in its session, in bytes."""

    rows: list[Rest]
    waiting: float


def measure() -> Scale:
    """Fill a server of its own step by step."""
    with TemporaryDirectory(prefix="bench") as folder:
        server = EmbeddedServer(Path(folder))
        server.start()
        try:
            return asyncio.run(_measure(server.url))
        finally:
            server.stop()


async def _measure(url: str) -> Scale:
    async with Redis.from_url(url) as redis:
        inbox = RedisInbox(redis)
        waiting = await _waiting(redis, inbox)
        await redis.flushall()
        mailbox = RedisMailbox(redis)
        machine = DialogMachine(Flow.load(LIBRARY / "kyc.json"))
        http = httpx.AsyncClient()  # the web channel calls nobody
        drain = Drain(mailbox=mailbox, dialog=machine, channels={"web": WebChannel()}, http=http)
        await _turns(inbox, drain, "model", ("hi", "4321", "23 April 1990"))
        rows, before = [], 0
        for count in COUNTS:
            size = await _memory(redis)
            await _copy(redis, session_of("model"), before, count - 1)
            each = (await _memory(redis) - size) / (count - before)
            rows.append(Rest(count, each, *await _times(redis, inbox, drain, count)))
            before = count
            print(f"· {rows[-1]}", flush=True)
        await mailbox.aclose()
        return Scale(rows, waiting)


async def _times(
    redis: Redis, inbox: RedisInbox, drain: Drain[httpx.AsyncClient], count: int
) -> tuple[float, float, float]:
    """Milliseconds of a sweep, an accept and a turn from accept to release; medians."""
    sweeper, sweeps, accepts, turns = Sweeper(redis), [], [], []
    for number in range(_ACCEPTS):
        began = perf_counter()
        await sweeper.sweep()
        sweeps.append(perf_counter() - began)
        session = f"web:rest-{number * max(count // _ACCEPTS, 1) % count}"
        began = perf_counter()
        await inbox.accept([_turn(session, f"{count}.{number}", "why do you ask?")])
        accepts.append(perf_counter() - began)
        await drain.run(session)
        turns.append(perf_counter() - began)
    return median(sweeps) * 1000, median(accepts) * 1000, median(turns) * 1000


async def _turns(
    inbox: RedisInbox, drain: Drain[httpx.AsyncClient], name: str, texts: tuple[str, ...]
) -> None:
    for number, text in enumerate(texts):
        await inbox.accept([_turn(session_of(name), f"M{number}", text)])
        await drain.run(session_of(name))


def _turn(session: str, name: str, text: str) -> TurnReceived:
    address = address_of(session.removeprefix("web:"))
    return TurnReceived(turn=Turn(id=name, session=session, address=address, text=text))


async def _copy(redis: Redis, model: str, first: int, last: int) -> None:
    copy = redis.register_script(_COPY)
    for start in range(first, last + 1, _COPIES_A_CALL):
        await copy(args=[model, start, min(start + _COPIES_A_CALL - 1, last), *_PARTS])


async def _waiting(redis: Redis, inbox: RedisInbox) -> float:
    """Bytes of one message that waits, with everything that goes with it."""
    before = await _memory(redis)
    for number in range(_WAITING):
        address = Address(channel="twilio", account=ACCOUNT, ours="+15550100", theirs=f"+1555{number:07d}")
        session = f"twilio:{ACCOUNT}:+15550100:{address.theirs}"
        await inbox.accept(
            [TurnReceived(turn=Turn(id=f"SM{number}", session=session, address=address, text="hello"))]
        )
    return (await _memory(redis) - before) / _WAITING


async def _memory(redis: Redis) -> int:
    """Bytes of the data: what waits to be written to the append-only file comes and goes."""
    found = await redis.info("memory")
    return int(found["used_memory"]) - int(found["mem_aof_buffer"]) - int(found["mem_clients_normal"])


def section() -> str:
    """The page's section, measured now."""
    found = measure()
    rows = "\n".join(
        f"| {row.sessions:,} | {row.bytes_each:,.0f} | {row.sweep:.2f} | {row.accept:.2f} | {row.turn:.2f} |"
        for row in found.rows
    )
    return f"""
## Sessions at rest

Conversations of three turns in which nothing happens, with their logs; a sweep, an accept and a whole turn
(accept, claim, dialog, commit, send, release; web channel, offline model) among them, medians of {_ACCEPTS}:

| sessions | bytes each | sweep ms | accept ms | turn ms |
|---|---|---|---|---|
{rows}

A message that waits takes {found.waiting:,.0f} bytes alone in its session: with its place in the log, its id
for seven days of deduplication, the due index and the job.
"""
