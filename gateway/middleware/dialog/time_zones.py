"""Learns the time zone of a contact's profile at the provider, for quiet hours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import DeliveryError
from core.local_time import load_time_zone
from core.model import Address, TimerKind, Turn
from core.ports import Dialog, KnowsTimeZones, State, TurnListener, TurnOutcome
from gateway.redis import lua
from gateway.redis.lua import ProtocolLimits

log = logging.getLogger("turngate.time_zones")


class TimeZones:
    """Dialog that asks the provider for the contact's zone while the first turn of a session is answered."""

    def __init__(
        self,
        dialog: Dialog,
        channels: Mapping[str, KnowsTimeZones[httpx.AsyncClient]],
        http: httpx.AsyncClient,
        redis: Redis,
        max_seconds: float = 2.0,
    ) -> None:
        """Wrap a dialog; `channels` are those that know zones and have quiet hours, by name.

        A finished answer waits for the zone for at most `max_seconds`.
        """
        self._max_seconds = max_seconds
        self._dialog = dialog
        self._channels = channels
        self._http = http
        self._redis = redis
        self._script = lua.load_script("learn_zone", ProtocolLimits())

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        """Answer as the dialog does; see `core.ports.dialog.Dialog`."""
        channel = self._channels.get(turn.address.channel)
        if channel is None or state is not None:
            return await self._dialog.answer(turn, state, listener=listener)
        learning = asyncio.create_task(self._learn(channel, turn))
        try:
            outcome = await self._dialog.answer(turn, state, listener=listener)
            await asyncio.wait([learning], timeout=self._max_seconds)
        finally:
            learning.cancel()  # a provider that hangs must not delay the answer
        return outcome

    async def _learn(self, channel: KnowsTimeZones[httpx.AsyncClient], turn: Turn) -> None:
        """Store the zone; without an answer the zone of the number or of the settings counts."""
        try:
            zone = await channel.find_time_zone(turn, self._http)
            if zone:
                load_time_zone(zone)
                await self._script(self._redis, [turn.session, zone])
        except (DeliveryError, RedisError, ValueError) as error:
            log.info("%s: time zone not learnt: %s", turn.address.channel, type(error).__name__)

    async def handle_timeout(self, state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        """Delegate to the dialog: the contact has not written."""
        return await self._dialog.handle_timeout(state, address, timer)
