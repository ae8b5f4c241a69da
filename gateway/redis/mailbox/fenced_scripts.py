"""Scripts under a lease: several as one atomic step, steps of several sessions in one round trip."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from core.errors import EncryptionKeyMissing, LeaseLost, StorageUnavailable
from core.ports import Lease
from gateway.redis import lua
from gateway.redis.connection.outages.write_refusal import is_moving, refusal_code
from gateway.redis.connection.pipelining.batcher import Batcher
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.lua import Argument, ProtocolLimits

_MAX_SESSIONS_PER_CALL, _SESSIONS_PER_CALL = 64, 4

_CONFIRMED = frozenset({"commit", "mark"})
"""Scripts that are followed by actions that a failover cannot undo."""

_Arguments = Sequence[Sequence[Argument]]
ScriptCall = tuple[str, Sequence[Argument]]


class FencedScripts:
    """Runs the scripts of a worker. Each checks the fencing token before it writes anything."""

    def __init__(
        self, redis: Redis, protocol: ProtocolLimits, confirmation: ReplicaConfirmation | None
    ) -> None:
        """Create the scripts; with a `confirmation`, commits and marks count once replicas have them."""
        self._redis = redis
        self._protocol = protocol
        self._confirmation = confirmation
        self._batchers: dict[tuple[str, ...], Batcher[_Arguments, list[Any]]] = {}

    async def run(self, lease: Lease, *steps: ScriptCall) -> list[Any]:
        """Run several scripts as one atomic step. Raises `LeaseLost` if one was refused."""
        arguments = [[lease.session, lease.fence, *arguments_of_step] for _, arguments_of_step in steps]
        answers = await self.call(tuple(name for name, _ in steps), arguments)
        if len(answers) < len(steps):
            raise lease_lost()
        return answers

    async def run_one(self, name: str, lease: Lease, arguments: Sequence[Argument] = ()) -> Any:
        """Run one script. Raises `LeaseLost` if it was refused."""
        [answer] = await self.run(lease, (name, arguments))
        return answer

    async def call(self, names: tuple[str, ...], arguments: _Arguments) -> list[Any]:
        """Run scripts as one batched step; the answers after one that returned nil are missing."""
        batcher = self._batchers.get(names)
        if batcher is None:
            chain = lua.load_chain(names, self._protocol)
            is_confirmed = self._confirmation is not None and not _CONFIRMED.isdisjoint(names)
            call = partial(self._confirmed_call, chain) if is_confirmed else partial(chain, self._redis)
            batcher = self._batchers[names] = Batcher(
                call, _MAX_SESSIONS_PER_CALL, batch_size=_SESSIONS_PER_CALL
            )
        return await batcher.submit(arguments)

    async def _confirmed_call(
        self, chain: lua.ScriptChain, sessions: Sequence[_Arguments]
    ) -> list[list[Any] | Exception]:
        """Run a chain and wait for the replicas, because one that lacks the write may be promoted.

        A replica that has the write also has all earlier ones, such as the lease. Raises a connection error
        if it is not confirmed.
        """
        assert self._confirmation is not None
        try:
            answers: list[list[Any] | Exception] = await self._confirmation.run(
                chain.script.text, chain.script.sha, chain.flatten(sessions)
            )
        except StorageUnavailable as error:
            raise RedisConnectionError(str(error)) from error
        return answers


def lease_lost() -> LeaseLost:
    """Return the error of a step that was refused because another worker has the lease."""
    return LeaseLost("the fencing token is not the newest, or its lease has expired")


def is_store_failure(error: Exception) -> bool:
    """Return whether the store is the cause: unavailable, refusing, encrypted, or the lease was lost."""
    if isinstance(error, ResponseError):
        return bool(refusal_code(error)) or is_moving(error)
    return isinstance(error, LeaseLost | OSError | RedisError | EncryptionKeyMissing)
