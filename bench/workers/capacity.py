"""Capacity: what a message costs here, and a simulated day of very many messages at that cost.

The cost is measured on a running gateway. The day is a seeded simulation: an hourly profile, random arrivals
a minute, bursts (a campaign, an outage's backlog), and contacts of which few write most.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.load import LoadPlan, find_capacity, running_installation

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"
_BEGIN, _END = "<!-- capacity: written by `python -m bench capacity` -->", "<!-- end of capacity -->"

_TEXTS = ("hi", "Ada Lovelace", "yes", "10 December 1985", "yes")
_RATE, _SECONDS = 40.0, 20.0
_P99_MS = 250.0

_HOURLY = (1, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 11, 11, 12, 12, 12, 11, 11, 12, 13, 12, 9, 5, 2)
"""Messages by hour of the day, relative to each other: a business with an evening peak."""
_BURSTS, _BURST_MINUTES, _BURST_FACTOR = 4, 10, 2.5
_PLANNED_LOAD = 0.6
"""Share of a core, or of a server's one thread, that is planned with: above, waiting grows quickly."""
_CORE_DOLLARS, _GIGABYTE_DOLLARS = 25.0, 4.0
_LOG_DAYS = 1.0


@dataclass(frozen=True, slots=True)
class MessageCost:
    """Milliseconds of CPU of web, worker and Redis for a message; bytes of a session with its day's log."""

    web_ms: float
    worker_ms: float
    redis_ms: float
    message_bytes: float


@dataclass(frozen=True, slots=True)
class Day:
    """A day to simulate: contacts, messages, and the parts that contacts are spread over."""

    contacts: int
    messages: int
    parts: int


@dataclass(frozen=True, slots=True)
class Demand:
    """Demand of the busiest minute of a day: messages a second, in all and of the busiest part."""

    mean: float
    peak: float
    busiest_part: float


def simulate(day: Day, seed: int = 1) -> Demand:
    """Return the demand of a simulated day."""
    chance = random.Random(seed)
    shares = _draw_part_shares(day, chance)
    bursts = {
        minute
        for start in (chance.randrange(24 * 60) for _ in range(_BURSTS))
        for minute in range(start, start + _BURST_MINUTES)
    }
    total, peak, busiest = 0.0, 0.0, 0.0
    weights = [
        _HOURLY[minute // 60] * (_BURST_FACTOR if minute in bursts else 1.0) for minute in range(24 * 60)
    ]
    for weight in weights:
        expected = day.messages * weight / sum(weights)
        parts = [_draw_poisson(expected * share, chance) for share in shares]
        total += sum(parts)
        peak, busiest = max(peak, sum(parts)), max(busiest, *parts)
    return Demand(total / 86_400, peak / 60, busiest / 60)


def _draw_part_shares(day: Day, chance: random.Random) -> list[float]:
    """Return each part's share of the messages: a contact lies in one part, and few contacts write most."""
    shares = [0.0] * day.parts
    for _ in range(day.contacts):
        shares[chance.randrange(day.parts)] += chance.paretovariate(1.5)
    whole = sum(shares)
    return [share / whole for share in shares]


def _draw_poisson(mean: float, chance: random.Random) -> float:
    """Return a Poisson variate, by its normal approximation, which is close above some dozens."""
    return max(0.0, chance.gauss(mean, math.sqrt(mean)))


async def measure_cost() -> tuple[MessageCost, float]:
    """Return what a message costs on this machine, and the messages a second that all of it carries."""
    async with running_installation() as installation:
        generator, plan = installation.generator, LoadPlan(_RATE, _SECONDS, _TEXTS)
        await generator.run(replace(plan, seconds=3.0, first_contact=9_000_000))
        before = await installation.read_usage()
        result = await generator.run(plan)
        assert not result.unanswered, f"{result.unanswered} of {len(result.outcomes)} messages had no reply"
        cost = (await installation.read_usage()).since(before, len(result.outcomes))
        limit, best = await find_capacity(
            generator, replace(plan, rate=100, seconds=5.0, first_contact=1_000_000), _P99_MS, print
        )
        assert best is not None, "no rate was answered in time"
    return (
        MessageCost(cost["web_cpu_ms"], cost["worker_cpu_ms"], cost["redis_cpu_ms"], cost["redis_bytes"]),
        limit,
    )


def _iter_rows(cost: MessageCost) -> Iterator[str]:
    for day in (
        Day(1_000, 20_000, 1),
        Day(50_000, 1_000_000, 1),
        Day(200_000, 20_000_000, 1),
        Day(1_000_000, 1_000_000_000, 64),
    ):
        demand = simulate(day)
        web, workers = (_count_cores(demand.peak, each) for each in (cost.web_ms, cost.worker_ms))
        servers = _count_cores(demand.peak, cost.redis_ms)
        skew = demand.busiest_part / (demand.peak / day.parts)
        memory = day.messages * _LOG_DAYS * cost.message_bytes / 1e9
        dollars = (web + workers + servers) * _CORE_DOLLARS + memory * _GIGABYTE_DOLLARS
        cells: Sequence[object] = (
            *(f"{day.contacts:,}", f"{day.messages:,}", f"{demand.mean:,.1f}", f"{demand.peak:,.1f}"),
            *(
                f"{web:,}",
                f"{workers:,}",
                f"{servers:,}",
                f"{skew:.2f}",
                f"{memory:,.1f} GB",
                f"{dollars:,.0f}",
            ),
        )
        yield f"| {' | '.join(map(str, cells))} |"


def _count_cores(per_second: float, milliseconds: float) -> int:
    """Return the processes of one thread each that carry a rate with room to spare."""
    return max(math.ceil(per_second * milliseconds / 1000 / _PLANNED_LOAD), 1)


def render_section() -> str:
    """Measure, simulate, and write the block of docs/scaling.md."""
    cost, limit = asyncio.run(measure_cost())
    rows = "\n".join(_iter_rows(cost))
    costs = f"{cost.web_ms:.2f} ms | {cost.worker_ms:.2f} ms | {cost.redis_ms:.2f} ms"
    block = f"""\
{_BEGIN}

| of a message | web | worker | Redis | Redis's memory, with its log |
|---|---|---|---|---|
| CPU time, bytes | {costs} | {cost.message_bytes:,.0f} bytes |

One web process, one worker, Redis and the simulated provider together on this machine carry
**{limit:,.0f} messages a second** (webhook, turn, reply through HTTP) with 99 % of the replies within
{_P99_MS:.0f} ms.

A simulated day with these costs. Processes have one thread, and are planned to be {_PLANNED_LOAD:.0%} busy in
the busiest minute. Money: {_CORE_DOLLARS:.0f} dollars a core and {_GIGABYTE_DOLLARS:.0f} a gigabyte of
memory a month. “Fullest part” is what the fullest Redis server carries, relative to the mean of all.

| contacts | messages a day | mean/s | peak/s | web | workers | Redis | fullest part | log a day | $ a month |
|---|---|---|---|---|---|---|---|---|---|
{rows}

{_END}"""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(_BEGIN)
    PAGE.write_text(head + block + rest.partition(_END)[2], encoding="utf-8")
    return "\n## Capacity\n\n[scaling.md](scaling.md) has the cost of a message and a simulated day.\n"
