"""Confirms writes by replicas (Redis, "WAIT"), so that a failover loses nothing that was acknowledged."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from core.errors import StorageUnavailable
from gateway.redis.connection.cluster.client import retry_while_moving

log = logging.getLogger("turngate.redis")

_LOG_SECONDS: Final = 60.0


class ReplicaConfirmation:
    """Runs a script and waits until every replica that may be promoted has its writes.

    Fewer are not enough: the failover may choose the one that lacks the write. Unconfirmed writes stay
    stored, so the provider's retry is a duplicate, which is confirmed as well because it writes too.
    """

    def __init__(self, redis: Redis, replicas: int, wait_seconds: float = 0.5) -> None:
        """Create a confirmation by `replicas` replicas, each within `wait_seconds`."""
        self._redis = redis
        self._replicas = replicas
        self._wait_ms = int(wait_seconds * 1000)
        self._is_unconfirmed = False
        self._next_log = 0.0

    async def run(self, text: str, sha: str, arguments: Sequence[Any]) -> Any:
        """Run a Lua script and return its answer once it is confirmed.

        Raises `StorageUnavailable` if too few replicas have it in time, and what redis-py raises.
        """
        if self._is_unconfirmed and (problem := await self.find_problem()):
            raise StorageUnavailable(problem)  # before anything is written, and without the wait
        try:
            answer, confirmed = await retry_while_moving(lambda: self._send("EVALSHA", sha, arguments))
        except NoScriptError:
            answer, confirmed = await retry_while_moving(lambda: self._send("EVAL", text, arguments))
        await self._require_confirmation(confirmed)
        return answer

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

    async def _send(self, command: str, script: str, arguments: Sequence[Any]) -> tuple[Any, int]:
        """Send script and WAIT together: WAIT counts the writes of its own connection only.

        Returns the script's answer and the number of replicas that have it.
        """
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.execute_command(command, script, 0, *arguments)
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


def _count_online(info: Mapping[str, Any]) -> int:
    """Return how many replicas follow."""
    return sum(
        isinstance(replica, dict) and replica.get("state") == "online"
        for name, replica in info.items()
        if name.startswith("slave")
    )
