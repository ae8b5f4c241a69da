"""Time of each console page with very many conversations and log entries, of which it reads few."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, time
from typing import Any, Final, cast

import httpx
from redis.asyncio import Redis

from core.model import Address, Turn, TurnReceived
from gateway.app import create
from gateway.local.http_server import serve
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import DURATION_BOUNDS_MS
from gateway.redis.records.processes.counters import histogram_field
from gateway.redis.records.processes.traffic import traffic_key
from gateway.redis.server.embedded_server import EmbeddedRedis

SESSIONS: Final = 100_000
ENTRIES: Final = 100
_AT_ONCE: Final = 64
_ROUNDS: Final = 5
_GOAL_MS: Final = 100
_PAGES: Final = (
    ("Overview", "/console"),
    ("Conversations", "/console/conversations"),
    ("Conversations of the bot", "/console/conversations?state=bot&channel=web"),
    ("Inbox", "/console/desk"),
    ("Failures", "/console/failures"),
    ("Queue and workers", "/console/queue"),
    ("Accounts", "/console/accounts"),
    ("Templates", "/console/templates"),
    ("Broadcasts", "/console/broadcasts"),
    ("Flows", "/console/flows"),
    ("Audit log", "/console/audit"),
)
_FILL = """
for number = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  for entry = 1, tonumber(ARGV[3]) do
    local text = '{"key":"k' .. entry .. '","text":"Your parcel is on its way."}'
    redis.call('XADD', 'tg:{web:' .. number .. '}:log', '*', 'k', 'said', 'd', text)
  end
end
return 1
"""


def render_section() -> str:
    """Fill a server, measure the pages and render the page's section."""
    with TemporaryDirectory(prefix="bench") as folder, _environment(folder):
        server = EmbeddedRedis(Path(folder) / "data", durable=False)
        server.start()
        os.environ["REDIS_URL"] = server.url
        try:
            rows = asyncio.run(_measure(server.url))
        finally:
            server.stop()
    slow = {name: milliseconds for name, milliseconds in rows.items() if milliseconds > _GOAL_MS}
    assert not slow, f"pages over {_GOAL_MS} ms: {slow}"
    table = "\n".join(f"| {name} | {milliseconds:.0f} |" for name, milliseconds in rows.items())
    return f"""
## Console pages

Median milliseconds from a request to the whole page, with {SESSIONS:,} conversations and
{SESSIONS * ENTRIES:,} log entries in Redis (goal: at most {_GOAL_MS}):

| page | ms |
|---|---|
{table}
"""


@contextmanager
def _environment(folder: str) -> Iterator[None]:
    """Run in an empty folder without the settings of whoever runs the benchmark."""
    before, place = dict(os.environ), Path.cwd()
    for name in list(os.environ):
        if name.startswith(("TURNGATE_", "TWILIO_", "PUBLIC_URL", "REDIS_URL")):
            del os.environ[name]
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(place)
        os.environ.clear()
        os.environ.update(before)


async def _measure(url: str) -> dict[str, float]:
    async with Redis.from_url(url, socket_timeout=None) as redis:  # a step of the filling may take long
        await _fill(redis)
        await _fill_traffic(redis)
    app = create()
    async with (
        app.router.lifespan_context(app),
        serve(app, lifespan="off") as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=60, follow_redirects=True) as http,
    ):
        listed = (await http.get("/console/conversations")).text
        one = listed.partition('href="/console/conversations/')[2].partition('"')[0]
        pages = [*_PAGES, ("One conversation", f"/console/conversations/{one}")]
        rows = {name: await _time(http, "GET", path) for name, path in pages}
        search = "/console/conversations/search"
        rows["Search by name"] = await _time(http, "POST", search, {"term": str(SESSIONS // 2)})
        rows["Search by words"] = await _time(http, "POST", search, {"term": "where parcel"})
    return rows


async def _fill(redis: Redis) -> None:
    """Accept a message of each contact, as webhooks do, and make each log longer."""
    inbox = RedisInbox(redis)
    for first in range(0, SESSIONS, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, SESSIONS))
        await asyncio.gather(*(inbox.accept([_build_message(number)]) for number in numbers))
    fill = redis.register_script(_FILL)
    for first in range(0, SESSIONS, 1_000):
        await fill(args=[first, first + 999, ENTRIES - 1])
    print(f"· {SESSIONS:,} conversations, {SESSIONS * ENTRIES:,} log entries", flush=True)


async def _fill_traffic(redis: Redis) -> None:
    """Count an hour of traffic on all channels, with two accounts each."""
    minute = int(time()) // 60
    fields: dict[Any, Any] = {}
    for channel in ("twilio", "whatsapp", "intercom", "zendesk", "sunshine", "web"):
        for labels in (("answer", channel), ("queue_wait", channel), ("send", channel, "ok")):
            fields |= {histogram_field(labels, bound): 5 for bound in DURATION_BOUNDS_MS}
        for name, kind in (("messages", "new"), ("replies", "text"), ("tokens", ""), ("refusals", "window")):
            fields |= {f"c|{name}|{channel}:{account}|{kind}": 9 for account in "ab"}
    for past in range(1, 60):
        await cast("Any", redis.hset(traffic_key(minute - past), mapping=fields))


def _build_message(number: int) -> TurnReceived:
    address = Address(channel="web", account="web", ours="web", theirs=str(number))
    turn = Turn(id=f"M{number}", session=f"web:{number}", address=address, text="Where is my parcel?")
    return TurnReceived(turn=turn)


async def _time(http: httpx.AsyncClient, method: str, path: str, form: dict[str, str] | None = None) -> float:
    """Return the median milliseconds of a page, which must be complete."""
    times = []
    for _ in range(_ROUNDS):
        began = perf_counter()
        answer = await http.request(method, path, data=form, headers={"Sec-Fetch-Site": "same-origin"})
        times.append(1000 * (perf_counter() - began))
        assert answer.status_code == 200, path
        assert "</html>" in answer.text, path
    return median(times)
