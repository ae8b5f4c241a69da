"""Interventions of agents, the business and operators in the middle of a turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import zip_longest
from typing import Any, Literal

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import StorageUnavailable
from core.model import Message
from core.ports import Channel
from gateway.partitions.directory import PartitionDirectory
from gateway.redis.connection.replication import ReplicaConfirmation, confirm_block
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.erasure import erase_session
from gateway.redis.records.schedule import CancelOutcome
from gateway.redis.records.sessions.log.session_log import LogEntry, read_log
from gateway.redis.sending.outbox import ProactiveSender
from gateway.storm.conversations import AGENT_TEXT, DEADLY_KEY, DEADLY_TEXT, OFFER_TEXT, WITHDRAWN_TEXT

_RETRY_SECONDS = 0.2
_LATER_MS = 300


class StormOperator:
    """Repeats an action until the server has confirmed it, as clients do after a 503."""

    def __init__(
        self, stores: Sequence[Redis], channel: Channel[httpx.AsyncClient], replicas: int = 0
    ) -> None:
        """Act on the partitions `stores`; an action counts only when `replicas` replicas have it."""
        self._stores = stores
        self._directory = PartitionDirectory(stores)
        confirmations = [ReplicaConfirmation(redis, replicas) for redis in stores if replicas]
        self._confirmations = confirmations
        self._senders = {
            id(redis): ProactiveSender(redis, {channel.name: channel}, ProtocolLimits(), None, confirmation)
            for redis, confirmation in zip_longest(stores, confirmations)
        }

    async def find_store(self, session: str) -> Redis:
        """Return the partition of a session."""
        if len(self._stores) == 1:
            return self._stores[0]
        return self._stores[await self._directory.find(session)]

    async def _find_sender(self, session: str) -> ProactiveSender:
        return self._senders[id(await self.find_store(session))]

    async def say_as_agent(self, session: str) -> None:
        """Send an agent's message, which takes the session over."""
        message = Message(text=AGENT_TEXT)
        await self._send(session, "agent-1", message, "person")

    async def send_offer(self, session: str, number: int) -> None:
        """Send a message of the business."""
        message = Message(text=OFFER_TEXT)
        await self._send(session, f"own-{number}", message)

    async def send_deadly(self, session: str) -> None:
        """Send a message of the business that kills its worker."""
        await self._send(session, DEADLY_KEY, Message(text=DEADLY_TEXT))

    async def schedule_offer(self, session: str, number: int) -> None:
        """Schedule a message of the business for a moment later."""
        await self._schedule(session, f"own-{number}", OFFER_TEXT)

    async def withdraw(self, session: str, number: int, after_seconds: float) -> bool:
        """Schedule a message and cancel it about when it is due; return whether that was too late."""
        key = f"own-w{number}"
        await self._schedule(session, key, WITHDRAWN_TEXT)
        await asyncio.sleep(after_seconds)

        async def cancel() -> CancelOutcome:
            return await (await self._find_sender(session)).cancel(session, key)

        outcome: CancelOutcome = await _retry_until_confirmed(cancel)
        return outcome is CancelOutcome.TOO_LATE

    async def _send(
        self, session: str, key: str, message: Message, voice: Literal["bot", "person"] = "bot"
    ) -> None:
        async def send() -> None:
            await (await self._find_sender(session)).send(session, key, message, voice)

        await _retry_until_confirmed(send)

    async def _schedule(self, session: str, key: str, text: str) -> None:
        async def schedule() -> None:
            seconds, microseconds = await (await self.find_store(session)).time()
            due = int(seconds) * 1000 + int(microseconds) // 1000 + _LATER_MS
            sender = await self._find_sender(session)
            await sender.send(session, key, Message(text=text), at_ms=due)

        await _retry_until_confirmed(schedule)

    async def erase(self, session: str) -> list[LogEntry]:
        """Erase a session; return its log."""
        redis: Redis = await _retry_until_confirmed(lambda: self.find_store(session))
        log: list[LogEntry] = await _retry_until_confirmed(lambda: read_log(redis, session))

        async def erase() -> None:  # other records of the contact would cost a scan of all keys
            async with confirm_block(self._confirmations):
                await erase_session(redis, session)

        await _retry_until_confirmed(erase)
        return log


async def _retry_until_confirmed(act: Callable[[], Awaitable[Any]]) -> Any:
    while True:
        try:
            return await act()
        except (RedisError, OSError, StorageUnavailable):  # the server is being restarted
            await asyncio.sleep(_RETRY_SECONDS)
