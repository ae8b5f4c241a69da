"""Proactive messages: puts a message of the business or of an agent into a session's outbox."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

import httpx
from redis.asyncio import Redis

from core.model import Address, Message, MessagePart, Reply
from core.ports import Channel
from gateway.redis import lua, rq_layout
from gateway.redis.encoding import encode_reply_entry
from gateway.redis.lua import Argument, ProtocolLimits


class SendOutcome(StrEnum):
    """Result of a proactive send.

    `duplicate` when the key was used before in this session, `full` when too many replies wait.
    """

    QUEUED = "said"
    DUPLICATE = "duplicate"
    FULL = "full"
    UNKNOWN = "unknown"


class ProactiveSender:
    """Puts messages into outboxes, split by the limits of their channels. Workers send them."""

    def __init__(
        self, redis: Redis, channels: Mapping[str, Channel[httpx.AsyncClient]], protocol: ProtocolLimits
    ) -> None:
        self._redis = redis
        self._channels = channels
        self._script = lua.load_script("say", protocol)

    async def send(
        self, session: str, key: str, message: Message, voice: Literal["bot", "person"] = "bot"
    ) -> SendOutcome:
        """Put a message into a session's outbox; `unknown` when the session does not exist.

        A bot message waits for earlier replies and for the bot's ownership. An agent's message makes the
        agent the owner of the session.
        """
        stored: Any = await self._redis.hget(f"tg:{{{session}}}", "address")
        if stored is None:
            return SendOutcome.UNKNOWN
        address = Address.model_validate_json(stored)
        channel = self._channels.get(address.channel)
        parts = channel.render(message, address) if channel else [MessagePart(body=message.text)]
        lapses = "1" if channel is None or not channel.capabilities.desk else ""
        arguments: list[Argument] = [rq_layout.current_timestamp(), session, key, voice, lapses]
        for number, part in enumerate(parts, start=1):
            name = key if len(parts) == 1 else f"{key}.{number}"
            reply = Reply(key=name, address=address, voice=voice, bulk=voice == "bot", **dict(part))
            arguments += [reply.model_dump_json(exclude_defaults=True), encode_reply_entry(reply)]
        outcome: bytes = await self._script(self._redis, arguments)
        return SendOutcome(outcome.decode())
