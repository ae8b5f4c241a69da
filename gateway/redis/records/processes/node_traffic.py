"""Steps of conversations from node to node in the last seven days (node_traffic.lua)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from redis.asyncio import Redis

DAYS: Final = 7
_DAY_SECONDS: Final = 86_400


async def count_node_steps(redis: Redis, is_of_flow: Callable[[str], bool]) -> Counter[tuple[str, str]]:
    """Return how often conversations of a flow's channels went from one node to another; `""`: they began."""
    seconds, _ = await redis.time()
    today = int(seconds) // _DAY_SECONDS
    async with redis.pipeline(transaction=False) as pipeline:
        for past in range(DAYS):
            pipeline.hgetall(f"tg:flow_traffic:{today - past}")
        days: list[Any] = await pipeline.execute()
    steps: Counter[tuple[str, str]] = Counter()
    for stored in days:
        for name, number in stored.items():
            channel, former, node = name.decode("utf-8", "replace").split("\n", 2)
            if is_of_flow(channel):
                steps[former, node] += int(number)
    return steps
