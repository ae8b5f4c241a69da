"""Lease renewal: all leases of this process are renewed in one call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import LeaseLost
from core.ports import Lease
from gateway.redis import lua
from gateway.redis.connection.outages.retry_loop import run_forever
from gateway.redis.lua import Argument, ProtocolLimits

_RENEWALS_PER_LEASE = 3
_MAX_LEASES_PER_CALL = 500

current_lease_check: ContextVar[Callable[[], None] | None] = ContextVar("working_lease", default=None)
"""Set in a task that works under a lease: raises `LeaseLost` unless the lease is certainly valid."""


@dataclass(slots=True, eq=False)
class HeldLease:
    """A lease under renewal, and its task; `is_being_released` allows the lease to be gone."""

    lease: Lease
    task: asyncio.Task[object]
    valid_until: float
    is_lost: bool = False
    is_being_released: bool = False


class LeaseRenewer:
    """Renews every held lease several times within its length; cancels the work of those that were lost."""

    def __init__(self, redis: Redis, protocol: ProtocolLimits) -> None:
        self._redis = redis
        self._script = lua.load_script("renew", protocol)
        self._lease_seconds = protocol.lease_ms / 1000
        self._held_leases: dict[Lease, HeldLease] = {}
        self._renew_task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def keep_alive(self, lease: Lease) -> AsyncIterator[None]:
        """Renew the lease while the block runs; a loss cancels the block and raises `LeaseLost`."""
        task = asyncio.current_task()
        assert task is not None, "a lease is kept for a task"
        with self._keep_renewed(lease, task) as held_lease:
            try:
                yield
            except (
                asyncio.CancelledError,
                RedisError,
            ):  # redis-py may turn a cancellation into its own error
                if not held_lease.is_lost or task.uncancel() > 0:
                    raise
            else:
                if not held_lease.is_lost:
                    return
                task.uncancel()  # the block swallowed the cancellation
        raise LeaseLost(f"fence {lease.fence} was not renewed in time")

    @contextmanager
    def _keep_renewed(self, lease: Lease, task: asyncio.Task[object]) -> Iterator[HeldLease]:
        if self._renew_task is None:
            # the scripts refuse an expired lease, so work may continue while renewals fail, until they do
            self._renew_task = asyncio.create_task(
                run_forever(self._renew_all, self._lease_seconds / _RENEWALS_PER_LEASE, "lease renewal")
            )
        held_lease = self._held_leases[lease] = HeldLease(lease, task, lease.valid_until)
        token = current_lease_check.set(lambda: self._require_valid(lease))
        try:
            yield held_lease
        finally:
            current_lease_check.reset(token)
            del self._held_leases[lease]

    @contextmanager
    def allow_release(self, lease: Lease) -> Iterator[None]:
        """Allow the lease to be released within the block: a late renewal then is not a loss."""
        held_lease = self._held_leases.get(lease)
        if held_lease is None:
            yield
            return
        held_lease.is_being_released = True
        try:
            yield
        finally:
            held_lease.is_being_released = False

    def _require_valid(self, lease: Lease) -> None:
        if not self.is_valid(lease):
            raise LeaseLost("the lease may have expired right before a send")

    def is_valid(self, lease: Lease) -> bool:
        """Return whether a held lease is certainly valid, by this process's clock, without a round trip."""
        held_lease = self._held_leases.get(lease)
        return held_lease is not None and not held_lease.is_lost and monotonic() < held_lease.valid_until

    async def aclose(self) -> None:
        """Stop renewing."""
        if self._renew_task is not None:
            self._renew_task.cancel()
            with suppress(asyncio.CancelledError):
                await self._renew_task
            self._renew_task = None

    async def _renew_all(self) -> None:
        leases = list(self._held_leases.values())
        for start in range(0, len(leases), _MAX_LEASES_PER_CALL):
            await self._renew(leases[start : start + _MAX_LEASES_PER_CALL])

    async def _renew(self, leases: list[HeldLease]) -> None:
        arguments: list[Argument] = []
        for held_lease in leases:
            arguments += [held_lease.lease.session, held_lease.lease.fence]
        requested_at = monotonic()  # measured before the call, so never later than the server's own expiry
        for held_lease, length_ms in zip(leases, await self._script(self._redis, arguments), strict=True):
            if length_ms:
                held_lease.valid_until = requested_at + length_ms / 1000
            elif held_lease.lease in self._held_leases and not held_lease.is_being_released:
                held_lease.is_lost = True
                held_lease.task.cancel()
