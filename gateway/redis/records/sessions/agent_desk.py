"""Agents in the inbox: assignments, presence (who has a conversation open or writes), internal notes."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final, Literal

from pydantic_core import to_json
from redis.asyncio import Redis

from gateway.redis import lua
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.session_keys import session_key

_PRESENCE_MS: Final = 20_000
_TYPING_MS: Final = 7_000
_MAX_PRESENT: Final = 20
_SUBMITTED_MS: Final = 86_400_000
_READ_MARK_MS: Final = 30 * 86_400_000
_MAX_READ_MARKS: Final = 5_000


def presence_key(session: str) -> str:
    """Return the key of the agents that have a conversation open; a digest, as it is short-lived."""
    return f"tg:{{access}}:presence:{_digest(session)}"


def read_marks_key(agent: str) -> str:
    """Return the key of when an agent last looked at each conversation; it names neither."""
    return f"tg:{{access}}:read:{_digest(agent)}"


def _digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:32]


class AgentDesk:
    """State of the work on conversations that agents share with each other."""

    def __init__(self, redis: Redis, protocol: ProtocolLimits | None = None) -> None:
        self._redis = redis
        limits = protocol or ProtocolLimits()
        self._assign = lua.load_script("assign", limits)
        self._note = lua.load_script("add_note", limits)

    async def assign(self, session: str, agent: str, how: Literal["claim", "take", "drop"]) -> str | None:
        """Assign or unassign a conversation; return its agent then, `None` if it is not kept."""
        holder: Any = await self._assign(self._redis, [session, agent, how])
        return None if holder is None else holder.decode()

    async def read_agents(self, sessions: list[str]) -> dict[str, str]:
        """Return which agent has each of these conversations; empty if none has it."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for session in sessions:
                pipeline.hget(session_key(session), "agent")
            stored: list[Any] = await pipeline.execute() if sessions else []
        return {name: (agent or b"").decode() for name, agent in zip(sessions, stored, strict=True)}

    async def add_note(self, session: str, agent: str, text: str, form: str = "") -> bool:
        """Write an internal note; return false if the conversation is not kept.

        A note of the same `form`, which was submitted twice, is written once.
        """
        entry = to_json({"agent": agent, "text": text})
        once = f"tg:{{access}}:note:{_digest(f'{session} {form}')}" if form else ""
        return await self._note(self._redis, [session, entry, once, _SUBMITTED_MS]) is not None

    async def announce(self, session: str, agent: str, *, is_typing: bool) -> None:
        """Record that an agent has a conversation open, and whether they write."""
        key, now = presence_key(session), await self._now_ms()
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.hset(key, agent, f"{now} {now if is_typing else 0}")
            pipeline.pexpire(key, _PRESENCE_MS)
            await pipeline.execute()

    async def read_others(self, session: str, agent: str) -> list[tuple[str, bool]]:
        """Return the other agents that have a conversation open, each with whether they write."""
        stored: Any = await self._redis.hgetall(presence_key(session))
        now, others = await self._now_ms(), []
        for name, value in list(stored.items())[:_MAX_PRESENT]:
            seen, _, typed = value.decode().partition(" ")
            if name.decode() != agent and int(seen) > now - _PRESENCE_MS:
                others.append((name.decode(), int(typed or 0) > now - _TYPING_MS))
        return sorted(others)

    async def mark_read(self, session: str, agent: str) -> None:
        """Record that an agent has read a conversation up to now."""
        key, now = read_marks_key(agent), await self._now_ms()
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.zadd(key, {_digest(session): now})
            pipeline.zremrangebyscore(key, "-inf", now - _READ_MARK_MS)
            pipeline.zremrangebyrank(key, 0, -_MAX_READ_MARKS - 1)
            pipeline.pexpire(key, _READ_MARK_MS)
            await pipeline.execute()

    async def read_marks(self, sessions: Sequence[str], agent: str) -> dict[str, float]:
        """Return when an agent last read each of these conversations, in milliseconds; 0 for never."""
        if not sessions:
            return {}
        marks: Any = await self._redis.zmscore(read_marks_key(agent), [_digest(each) for each in sessions])
        return {session: mark or 0.0 for session, mark in zip(sessions, marks, strict=True)}

    async def _now_ms(self) -> int:
        seconds, microseconds = await self._redis.time()
        return int(seconds) * 1000 + int(microseconds) // 1000
