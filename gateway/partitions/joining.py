"""Joins the data of one contact in two partitions, once a request shows that they belong together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from redis.asyncio import Redis

from core.errors import StorageUnavailable
from core.model import ContactMoved, ControlAction, ControlReceived, Event
from core.ports import AcceptResult
from gateway.partitions.directory import PartitionDirectory
from gateway.partitions.former_sessions import SCOPES
from gateway.redis import lua
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.identities import IdentityResolver, may_be_reassigned
from gateway.redis.records.session_keys import session_key
from gateway.redis.records.sessions.opt_outs import parse_address

_JOINING_MS: Final = 5_000
"""Time for a join; a session that it leaves half joined takes messages again after that."""


class ContactJoiner:
    """Lets all names of a contact lead to one partition.

    A session that the contact has in another one ends: an opt-out there counts in this one, and what it has
    received and sent is not new here. It takes no messages from before that on, so that one which was on its
    way there comes here, too. Each step can be repeated; the names are moved last.
    """

    def __init__(
        self,
        inboxes: Sequence[IdentityResolver],
        stores: Sequence[Redis],
        directory: PartitionDirectory,
        protocol: ProtocolLimits,
    ) -> None:
        self._protocol = protocol
        self._inboxes = inboxes
        self._stores = stores
        self._directory = directory
        self._leave = lua.load_script("leave_partition", protocol)

    async def place(self, names: Sequence[str], event: Event | None = None) -> int:
        """Return the partition of a contact, after joining; `event` is the received event."""
        place = await self._directory.place(names)
        if place.elsewhere:
            left: list[tuple[Redis, str]] = []
            for name, number in place.elsewhere:
                if session := await self._end_session(names, name, number, place.number, event):
                    left.append((self._stores[number], session))
            await self._directory.move([name for name, _ in place.elsewhere], place.number)
            for store, session in left:
                await self._leave(store, [session, "gone"])
        return place.number

    async def take_back(self, number: int, name: str) -> None:
        """Let the session of a name, which leads to this partition again, take messages."""
        session = await self._inboxes[number].find_session(name)
        await self._leave(self._stores[number], [session, ""])

    async def _end_session(
        self, names: Sequence[str], name: str, number: int, target: int, event: Event | None
    ) -> str:
        """End the session of a name in the partition `number`; return it, empty if it is somebody else's."""
        store, inbox = self._stores[number], self._inboxes[number]
        link: list[Any] = await store.hmget(f"tg:person:{name}", ["session", "with"])
        if may_be_reassigned(name) and link[1] and link[1].decode() != names[0]:
            return ""  # a number that somebody else had before: the session there is theirs
        session = link[0].decode() if link[0] else name
        act = hashlib.sha256(f"{target}\n{session}".encode()).hexdigest()[:16]
        if isinstance(event, ContactMoved):  # what waits there goes to the new address
            moved = ContactMoved(
                id=f"joined-moved-{act}", session=session, address=event.address, at=event.at
            )
            await inbox.accept([moved])
        await self._leave(store, [session, _JOINING_MS])
        stored: list[Any] = await store.hmget(f"tg:{{{session}}}", ["address", "owner", "optout"])
        if not any(stored):
            return session
        await self._carry_over(name, session, link[1] or b"", store, self._stores[target])
        if scope := SCOPES.get(stored[2]):
            opted_out = ControlReceived(
                id=f"joined-optout-{act}",
                session=names[0],
                address=parse_address(stored[0], session),
                act=ControlAction.OPT_OUT,
                actor="an earlier opt-out",
                scope=scope,
                aliases=tuple(names),
            )
            if await self._inboxes[target].accept([opted_out]) == [AcceptResult.MOVED]:
                raise StorageUnavailable("the contact is being joined with a third partition; try again")
        await self._leave(store, [session, "close"])
        return session

    async def _carry_over(
        self, name: str, session: str, seen_with: bytes, source: Redis, target: Redis
    ) -> None:
        """Copy the IDs of what a session has received and sent, and let its name lead to it there.

        There `resolve_names.lua` then finds two sessions of one contact, as if it had been there before.
        """
        seen: Any = await source.zrange(session_key(session, ":seen"), 0, -1, withscores=True)
        used = await self._copy_records(session, source, target)
        if ids := dict([*seen, *used]):
            copied = session_key(session, ":seen")
            await target.zadd(copied, ids)
            await target.pexpire(copied, self._protocol.dedup_ms)
        link = f"tg:person:{name}"
        if not await target.hexists(link, "session"):
            await target.hset(link, mapping={"session": session, "with": seen_with})
            await target.pexpire(link, self._protocol.contact_ms)

    async def _copy_records(self, session: str, source: Redis, target: Redis) -> list[tuple[bytes, float]]:
        """Copy the records of proactive messages, by which a repetition is told from another content.

        Returns the keys whose content cannot be compared there, with their times: each partition has its own
        secret for digests.
        """
        sent: Any = await source.zrange(session_key(session, ":proactive"), 0, -1, withscores=True)
        is_comparable = not (await cipher_of(target).sealer()).is_on
        keys: list[tuple[bytes, float]] = []
        for key, at in sent:
            name = f"tg:proactive:{{{session}}}:{key.decode()}"
            record: Any = await source.hgetall(name)
            if record.get(b"outcome") != b"queued":
                continue
            if not is_comparable:
                keys.append((key, at))
                continue
            await target.hset(name, mapping=record)
            await target.pexpire(name, self._protocol.dedup_ms)
            await target.zadd(session_key(session, ":proactive"), {key: at})
            await target.pexpire(session_key(session, ":proactive"), self._protocol.dedup_ms)
        return keys
