"""How both engines are measured while they talk.

Imports nothing that has to be installed, so that the reference's Python can read it too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any


async def measure_talks(
    plan: dict[str, Any], begin: Callable[[], Awaitable[Any]], client: Any
) -> dict[str, float]:
    """Seconds of CPU that a turn takes, by the name of the talk; the best round of each.

    `begin` makes a machine and starts it. The first call of a talk is not measured.
    """
    figures = {}
    for name, (calls, conversations) in plan["talks"].items():
        rounds = [await _measure_round(begin, client, calls, conversations) for _ in range(plan["rounds"])]
        figures[name] = min(rounds)
    return figures


async def _measure_round(
    begin: Callable[[], Awaitable[Any]], client: Any, calls: list[str], conversations: int
) -> float:
    taken = 0.0
    for _ in range(conversations):
        machine = await begin()
        client.function = calls[0]
        await machine.turn("hello there")
        began = time.process_time()
        for name in calls[1:]:
            client.function = name
            await machine.turn("I would like some tea, please")
        taken += time.process_time() - began
    return taken / conversations / (len(calls) - 1)


async def measure_over_http(machine: Any, calls: list[str], count: int) -> float:
    """Seconds of CPU that a turn takes whose model is asked over HTTP. The first one is not measured."""
    await machine.turn(f"call {calls[0]}")
    began = time.process_time()
    for number in range(1, count + 1):
        await machine.turn(f"call {calls[number % len(calls)]}")
    return (time.process_time() - began) / count


def resident_bytes() -> int:
    """How much memory this process takes now, in bytes (Linux)."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
