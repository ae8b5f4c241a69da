"""Renewing the leases that this process holds, all in one call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic

from redis.asyncio import Redis

from core.errors import LeaseLost
from core.ports.mailbox import Lease
from gateway.redis import lua as scripts
from gateway.redis.connection.retry_loop import repeat
from gateway.redis.lua import Argument, Protocol

_RENEWALS_A_LEASE = 3
_LEASES_A_CALL = 500

working_lease: ContextVar[Callable[[], None] | None] = ContextVar("working_lease", default=None)
"""In a task that works under a lease: raises `LeaseLost` unless the lease surely lasts."""


@dataclass(slots=True, eq=False)
class Keeping:
    """One lease under renewal, and the task that works under it. `leaving` while it is being given back."""

    lease: Lease
    task: asyncio.Task[object]
    until: float
    lost: bool = False
    leaving: bool = False


class LeaseKeeper:
    """Renews every kept lease a few times within its length; cancels the work of those that were lost."""

    def __init__(self, redis: Redis, protocol: Protocol) -> None:
        self._redis = redis
        self._script = scripts.load("renew", protocol)
        self._seconds = protocol.lease_ms / 1000
        self._kept: dict[Lease, Keeping] = {}
        self._renewing: asyncio.Task[None] | None = None

    @contextmanager
    def keep(self, lease: Lease, task: asyncio.Task[object]) -> Iterator[Keeping]:
        """Renew `lease` within the block."""
        if self._renewing is None:
            # The scripts refuse a lease that ran out, so work may go on while renewing fails, until they do.
            self._renewing = asyncio.create_task(
                repeat(self._renew_all, self._seconds / _RENEWALS_A_LEASE, "renewing leases")
            )
        keeping = self._kept[lease] = Keeping(lease, task, lease.until)
        token = working_lease.set(lambda: self._check(lease))
        try:
            yield keeping
        finally:
            working_lease.reset(token)
            del self._kept[lease]

    @contextmanager
    def leave(self, lease: Lease) -> Iterator[None]:
        """Within the block the lease may be given back: a renewal that comes too late then is no loss."""
        keeping = self._kept.get(lease)
        if keeping is None:
            yield
            return
        keeping.leaving = True
        try:
            yield
        finally:
            keeping.leaving = False

    def _check(self, lease: Lease) -> None:
        if not self.lasts(lease):
            raise LeaseLost("the lease may have run out right before a send")

    def lasts(self, lease: Lease) -> bool:
        """Whether a kept lease surely has not run out, without asking the server."""
        keeping = self._kept.get(lease)
        return keeping is not None and not keeping.lost and monotonic() < keeping.until

    async def aclose(self) -> None:
        """Stop renewing."""
        if self._renewing is not None:
            self._renewing.cancel()
            with suppress(asyncio.CancelledError):
                await self._renewing
            self._renewing = None

    async def _renew_all(self) -> None:
        kept = list(self._kept.values())
        for start in range(0, len(kept), _LEASES_A_CALL):
            await self._renew(kept[start : start + _LEASES_A_CALL])

    async def _renew(self, kept: list[Keeping]) -> None:
        arguments: list[Argument] = []
        for keeping in kept:
            arguments += [keeping.lease.session, keeping.lease.fence]
        until = monotonic() + self._seconds  # from before the call, so never later than the server's own
        for keeping, renewed in zip(kept, await self._script(self._redis, arguments), strict=True):
            if renewed:
                keeping.until = until
            elif keeping.lease in self._kept and not keeping.leaving:
                keeping.lost = True
                keeping.task.cancel()
