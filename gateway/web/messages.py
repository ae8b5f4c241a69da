"""Messages of the business's own accord, into a session of any channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from core.message import Choice, Reply
from core.turn import Address
from gateway.redis import layout, scripts
from gateway.redis.mailbox import said_entry
from gateway.redis.scripts import Protocol


async def put(redis: Redis, session: str, key: str, text: str, choices: Sequence[Choice] = ()) -> str:
    """Put a message into the session's outbox: `said`, `duplicate` of the same key, or `unknown` session."""
    stored: Any = await redis.hget(f"tg:{{{session}}}", "address")
    if stored is None:
        return "unknown"
    address = Address.model_validate_json(stored)
    reply = Reply(key=key, address=address, body=text, choices=tuple(choices), bulk=True)
    value, entry = reply.model_dump_json(exclude_defaults=True), said_entry(reply)
    outcome: bytes = await scripts.load("say", Protocol())(
        redis, [layout.stamp(), session, key, value, entry]
    )
    return outcome.decode()
