"""Session queries (pending work, by message, by contact) and erasure (GDPR)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

from pydantic_core import from_json
from redis.asyncio import Redis

from core.log_context import HIDDEN_START
from core.model import Address, FrozenModel, Owner
from core.ports import State
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.records.contacts.contact_search import ContactSearch

_MAX_KEYS_PER_CALL = 500
_MAX_AT_DESK = 10_000
_GLOB = re.compile(r"([*?\[\]\\])")


class SessionRow(FrozenModel):
    """A session with pending work: its owner and queue lengths."""

    session: str
    owner: Owner
    waiting: int
    unsent: int
    due_ms: int


class AgentSessionRow(FrozenModel):
    """A session that is waiting for or owned by an agent, and since when; `agent` is the one who has it."""

    session: str
    owner: Owner
    channel: str
    since_ms: int
    agent: str = ""


class SessionIndex:
    """Queries over all sessions."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def list_pending(self, limit: int) -> list[SessionRow]:
        """Return sessions with pending work, most urgent first."""
        due: Any = await self._redis.zrange("tg:due", 0, limit - 1, withscores=True)
        async with self._redis.pipeline(transaction=False) as pipeline:
            for name, _ in due:
                key = f"tg:{{{name.decode()}}}"
                pipeline.hget(key, "owner")
                pipeline.llen(f"{key}:mail")
                pipeline.llen(f"{key}:out")
            answers: list[Any] = await pipeline.execute() if due else []
        return [
            SessionRow(
                session=name.decode(),
                owner=Owner((answers[3 * index] or b"bot").decode()),
                waiting=answers[3 * index + 1],
                unsent=answers[3 * index + 2],
                due_ms=int(score),
            )
            for index, (name, score) in enumerate(due)
        ]

    async def list_awaiting_agent(self, limit: int | None = None) -> list[AgentSessionRow]:
        """Return sessions waiting for or owned by an agent: waiting ones first, longest first.

        Up to 10,000 are read, also for a lower limit: those that agents have may be older than all that wait.
        """
        rows: Any = await self._redis.zrange("tg:desk", 0, _MAX_AT_DESK - 1, withscores=True)
        sessions: list[AgentSessionRow] = []
        for start in range(0, len(rows), _MAX_KEYS_PER_CALL):
            sessions += await self._read_desk_rows(rows[start : start + _MAX_KEYS_PER_CALL])
        return sorted(sessions, key=lambda row: row.owner is not Owner.WAITING)[:limit]

    async def _read_desk_rows(self, rows: Sequence[tuple[bytes, float]]) -> list[AgentSessionRow]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for name, _ in rows:
                pipeline.hmget(f"tg:{{{name.decode()}}}", "owner", "address", "agent")
            answers: list[Any] = await pipeline.execute()
        return [
            AgentSessionRow(
                session=name.decode(),
                owner=Owner(owner.decode()),
                channel=Address.model_validate_json(address).channel,
                since_ms=int(score),
                agent=(agent or b"").decode(),
            )
            for (name, score), (owner, address, agent) in zip(rows, answers, strict=True)
            if owner and address
        ]

    async def find_by_message(self, message_id: str) -> str | None:
        """Return the session of a message by its provider id, inbound or outbound."""
        async for key in self._redis.scan_iter(
            f"tg:message:*:{_escape_glob(message_id)}", count=_MAX_KEYS_PER_CALL
        ):
            session: Any = await self._redis.hget(key, "session")
            if session:
                return str(session.decode())
        async for name in self._search_sessions("tg:{*}:seen", message_id):
            return name
        return None

    async def complete_id(self, shown: str) -> str:
        """Return the ID of a message that a log line shows without its beginning; any other as it is."""
        if not shown.startswith(HIDDEN_START):
            return shown
        pattern = f"wamid.*{_escape_glob(shown.removeprefix(HIDDEN_START))}"
        async for key in self._redis.scan_iter(f"tg:message:*:{pattern}", count=_MAX_KEYS_PER_CALL):
            return str(key.decode().split(":", 3)[-1])
        async for key in self._redis.scan_iter("tg:{*}:seen", count=_MAX_KEYS_PER_CALL):
            async for member, _ in self._redis.zscan_iter(key, match=pattern):
                return str(member.decode())
        return shown

    async def find_by_contact(self, contact: str) -> list[str]:
        """Return the sessions of a number, address, user ID or name, in any usual spelling."""
        return list((await ContactSearch(self._redis).find(contact)).sessions)

    async def read_state(self, session: str) -> State | None:
        """Return the dialog state of a session; `None` if it has none or has expired."""
        stored, expires = await self._redis.hmget(f"tg:{{{session}}}", "state", "expires")
        seconds, microseconds = await self._redis.time()
        if not stored or (expires and int(expires) <= seconds * 1000 + microseconds // 1000):
            return None
        state: State = from_json(await cipher_of(self._redis).open(session, cast("bytes", stored)))
        return state

    async def _search_sessions(self, pattern: str, message_id: str) -> AsyncIterator[str]:
        keys: list[bytes] = []
        async for key in self._redis.scan_iter(pattern, count=_MAX_KEYS_PER_CALL):
            keys.append(key)
            if len(keys) == _MAX_KEYS_PER_CALL:
                for name in await self._filter_by_message(keys, message_id):
                    yield name
                keys = []
        for name in await self._filter_by_message(keys, message_id):
            yield name

    async def _filter_by_message(self, keys: list[bytes], message_id: str) -> list[str]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.zscore(key, message_id)
            scores: list[Any] = await pipeline.execute() if keys else []
        matching = [key.decode() for key, score in zip(keys, scores, strict=True) if score is not None]
        return [key[len("tg:{") : -len("}:seen")] for key in matching]


def _escape_glob(text: str) -> str:
    return _GLOB.sub(r"\\\1", text)
