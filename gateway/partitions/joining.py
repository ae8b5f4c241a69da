"""Joins what two partitions have of one contact, once a request shows that it is one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from core.model import Address, ContactMoved, ControlAction, ControlReceived, Event, OptOutScope
from gateway.partitions.directory import PartitionDirectory
from gateway.redis.records.contacts.identities import IdentityResolver, may_be_reassigned

_SCOPES = {b"1": OptOutScope.ALL, b"marketing": OptOutScope.MARKETING}


class ContactJoiner:
    """Lets all names of a contact lead to one partition.

    A session that the contact has in another one ends: an opt-out there counts in this one. Each step can be
    repeated; the names are moved last.
    """

    def __init__(
        self, inboxes: Sequence[IdentityResolver], stores: Sequence[Redis], directory: PartitionDirectory
    ) -> None:
        self._inboxes = inboxes
        self._stores = stores
        self._directory = directory

    async def place(self, names: Sequence[str], event: Event | None = None) -> int:
        """Return the partition of a contact, after joining; `event` is what was received of it."""
        place = await self._directory.place(names)
        if place.elsewhere:
            for name, number in place.elsewhere:
                await self._end_session(names, name, number, place.number, event)
            await self._directory.move([name for name, _ in place.elsewhere], place.number)
        return place.number

    async def _end_session(
        self, names: Sequence[str], name: str, number: int, target: int, event: Event | None
    ) -> None:
        store, inbox = self._stores[number], self._inboxes[number]
        link: list[Any] = await store.hmget(f"tg:person:{name}", ["session", "with"])
        if may_be_reassigned(name) and link[1] and link[1].decode() != names[0]:
            return  # a number that somebody else has had: the session there is theirs
        session = link[0].decode() if link[0] else name
        stored: list[Any] = await store.hmget(f"tg:{{{session}}}", ["address", "owner", "optout"])
        if not any(stored):
            return
        address = _parse_address(stored[0], session)
        act = hashlib.sha256(f"{target}\n{session}".encode()).hexdigest()[:16]
        if scope := _SCOPES.get(stored[2]):
            opted_out = ControlReceived(
                id=f"joined-optout-{act}",
                session=names[0],
                address=address,
                act=ControlAction.OPT_OUT,
                actor="an earlier opt-out",
                scope=scope,
                aliases=tuple(names),
            )
            await self._inboxes[target].accept([opted_out])
        if isinstance(event, ContactMoved):
            moved = ContactMoved(id=event.id, session=session, address=event.address, at=event.at)
            await inbox.accept([moved])
        if stored[1] in (None, b"bot"):
            closed = ControlReceived(
                id=f"joined-{act}",
                session=session,
                address=address,
                act=ControlAction.CLOSE,
                actor="merged into another conversation",
            )
            await inbox.accept([closed])


def _parse_address(stored: bytes | None, session: str) -> Address:
    """Return a session's address; of one that has only acts of others, such as an opt-out, its channel."""
    if stored:
        return Address.model_validate_json(stored)
    return Address(channel=session.partition(":")[0], account="", ours="", theirs="")
