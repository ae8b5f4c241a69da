"""Contacts in all partitions: found, erased, exported, opted out and in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

from redis.asyncio import Redis

from core.model import ControlAction, OptOutScope
from core.ports import Inbox
from gateway.partitions.directory import PartitionDirectory
from gateway.redis import lua
from gateway.redis.connection.call_all import call_all
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.contact_export import export_contact
from gateway.redis.records.contacts.contact_names import MentionFinder, is_global
from gateway.redis.records.contacts.contact_search import ContactSearch, FoundContact, scan_keys
from gateway.redis.records.contacts.erasure import ContactErasure, ErasureReceipt
from gateway.redis.records.contacts.persistence import rewrite_files
from gateway.redis.records.public_files import PublicFiles
from gateway.redis.records.session_keys import session_key
from gateway.redis.records.sessions.opt_outs import OptOutRow, OptOuts

_MAX_SPELLINGS = 20


async def find_everywhere(stores: Sequence[Redis], contact: str) -> tuple[list[str], FoundContact]:
    """Return a contact's sessions in all partitions, and the names to look for in each partition.

    A number or an address that one partition has leads to the contact's sessions in another one.
    """
    names, found = [contact], FoundContact()
    for name in names:
        each = await asyncio.gather(*(ContactSearch(store).find(name) for store in stores))
        found = FoundContact(
            sessions=tuple(sorted({*found.sessions, *(one for part in each for one in part.sessions)})),
            links=tuple(sorted({*found.links, *(one for part in each for one in part.links)})),
            identifiers=frozenset().union(found.identifiers, *(part.identifiers for part in each)),
        )
        new = sorted(each for each in found.identifiers if is_global(each) and each not in names)
        names += new[: _MAX_SPELLINGS - len(names)]
    return names, found


async def export_everywhere(stores: Sequence[Redis], contact: str) -> dict[str, Any] | None:
    """Return all stored data of a contact in all partitions; `None` if there is none."""
    names, _ = await find_everywhere(stores, contact)
    parts = [
        part for store in stores for name in names if (part := await export_contact(store, name)) is not None
    ]
    if not parts:
        return None
    sessions = {session["id"]: session for part in parts for session in part["sessions"]}
    records: dict[str, list[Any]] = {}
    for part in parts:
        for kind, items in part["records"].items():
            stored = records.setdefault(kind, [])
            stored += [item for item in items if item not in stored]
    return {
        "contact": contact,
        "identifiers": sorted({each for part in parts for each in part["identifiers"]}),
        "sessions": [sessions[name] for name in sorted(sessions)],
        "records": records,
        "kept_opt_outs": {name: scope for part in parts for name, scope in part["kept_opt_outs"].items()},
    }


class PartitionedErasure(ContactErasure):
    """Erases a contact from all partitions, and from the directory."""

    def __init__(self, stores: Sequence[Redis], confirmations: Sequence[ReplicaConfirmation] = ()) -> None:
        """Create an erasure; see `ContactErasure`."""
        super().__init__(stores[0], confirmations=confirmations)
        self._stores = stores
        self._directory = PartitionDirectory(stores)
        self._mark_name = lua.load_script("mark_erased", ProtocolLimits())

    async def find(self, contact: str) -> FoundContact:
        """Return what an erasure of this contact concerns."""
        _, found = await find_everywhere(self._stores, contact)
        return found

    async def _erase(self, contact: str, file_seconds: float) -> ErasureReceipt:
        names, found = await find_everywhere(self._stores, contact)
        known = [await _read_names(store, found.sessions) for store in self._stores]
        places = sorted({*found.sessions, *found.links, *found.identifiers, *set().union(*known)})
        deleted = await self._delete_outside(found.sessions, places)
        receipts: list[ErasureReceipt] = []
        for store, removed, own_names in zip(self._stores, deleted, known, strict=True):
            erased = [await ContactErasure(store).erase(name, file_seconds) for name in names]
            erased = [each for each in erased if not each.is_empty]
            if erased:  # a provider's retry of a message that was here leads here, where it is recognized
                await self._mark_name(store, sorted(own_names))
            elif removed:
                receipts.append(ErasureReceipt(files=await rewrite_files(store, file_seconds)))
            receipts += erased
        await self._directory.forget(places)  # a message has come meanwhile
        total = sum((Counter(each.removed) for each in receipts), sum(deleted, Counter[str]()))
        return ErasureReceipt(
            sessions=sum(each.sessions for each in receipts),
            removed=dict(sorted(total.items())),
            opt_outs_kept=sum(each.opt_outs_kept for each in receipts),
            files={file: result for each in receipts for file, result in sorted(each.files.items())},
        )

    async def _delete_outside(self, sessions: Sequence[str], places: Sequence[str]) -> list[Counter[str]]:
        """Delete what other partitions than the contact's have, before the files of each are rewritten.

        Returns what each partition had. The home has the files of all.
        """
        links = await self._directory.forget(places)
        files = PublicFiles(self._stores[0], "", seconds=0)
        kept = [sum([await files.delete_of(session) for session in sessions]), *[0] * (len(links) - 1)]
        for store in self._stores:
            await _delete_pointers(store, places)
        return [
            +Counter({"identity links": link, "files": file}) for link, file in zip(links, kept, strict=True)
        ]


async def _read_names(store: Redis, sessions: Sequence[str]) -> set[str]:
    """Return the sessions that a partition has, with their names: also former ones, and shared ones."""
    names: set[str] = set()
    for session in sessions:
        parts = [
            await cast("Any", store.smembers(session_key(session, part))) for part in (":names", ":retired")
        ]
        stored = {name.decode() for part in parts for name in part}
        keys = [session_key(session, part) for part in ("", ":log", ":seen")]
        if stored or await store.exists(*keys):
            names |= {session, *stored}
    return names


async def _delete_pointers(store: Redis, identifiers: Sequence[str]) -> None:
    """Delete pointers to messages whose IDs contain an identifier; others are random, and expire."""
    mentions = MentionFinder(identifiers)
    async for keys in scan_keys(store, "tg:sent_in:*"):
        for key in filter(mentions.is_in, keys):
            await store.delete(key)


class PartitionedOptOuts(OptOuts):
    """Opt-outs of all partitions."""

    def __init__(self, stores: Sequence[Redis], inboxes: Sequence[Inbox]) -> None:
        """Create the records; each of `inboxes` stores the changes of its partition."""
        super().__init__(stores[0], inboxes[0])
        self._stores = stores
        self._each = [OptOuts(store, inbox) for store, inbox in zip(stores, inboxes, strict=True)]

    async def list_newest(self, limit: int, offset: int = 0) -> list[OptOutRow]:
        """Return the newest opt-outs after the first `offset`."""
        rows = await asyncio.gather(*(each.list_newest(limit + offset) for each in self._each))
        newest = sorted((row for part in rows for row in part), key=lambda row: row.since_ms, reverse=True)
        return newest[offset : offset + limit]

    async def change(
        self, contact: str, act: ControlAction, scope: OptOutScope = OptOutScope.ALL, actor: str = "operator"
    ) -> list[str]:
        """Opt a contact out or in, in all of their sessions; return these.

        An error in one partition, which is raised, keeps no other from the change.
        """
        names, _ = await find_everywhere(self._stores, contact)
        changed = await call_all(each.change_named(names, act, scope, actor) for each in self._each)
        return sorted({session for part in changed for session in part})
