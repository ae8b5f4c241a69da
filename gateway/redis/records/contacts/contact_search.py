"""Finds all sessions of a contact by any identifier in any usual spelling, on every channel."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, cast

from redis.asyncio import Redis

from core.errors import EncryptionKeyMissing
from core.model import FrozenModel
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.records.contacts.contact_names import (
    is_global,
    last_part,
    normalize,
    normalize_name,
    read_identifiers,
    read_names,
)

_KEYS_PER_CALL: Final = 1_000
_SESSION_KEY: Final = re.compile(r"tg:(?:proactive:|scheduled:)?\{(.+)\}.*", re.DOTALL)
_FIELDS: Final = ("address", "known", "contact")
_PERSON: Final = "tg:person:"
_MAX_ROUNDS: Final = 4
_RETIRED: Final = "}:retired"


class FoundContact(FrozenModel):
    """A contact's sessions, the identity links that lead to them, and the identifiers as they are spelled."""

    sessions: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    identifiers: frozenset[str] = frozenset()


class ContactSearch:
    """Searches all sessions; it reads every session once or a few times, so it is for rare requests."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def find(self, contact: str) -> FoundContact:
        """Return what belongs to a number, an e-mail address, a user ID, a name or a session.

        A number or an address that is found leads to the sessions that it has on other channels.
        """
        wanted = {normalize(contact)}
        names = frozenset({normalize_name(contact)})
        found = FoundContact()
        for _ in range(_MAX_ROUNDS):
            found = await self._search(wanted, names)
            more = {normalize(each) for each in found.identifiers if is_global(each)} - wanted
            if not more:
                break
            wanted |= more
        return found.model_copy(update={"identifiers": found.identifiers | {contact.strip()} | wanted})

    async def _search(self, wanted: set[str], names: frozenset[str]) -> FoundContact:
        sessions: set[str] = set()
        links: set[str] = set()
        identifiers: set[str] = set()
        async for name, session in self._read_links():
            if normalize(last_part(name)) in wanted or name in wanted:
                sessions.add(session)
                links.add(name)
        sessions |= {
            session async for name, session in self._read_retired() if normalize(last_part(name)) in wanted
        }
        async for session, spelled, known_names in self._read_sessions():
            is_named = any(normalize_name(each) in names for each in known_names)
            if session in sessions or is_named or any(normalize(each) in wanted for each in spelled):
                sessions.add(session)
                identifiers |= spelled | known_names
        async for name, session in self._read_links():  # the contact's other identifiers
            if session in sessions or name in sessions:  # a merged session: it leads to another one
                sessions.add(session)
                links.add(name)
                identifiers.add(last_part(name))
        return FoundContact(
            sessions=tuple(sorted(sessions)), links=tuple(sorted(links)), identifiers=frozenset(identifiers)
        )

    async def _read_links(self) -> AsyncIterator[tuple[str, str]]:
        async for keys in scan_keys(self._redis, f"{_PERSON}*"):
            async with self._redis.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.hget(key, "session")
                stored: list[Any] = await pipeline.execute()
            for key, session in zip(keys, stored, strict=True):
                if session:
                    yield key.removeprefix(_PERSON), session.decode()

    async def _read_retired(self) -> AsyncIterator[tuple[str, str]]:
        """Yield the numbers that contacts gave up, with their sessions, unless the next owner has written."""
        async for keys in scan_keys(self._redis, f"tg:{{*{_RETIRED}"):
            for key in keys:
                for name in await cast("Any", self._redis.smembers(key)):
                    link: Any = await self._redis.hget(f"{_PERSON}{name.decode()}", "session")
                    if not (link and await self._redis.exists(f"tg:{{{link.decode()}}}")):
                        yield name.decode(), key.removeprefix("tg:{").removesuffix(_RETIRED)

    async def _read_sessions(self) -> AsyncIterator[tuple[str, frozenset[str], frozenset[str]]]:
        seen: set[str] = set()
        for pattern in ("tg:{*", "tg:scheduled:{*", "tg:proactive:{*"):
            async for keys in scan_keys(self._redis, pattern):
                matches = (_SESSION_KEY.fullmatch(key) for key in keys)
                new = sorted({match[1] for match in matches if match} - seen)
                seen.update(new)
                async with self._redis.pipeline(transaction=False) as pipeline:
                    for session in new:
                        pipeline.hmget(f"tg:{{{session}}}", _FIELDS)
                    rows: list[Any] = await pipeline.execute() if new else []
                for session, row in zip(new, rows, strict=True):
                    try:
                        opened = await cipher_of(self._redis).open_all(session, row)
                    except EncryptionKeyMissing:  # it is still found by its number and ID
                        opened = row
                    fields = dict(zip(_FIELDS, opened, strict=True))
                    yield session, read_identifiers(session, fields), read_names(fields)


async def scan_keys(redis: Redis, pattern: str) -> AsyncIterator[Sequence[str]]:
    """Yield the keys that match, many at a time."""
    keys: list[str] = []
    async for key in redis.scan_iter(pattern, count=_KEYS_PER_CALL):
        keys.append(key.decode("utf-8", "surrogateescape"))
        if len(keys) == _KEYS_PER_CALL:
            yield keys
            keys = []
    if keys:
        yield keys
