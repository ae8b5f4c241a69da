"""Timing of dialog turns, the same for both engines.

Imports only the standard library, so that the reference's Python can import it too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any


async def measure_conversations(
    plan: dict[str, Any], begin: Callable[[], Awaitable[Any]], client: Any
) -> dict[str, float]:
    """Return the CPU seconds per turn by conversation; the best round of each.

    `begin` builds a machine and starts it. The first call of a conversation is not measured.
    """
    figures = {}
    for name, (calls, conversations) in plan["conversations"].items():
        rounds = [await _measure_round(begin, client, calls, conversations) for _ in range(plan["rounds"])]
        figures[name] = min(rounds)
    return figures


async def _measure_round(
    begin: Callable[[], Awaitable[Any]], client: Any, calls: list[str], conversations: int
) -> float:
    seconds = 0.0
    for _ in range(conversations):
        machine = await begin()
        client.function = calls[0]
        await machine.turn("hello there")
        replies = []
        began = time.process_time()
        for name in calls[1:]:
            client.function = name
            replies.append(await machine.turn("I would like some tea, please"))
        seconds += time.process_time() - began
        _assert_answered(replies)
    return seconds / conversations / (len(calls) - 1)


async def measure_over_http(machine: Any, calls: list[str], count: int) -> float:
    """Return the CPU seconds per turn with model calls over HTTP. The first turn is not measured."""
    await machine.turn(f"call {calls[0]}")
    replies = []
    began = time.process_time()
    for number in range(1, count + 1):
        replies.append(await machine.turn(f"call {calls[number % len(calls)]}"))
    seconds = time.process_time() - began
    _assert_answered(replies)
    return seconds / count


def read_resident_bytes() -> int:
    """Return the resident memory of this process in bytes (Linux)."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _assert_answered(replies: Iterable[Any]) -> None:
    """Check that every timed turn has a text and reports no error."""
    for reply in replies:
        text = getattr(reply, "text", None) or str(reply)
        error = getattr(reply, "error", "")
        assert text.strip(), f"a timed turn was not answered: {reply!r}"
        assert not error, f"a timed turn failed: {error}"
