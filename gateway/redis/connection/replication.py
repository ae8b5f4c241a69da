"""Confirms writes by replicas (Redis, "WAIT"), so that a failover loses nothing that was acknowledged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from core.errors import StorageUnavailable
from gateway.redis.connection.call_all import call_all
from gateway.redis.connection.cluster.client import retry_while_moving

log = logging.getLogger("turngate.redis")

_LOG_SECONDS: Final = 60.0
_RETRY_SECONDS: Final = 0.2
_PROBE: Final = ("SET", "tg:confirmed", "1", "PX", 60_000)


class ReplicaConfirmation:
    """Runs a script and waits until every replica that may be promoted has its writes.

    Fewer are not enough: the failover may choose the one that lacks the write. Unconfirmed writes stay
    stored, so the provider's retry is a duplicate, which is confirmed as well because it writes too.
    """

    def __init__(
        self, redis: Redis, replicas: int, wait_seconds: float = 0.5, block_seconds: float = 10.0
    ) -> None:
        """Create a confirmation by `replicas` replicas, each within `wait_seconds`.

        A block of many commands has `block_seconds`.
        """
        self._redis = redis
        self._replicas = replicas
        self._wait_ms = int(wait_seconds * 1000)
        self._block_seconds = block_seconds
        self._is_unconfirmed = False
        self._next_log = 0.0

    async def run(self, text: str, sha: str, arguments: Sequence[Any]) -> Any:
        """Run a Lua script and return its answer once it is confirmed.

        Raises `StorageUnavailable` if too few replicas have it in time, and what redis-py raises.
        """
        try:
            return await self._run_confirmed("EVALSHA", sha, 0, *arguments)
        except NoScriptError:
            return await self._run_confirmed("EVAL", text, 0, *arguments)

    async def _run_confirmed(self, *command: Any) -> Any:
        if self._is_unconfirmed and (problem := await self.find_problem()):
            raise StorageUnavailable(problem)  # before anything is written, and without the wait
        answer, confirmed = await retry_while_moving(lambda: self._send(command))
        await self._require_confirmation(confirmed)
        return answer

    async def read_history(self) -> str:
        """Return the name of the primary's data set, which a promotion or a restart changes."""
        return str((await self._read_info()).get("master_replid"))

    async def confirm_since(self, history: str) -> None:
        """Confirm what any connection has written since `history` was read: write once more, and wait.

        Raises `StorageUnavailable` if the replicas do not have it in time, or if another primary was promoted
        meanwhile, which may lack a part of it.
        """
        end = monotonic() + self._block_seconds
        while True:
            try:
                await self._run_confirmed(*_PROBE)
                break
            except StorageUnavailable:
                if monotonic() >= end or await self.find_problem():
                    raise
            await asyncio.sleep(_RETRY_SECONDS)
        if await self.read_history() != history:
            raise StorageUnavailable("another Redis server became the primary meanwhile, and may lack a part")

    async def find_problem(self) -> str:
        """Return why a write would not be confirmed now; empty if enough replicas follow."""
        info = await self._read_info()
        found = _count_online(info)
        if info.get("role") == "master" and found >= self._replicas:
            return ""
        return f"Redis has {found} of {self._replicas} replicas (TURNGATE_REPLICAS); start the missing ones"

    async def find_risk(self) -> str:
        """Return why a failover might lose what was confirmed; empty if it would not."""
        found = _count_online(await self._read_info())
        if found <= self._replicas:
            return ""
        return (
            f"Redis has {found} replicas and TURNGATE_REPLICAS is {self._replicas}: a failover may choose "
            f"one that lacks acknowledged messages; set it to {found}, or let the others not be promoted"
        )

    async def _read_info(self) -> dict[str, Any]:
        info: Any = await self._redis.info("replication")
        return dict(info)

    async def _send(self, command: Sequence[Any]) -> tuple[Any, int]:
        """Send a command and WAIT together: WAIT is for the last write of its own connection, and all before.

        Returns the command's answer and the number of replicas that have its write.
        """
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.execute_command(*command)
            pipeline.execute_command("WAIT", self._replicas, self._wait_ms)
            answer, confirmed = await pipeline.execute()
        return answer, int(confirmed)

    async def _require_confirmation(self, confirmed: int) -> None:
        self._is_unconfirmed = confirmed < self._replicas
        if not self._is_unconfirmed:
            return
        # the primary may be cut off from its replicas: ask for the present one next time
        disconnect: Callable[..., Any] = self._redis.connection_pool.disconnect
        await disconnect(inuse_connections=False)
        message = f"only {confirmed} of {self._replicas} replicas confirmed the write in {self._wait_ms} ms"
        if monotonic() >= self._next_log:
            self._next_log = monotonic() + _LOG_SECONDS
            log.error("%s; nothing is acknowledged or sent until they do", message)
        raise StorageUnavailable(message)


@asynccontextmanager
async def confirm_block(confirmations: Iterable[ReplicaConfirmation]) -> AsyncIterator[None]:
    """Confirm at the end of a block all that was written in it, on all primaries at once.

    What the block did stays done on the primaries in any case. Raises what `confirm_since` raises.
    """
    waiting = list(confirmations)
    histories = await call_all(each.read_history() for each in waiting)
    yield
    await call_all(each.confirm_since(history) for each, history in zip(waiting, histories, strict=True))


def _count_online(info: Mapping[str, Any]) -> int:
    """Return how many replicas follow."""
    return sum(
        isinstance(replica, dict) and replica.get("state") == "online"
        for name, replica in info.items()
        if name.startswith("slave")
    )
