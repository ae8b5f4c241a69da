"""Renewing the leases that this process holds, all in one call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from redis.asyncio import Redis

from core.mailbox import Lease
from gateway.redis import scripts
from gateway.redis.repeat import repeat
from gateway.redis.scripts import Argument, Protocol

_RENEWALS_A_LEASE = 3
_LEASES_A_CALL = 500


@dataclass(slots=True, eq=False)
class Keeping:
    """One lease under renewal, and the task that works under it."""

    lease: Lease
    task: asyncio.Task[object]
    lost: bool = False


class LeaseKeeper:
    """Renews every kept lease a few times within its length; cancels the work of those that were lost."""

    def __init__(self, redis: Redis, protocol: Protocol) -> None:
        self._redis = redis
        self._script = scripts.load("renew", protocol)
        self._pause = protocol.lease_ms / 1000 / _RENEWALS_A_LEASE
        self._kept: set[Keeping] = set()
        self._renewing: asyncio.Task[None] | None = None

    @contextmanager
    def keep(self, lease: Lease, task: asyncio.Task[object]) -> Iterator[Keeping]:
        """Renew `lease` within the block."""
        if self._renewing is None:
            # The scripts refuse a lease that ran out, so work may go on while renewing fails, until they do.
            self._renewing = asyncio.create_task(repeat(self._renew_all, self._pause, "renewing leases"))
        keeping = Keeping(lease, task)
        self._kept.add(keeping)
        try:
            yield keeping
        finally:
            self._kept.discard(keeping)

    async def aclose(self) -> None:
        """Stop renewing."""
        if self._renewing is not None:
            self._renewing.cancel()
            with suppress(asyncio.CancelledError):
                await self._renewing
            self._renewing = None

    async def _renew_all(self) -> None:
        kept = list(self._kept)
        for start in range(0, len(kept), _LEASES_A_CALL):
            await self._renew(kept[start : start + _LEASES_A_CALL])

    async def _renew(self, kept: list[Keeping]) -> None:
        arguments: list[Argument] = []
        for keeping in kept:
            arguments += [keeping.lease.session, keeping.lease.fence]
        for keeping, renewed in zip(kept, await self._script(self._redis, arguments), strict=True):
            if not renewed and keeping in self._kept:
                keeping.lost = True
                keeping.task.cancel()
