"""Pointers from the provider's ID of a sent message to its partition, by which statuses find it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from gateway.partitions.directory import hash_name
from gateway.redis import lua, rq_layout
from gateway.redis.connection.multiplexer import multiplexed_call
from gateway.redis.lua import Argument, ProtocolLimits
from gateway.redis.records.session_keys import message_key


class MessagePointers:
    """Writes and reads pointers. A message in the partition of its ID's hash needs none."""

    def __init__(self, stores: Sequence[Redis], protocol: ProtocolLimits | None = None) -> None:
        limits = protocol or ProtocolLimits()
        self._stores = stores
        self._retention_ms = limits.dedup_ms
        self._point = lua.load_script("point_message", limits)
        self._accept = lua.load_script("accept", limits)

    async def find(self, channel: str, provider_id: str) -> int:
        """Return the partition of a message; that of its ID's hash if none is known."""
        home = self._home_of(channel, provider_id)
        stored: Any = await multiplexed_call(self._stores[home])("GET", _pointer_key(channel, provider_id))
        return home if stored is None else int(stored)

    async def point(self, channel: str, provider_id: str, number: int) -> None:
        """Let statuses of a message go to a partition, before it records the message there.

        A status that came before goes there now.
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
