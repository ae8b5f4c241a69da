"""Interventions of agents, the business and operators in the middle of a turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.model import Message
from core.ports import Channel
from gateway.redis.lua import ProtocolLimits
from gateway.redis.outbox import ProactiveSender
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.redis.records.sessions.session_log import LogEntry, read_log
from gateway.storm.conversations import AGENT_TEXT, OFFER_TEXT

_RETRY_SECONDS = 0.2


class StormOperator:
    """Acts until the server has confirmed it, as people and programs that are answered 503 do."""

    def __init__(self, redis: Redis, channel: Channel[httpx.AsyncClient]) -> None:
        self._redis = redis
        self._sender = ProactiveSender(redis, {channel.name: channel}, ProtocolLimits())

    async def say_as_agent(self, session: str) -> None:
        """Say an agent's words, which take the session over."""
        message = Message(text=AGENT_TEXT)
        await _until_confirmed(lambda: self._sender.send(session, "agent-1", message, "person"))

    async def send_offer(self, session: str, number: int) -> None:
        """Send a message of the business."""
        message = Message(text=OFFER_TEXT)
        await _until_confirmed(lambda: self._sender.send(session, f"own-{number}", message))

    async def erase(self, session: str) -> list[LogEntry]:
        """Erase a session; return its log."""
        log: list[LogEntry] = await _until_confirmed(lambda: read_log(self._redis, session))
        await _until_confirmed(lambda: SessionIndex(self._redis).erase(session))
        return log


async def _until_confirmed(act: Callable[[], Awaitable[Any]]) -> Any:
    while True:
        try:
            return await act()
        except (RedisError, OSError):  # the server is being restarted
            await asyncio.sleep(_RETRY_SECONDS)
