"""Rows of broadcasts that belong to a contact (gateway/broadcasts/store.py), for export and erasure."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, Final, cast

from pydantic_core import from_json
from redis.asyncio import Redis

from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.records.contacts.contact_names import normalize, read_written
from gateway.redis.records.contacts.contact_records import Command, ContactRecord
from gateway.redis.records.contacts.contact_search import FoundContact, scan_keys
from gateway.redis.records.contacts.key_content import decode

_ROWS_PER_CALL: Final = 1_000
_TAIL: Final = 6
_ROWS_PREFIX: Final = "tg:broadcast_rows:"
_ERASED: Final = "the contact's data was erased"
ROW_CLEAR: Final = frozenset({"line", "to"})
"""Clear fields of a row: its contact is found by them. Variables are sealed."""
DEFINITION_CLEAR: Final = frozenset(
    {"name", "channel", "account", "sender", "template", "language", "rate", "category"}
)
"""Clear fields of a broadcast; its text is sealed."""


def broadcast_place(name: str) -> str:
    """Return the place that the sealed values of a broadcast are bound to."""
    return f"broadcast {name}"


async def find_broadcast_rows(redis: Redis, contact: FoundContact) -> AsyncIterator[ContactRecord]:
    """Yield the rows that go to one of the contact's identifiers, or went to one of their sessions.

    An erased row is replaced by an empty one, because rows are addressed by number.
    """
    wanted = frozenset(normalize(each) for each in contact.identifiers)
    async for keys in scan_keys(redis, f"{_ROWS_PREFIX}*"):
        for key in keys:
            async for record in _find_rows(redis, key.removeprefix(_ROWS_PREFIX), contact, wanted):
                yield record


async def _find_rows(
    redis: Redis, name: str, contact: FoundContact, wanted: frozenset[str]
) -> AsyncIterator[ContactRecord]:
    sessions_key, outcomes_key = f"tg:broadcast_sessions:{name}", f"tg:broadcast_outcomes:{name}"
    own_rows = await _find_rows_of_sessions(redis, sessions_key, contact.sessions)
    first = 0
    while rows := await cast("Any", redis.lrange(f"{_ROWS_PREFIX}{name}", first, first + _ROWS_PER_CALL - 1)):
        for number, stored in enumerate(rows, start=first):
            row = from_json(stored)
            session = own_rows.get(number)
            if session is None and not _is_for(str(row.get("to", "")), wanted):
                continue
            outcome = from_json(await cast("Any", redis.hget(outcomes_key, str(number))) or b"{}")
            emptied = json.dumps({"line": row.get("line", 0), "to": "", "problem": _ERASED})
            commands: list[Command] = [("LSET", f"{_ROWS_PREFIX}{name}", number, emptied)]
            for each in {session, outcome.get("session")} - {None, ""}:
                commands.append(("HDEL", sessions_key, str(each)))
            if outcome:
                kept = json.dumps({"outcome": outcome.get("outcome", ""), "reason": _ERASED})
                commands.append(("HSET", outcomes_key, str(number), kept))
            opened = await cipher_of(redis).open(broadcast_place(name), stored)
            content = {"broadcast": name, "row": decode(opened), "outcome": outcome}
            yield ContactRecord("broadcast rows", content, tuple(commands))
        first += len(rows)


def _is_for(to: str, wanted: frozenset[str]) -> bool:
    """Return whether a row goes to one of the identifiers; a number is only parsed if its end is the same."""
    plain = normalize(to)
    if plain in wanted:
        return True
    may_be = plain.startswith("+") and any(each.endswith(plain[-_TAIL:]) for each in wanted)
    return may_be and not wanted.isdisjoint(read_written(to))


async def _find_rows_of_sessions(redis: Redis, key: str, sessions: tuple[str, ...]) -> dict[int, str]:
    if not sessions:
        return {}
    numbers: list[bytes | None] = await cast("Any", redis.hmget(key, list(sessions)))
    return {int(number): session for number, session in zip(numbers, sessions, strict=True) if number}
