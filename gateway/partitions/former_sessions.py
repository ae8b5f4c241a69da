"""Sessions that have ended in one partition (joining.py): opt-outs and agents of their contacts elsewhere."""

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
from gateway.partitions.directory import PartitionDirectory
from gateway.redis import lua
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.identities import IdentityResolver
from gateway.redis.records.session_keys import session_key
from gateway.redis.records.sessions.opt_outs import parse_address

SCOPES: Final = {b"1": OptOutScope.ALL, b"marketing": OptOutScope.MARKETING}
"""Scopes of opt-outs by the values of a session's field `optout`."""
_HELD: Final = (b"human", b"waiting")
"""Values of the field `owner` with which an agent has the session, or is about to."""


def opts_out(event: Event) -> bool:
    """Return whether an event may opt its contact out."""
    match event:
        case ControlReceived(act=ControlAction.OPT_OUT) | TurnReceived(request=ConsentRequest.OPT_OUT):
            return True
    return False


class FormerSessions:
    """Sessions of contacts that have gone to another partition, with replies that still wait there."""

    def __init__(
        self,
        inboxes: Sequence[IdentityResolver],
        stores: Sequence[Redis],
        directory: PartitionDirectory,
        protocol: ProtocolLimits,
    ) -> None:
        self._inboxes = inboxes
        self._stores = stores
        self._directory = directory
        self._leave = lua.load_script("leave_partition", protocol)

    async def hold_back(self, number: int, session: str) -> bool:
        """Let an agent and an opt-out where the contact is count for a session that has ended in `number`.

        Returns whether there is one. Raises `RedisError` or `StorageUnavailable`.
        """
        place = await self._directory.find(session)
        if place == number:
            return False
        present = await self._inboxes[place].find_session(session)
        scope = SCOPES.get(await self._read(place, present, "optout"))
        if scope:
            await self._inboxes[number].accept([await self._build_opt_out(number, session, scope)])
        is_held = await self._read(place, present, "owner") in _HELD
        if is_held:
            await self._leave(self._stores[number], [session, "held"])
        return is_held or scope is not None

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
