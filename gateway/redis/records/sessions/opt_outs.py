"""Opt-outs of all contacts: their list, and changes by the operator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

from redis.asyncio import Redis

from core.model import Address, ControlAction, ControlReceived, FrozenModel, OptOutScope
from core.ports import Inbox
from gateway.redis import lua
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.sessions.session_index import SessionIndex

_PAGE: Final = 1_000


class OptOutRow(FrozenModel):
    """A session whose contact is opted out, and the contact's address, with the scope and time of that."""

    session: str
    contact: str = ""
    scope: OptOutScope
    since_ms: int


def _find_contact(session: str, address: bytes | None) -> str:
    """Return the contact's address; of an expired session, the last part of its name."""
    return Address.model_validate_json(address).theirs if address else session.rpartition(":")[2]


class OptOuts:
    """Opt-outs by session. Erased contacts, of whom only a hash is kept, are not listed."""

    def __init__(self, redis: Redis, inbox: Inbox) -> None:
        """Create the records; `inbox` stores changes, as it does for those of contacts."""
        self._redis = redis
        self._inbox = inbox

    async def list_newest(self, limit: int, offset: int = 0) -> list[OptOutRow]:
        """Return the newest opt-outs after the first `offset`."""
        rows: Any = await self._redis.zrevrange("tg:optouts", offset, offset + limit - 1, withscores=True)
        async with self._redis.pipeline(transaction=False) as pipeline:
            for name, _ in rows:
                pipeline.hmget(f"tg:{{{name.decode()}}}", ["optout", "address"])
            stored: list[Any] = await pipeline.execute() if rows else []
        return [
            OptOutRow(
                session=name.decode(),
                contact=_find_contact(name.decode(), address),
                scope=OptOutScope.MARKETING if scope == b"marketing" else OptOutScope.ALL,
                since_ms=int(score),
            )
            for (name, score), (scope, address) in zip(rows, stored, strict=True)
        ]

    async def list_all(self) -> list[OptOutRow]:
        """Return all opt-outs, newest first."""
        rows: dict[str, OptOutRow] = {}
        while page := await self.list_newest(_PAGE, len(rows)):
            before = len(rows)
            rows |= {each.session: each for each in page}
            if len(rows) == before:
                break
        return list(rows.values())

    async def change(
        self, contact: str, act: ControlAction, scope: OptOutScope = OptOutScope.ALL, actor: str = "operator"
    ) -> list[str]:
        """Opt a contact out or in, in all of their sessions; return these.

        `contact` is a number, an address, a user ID or a session. An opt-in also ends an opt-out that was
        kept of an erased session of that name.
        """
        return await self.change_named([contact], act, scope, actor)

    async def change_named(
        self, names: Sequence[str], act: ControlAction, scope: OptOutScope, actor: str
    ) -> list[str]:
        """Do as `change` for the sessions of any of a contact's names; the first is the one given."""
        index = SessionIndex(self._redis)
        sessions = sorted({session for name in names for session in await index.find_by_contact(name)})
        if act is ControlAction.OPT_IN and await self._forget_name(names[0]) and not sessions:
            return [names[0]]
        await self._inbox.accept(
            [
                ControlReceived(
                    id=f"{actor}:{uuid4().hex}",
                    session=session,
                    address=await self._read_address(session),
                    act=act,
                    actor=actor,
                    scope=scope,
                )
                for session in sessions
            ]
        )
        return sessions

    async def _forget_name(self, name: str) -> bool:
        return bool(await lua.load_script("forget_optout", ProtocolLimits())(self._redis, [name]))

    async def _read_address(self, session: str) -> Address:
        return parse_address(await self._redis.hget(f"tg:{{{session}}}", "address"), session)


def parse_address(stored: Any, session: str) -> Address:
    """Return a session's address; one with its channel only if it has none."""
    if stored:
        return Address.model_validate_json(stored)
    return Address(channel=session.partition(":")[0], account="", ours="", theirs="")
