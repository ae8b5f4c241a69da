"""Clients of one partition of a Redis Cluster: they wait while its slot moves or its server is replaced."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import redis as sync
from redis.exceptions import ResponseError

from gateway.redis.connection.cluster.slot_owner import SlotOwner, find_owner
from gateway.redis.connection.outages.write_refusal import is_moving
from gateway.redis.connection.pipelining.multiplexer import MultiplexedRedis

_PAUSE_SECONDS: Final = 0.02
_MAX_SECONDS: Final = 3.0


T = TypeVar("T")


async def retry_while_moving(call: Callable[[], Awaitable[T]]) -> T:
    """Make a call, again while the slot moves, for up to three seconds."""
    deadline = time.monotonic() + _MAX_SECONDS
    while True:
        try:
            return await call()
        except ResponseError as error:
            if not is_moving(error) or time.monotonic() > deadline:
                raise
        await asyncio.sleep(_PAUSE_SECONDS)


class PartitionRedis(MultiplexedRedis):
    """The client of a partition. A call that met a moving slot is sent again."""

    @property
    def owner(self) -> SlotOwner:
        """Finder of the server."""
        owner: SlotOwner = self.connection_pool.connection_kwargs["owner"]
        return owner

    async def execute_command(self, *arguments: Any, **options: Any) -> Any:
        """Run a command; names of keys that are found lose the prefix."""
        send = super().execute_command
        answer = await retry_while_moving(lambda: send(*arguments, **options))  # type: ignore[no-untyped-call]
        return _strip_found_keys(self.owner, arguments, answer)

    async def execute_multiplexed(self, *arguments: Any) -> Any:
        """Run a command on the shared connection; after MOVED the next one is opened to the new owner."""
        send, prefixed = super().execute_multiplexed, self.owner.partition.add_prefix(arguments)

        async def call() -> Any:
            try:
                return await send(*prefixed)
            except ResponseError as error:
                self.owner.record_error(error)
                raise

        return await retry_while_moving(call)


class SyncPartitionRedis(sync.Redis):
    """The synchronous client, as RQ needs it."""

    def execute_command(self, *arguments: Any, **options: Any) -> Any:
        """Run a command; names of keys that are found lose the prefix."""
        owner = find_owner(self.connection_pool)
        assert owner is not None, "the pool is one of a cluster"
        deadline = time.monotonic() + _MAX_SECONDS
        while True:
            try:
                answer = super().execute_command(*arguments, **options)  # type: ignore[no-untyped-call]
            except ResponseError as error:
                if not is_moving(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)
            else:
                return _strip_found_keys(owner, arguments, answer)


def _strip_found_keys(owner: SlotOwner, arguments: tuple[Any, ...], answer: Any) -> Any:
    strip = owner.partition.strip_prefix
    if arguments[0] == "KEYS":
        return [strip(key) for key in answer]
    if arguments[0] != "SCAN":
        return answer
    cursor, found = answer
    return cursor, [strip(key) for key in found]
