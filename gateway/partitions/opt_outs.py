"""Opt-outs of a contact whose session in another partition has ended (gateway/partitions/joining.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from redis.asyncio import Redis

from core.model import (
    ConsentRequest,
    ControlAction,
    ControlReceived,
    Event,
    OptOutScope,
    TurnReceived,
)
from gateway.redis.records.contacts.identities import IdentityResolver
from gateway.redis.records.session_keys import session_key
from gateway.redis.records.sessions.opt_outs import parse_address

SCOPES: Final = {b"1": OptOutScope.ALL, b"marketing": OptOutScope.MARKETING}
"""Scopes of opt-outs by the values of a session's field `optout`."""


def opts_out(event: Event) -> bool:
    """Return whether an event may opt its contact out."""
    match event:
        case ControlReceived(act=ControlAction.OPT_OUT) | TurnReceived(request=ConsentRequest.OPT_OUT):
            return True
    return False


class FormerSessions:
    """Sessions of contacts that have gone to another partition, with replies that still wait there."""

    def __init__(self, inboxes: Sequence[IdentityResolver], stores: Sequence[Redis]) -> None:
        self._inboxes = inboxes
        self._stores = stores

    async def opt_out(self, number: int, name: str) -> None:
        """Let the opt-out of a contact in the partition `number` count for what still waits elsewhere."""
        session = await self._inboxes[number].find_session(name)
        scope = SCOPES.get(await self._read(number, session, "optout"))
        if scope is None:
            return
        former: Any = await self._stores[number].smembers(session_key(session, ":former"))
        for other in (other for other in range(len(self._stores)) if other != number):
            for each in sorted(member.decode() for member in former):
                if await self._read(other, each, "left"):
                    await self._inboxes[other].accept([await self._build_opt_out(other, each, scope)])

    async def find_opt_out(self, number: int, session: str) -> ControlReceived | None:
        """Return the event that opts a contact out under all names; `None` unless they have left `number`."""
        if not await self._read(number, session, "left"):
            return None
        names: Any = await self._stores[number].smembers(session_key(session, ":names"))
        event = await self._build_opt_out(number, session, OptOutScope.ALL)
        aliases = sorted({session, *(name.decode() for name in names)})
        return event.model_copy(update={"aliases": tuple(aliases)})

    async def _build_opt_out(self, number: int, session: str, scope: OptOutScope) -> ControlReceived:
        return ControlReceived(
            id=f"joined-optout-{number}-{session}",
            session=session,
            address=parse_address(await self._read(number, session, "address"), session),
            act=ControlAction.OPT_OUT,
            actor="an opt-out in another conversation",
            scope=scope,
        )

    async def _read(self, number: int, session: str, field: str) -> Any:
        return await self._stores[number].hget(session_key(session), field)
