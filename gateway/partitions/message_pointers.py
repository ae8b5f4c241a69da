"""Pointers from the provider's ID of a sent message to its partition, by which statuses find it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.partitions.directory import hash_name
from gateway.partitions.layout import check_number
from gateway.redis import lua, rq_layout
from gateway.redis.connection.pipelining.multiplexer import multiplexed_call
from gateway.redis.lua import Argument, ProtocolLimits
from gateway.redis.records.session_keys import message_key

log = logging.getLogger("turngate.partitions")

_WAIT_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 1.0
_RETRIES: Final = 60


class MessagePointers:
    """Writes and reads pointers. A message in the partition of its ID's hash needs none."""

    def __init__(self, stores: Sequence[Redis], protocol: ProtocolLimits | None = None) -> None:
        limits = protocol or ProtocolLimits()
        self._stores = stores
        self._retention_ms = limits.dedup_ms
        self._point = lua.load_script("point_message", limits)
        self._accept = lua.load_script("accept", limits)
        self._retries: set[asyncio.Task[None]] = set()

    async def find(self, channel: str, provider_id: str) -> int:
        """Return the partition of a message; that of its ID's hash if none is known."""
        home = self._home_of(channel, provider_id)
        stored: Any = await multiplexed_call(self._stores[home])("GET", _pointer_key(channel, provider_id))
        return home if stored is None else check_number(int(stored), len(self._stores))

    async def point_to_recorded(self, channel: str, provider_id: str) -> bool:
        """Let an early status find a message that is recorded where no pointer leads; return whether it is.

        A pointer that was written before partitions were added is where nobody looks any more. A partition
        that does not answer has no say: the status is stored already.
        """
        key = message_key(channel, provider_id)
        calls = (multiplexed_call(store)("HEXISTS", key, "session") for store in self._stores)
        answers = await asyncio.gather(*calls, return_exceptions=True)
        number = next((number for number, answer in enumerate(answers) if answer == 1), None)
        if number is not None:
            await self.point(channel, provider_id, number)
        return number is not None

    async def try_point(self, channel: str, provider_id: str, number: int) -> None:
        """Do as `point`; while the other partition does not answer, continue in the background.

        The record of a send must not depend on it: without the record the reply might be sent again.
        """
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self.point(channel, provider_id, number)
        except (RedisError, OSError, TimeoutError):
            retry = asyncio.create_task(self._point_later(channel, provider_id, number))
            self._retries.add(retry)
            retry.add_done_callback(self._retries.discard)

    async def aclose(self) -> None:
        """Give up pointers that could not be written."""
        for retry in self._retries:
            retry.cancel()
        await asyncio.gather(*self._retries, return_exceptions=True)

    async def _point_later(self, channel: str, provider_id: str, number: int) -> None:
        for _ in range(_RETRIES):
            await asyncio.sleep(_RETRY_SECONDS)
            with suppress(RedisError, OSError):
                await self.point(channel, provider_id, number)
                return
        log.warning("the status of a sent message may stay unknown: its partition could not be recorded")

    async def point(self, channel: str, provider_id: str, number: int) -> None:
        """Point the statuses of a message to a partition, before the message is recorded there.

        A status that has already arrived is moved there.
        """
        home = self._home_of(channel, provider_id)
        if home == number:
            return
        key = message_key(channel, provider_id)
        arguments: list[Argument] = [_pointer_key(channel, provider_id), number, self._retention_ms, key]
        early: list[bytes] | None = await self._point(self._stores[home], arguments)
        if early is None:
            return
        rank, status, entry, failure, pause = early
        event: list[Argument] = ["status", key, status, rank, "", entry, failure, pause, channel]
        await self._accept(self._stores[number], [rq_layout.current_timestamp(), *event])

    def _home_of(self, channel: str, provider_id: str) -> int:
        return hash_name(f"{channel}:{provider_id}", len(self._stores))


def _pointer_key(channel: str, provider_id: str) -> str:
    return f"tg:sent_in:{channel}:{provider_id}"
