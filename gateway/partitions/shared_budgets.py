"""Daily budgets of accounts over all partitions: each partition gets the usage of the others."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from redis.asyncio import Redis

from gateway.redis.connection.outages.retry_loop import run_forever

_KINDS: Final = ("spent", "spent_tokens")
_DAY_SECONDS: Final = 86_400


class SharedBudgets:
    """Adds up the accounts' messages and tokens of the day, and stores the others' sum in each partition.

    A partition compares its own number and that of the others with the budget, so a budget is exceeded by at
    most the usage of the partitions between two rounds. Any number of workers may run it.
    """

    def __init__(self, stores: Sequence[Redis], pause: float = 1.0) -> None:
        """Share between these partitions every `pause` seconds."""
        self._stores = stores
        self._interval = pause

    async def share(self) -> None:
        """Read all partitions' numbers, and store the sums of the others in each. Raises `RedisError`."""
        seconds, _ = await self._stores[0].time()
        day = seconds // _DAY_SECONDS
        spent = await asyncio.gather(*(_read_spent(store, day) for store in self._stores))
        total = sum(spent, Counter[str]())
        for store, own in zip(self._stores, spent, strict=True):
            await _store_sums(store, day, {name: total[name] - own[name] for name in total})

    async def run(self) -> None:
        """Share until cancelled; errors of the server are logged and retried."""
        await run_forever(self.share, self._interval, "sharing of daily budgets")


async def _read_spent(store: Redis, day: int) -> Counter[str]:
    """Return a partition's numbers by kind and account."""
    found: set[bytes] = await cast("Any", store.smembers(f"tg:spent_accounts:{day}"))
    accounts = sorted(account.decode() for account in found)
    names = [(kind, account) for kind in _KINDS for account in accounts]
    if not names:
        return Counter()
    numbers = await store.mget([f"tg:{kind}:{day}:{account}" for kind, account in names])
    return Counter(
        {
            f"{kind}:{account}": int(number or 0)
            for (kind, account), number in zip(names, numbers, strict=True)
        }
    )


async def _store_sums(store: Redis, day: int, elsewhere: Mapping[str, int]) -> None:
    """Store the sums of the other partitions, unless they are stored."""
    key = f"tg:spent_elsewhere:{day}"
    stored: Mapping[bytes, bytes] = await cast("Any", store.hgetall(key)) if elsewhere else {}
    changed: dict[Any, Any] = {
        name: sum_ for name, sum_ in elsewhere.items() if int(stored.get(name.encode(), 0)) != sum_
    }
    if not changed:
        return
    async with store.pipeline(transaction=True) as pipeline:
        pipeline.hset(key, mapping=changed)
        pipeline.expire(key, 2 * _DAY_SECONDS)
        await pipeline.execute()
