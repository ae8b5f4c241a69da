"""Every sealed record in Redis: in which keys and fields it is, what it is bound to, and how it is sealed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

from pydantic_core import from_json, to_json

from gateway.redis.encryption.sealing import (
    ENTRY_CLEAR,
    NOTHING,
    SCHEDULED_CLEAR,
    TURN_CLEAR,
    Sealer,
)
from gateway.redis.records.contacts.broadcast_rows import DEFINITION_CLEAR, ROW_CLEAR, broadcast_place
from gateway.redis.records.hook_events import EVENT_CLEAR, SUBSCRIPTION_CLEAR, subscription_place
from gateway.redis.records.sessions.session_store import STORED_CLEAR

Seal = Callable[[Sealer, str, bytes], bytes]
Place = Callable[[re.Match[str], Mapping[str, bytes]], str]


class RecordKind(NamedTuple):
    """Records of one kind. `fields` are those of a hash or a stream, all of a hash if it is empty.

    `place` gets the match of the key, and the other fields of an entry, or the record itself as `""`.
    """

    pattern: re.Pattern[str]
    type: Literal["hash", "list", "stream"]
    fields: tuple[str, ...]
    place: Place
    seal: Seal


def _seal_except(clear: frozenset[str]) -> Seal:
    return lambda sealer, place, record: sealer.record(place, record, clear)


def _seal_reply(sealer: Sealer, place: str, record: bytes) -> bytes:
    return sealer.stored_reply(place, record)


def _seal_kept_reply(sealer: Sealer, place: str, record: bytes) -> bytes:
    committed, resends, reply = record.split(b" ", 2)
    return b" ".join((committed, resends, sealer.stored_reply(place, reply)))


def _seal_letter(sealer: Sealer, place: str, record: bytes) -> bytes:
    letter = from_json(record)
    if "turns" in letter:
        letter["turns"] = [
            from_json(sealer.record(place, to_json(each), TURN_CLEAR)) for each in letter["turns"]
        ]
    if "reply" in letter:
        letter["reply"] = from_json(sealer.stored_reply(place, to_json(letter["reply"])))
    return to_json(letter)


def _read_session(_: re.Match[str], fields: Mapping[str, bytes]) -> str:
    """Return the session that a record names; an ID in its key may have any characters."""
    record: Any = from_json(fields[""])
    return str(record.get("session", ""))


def _session(match: re.Match[str], _: Mapping[str, bytes]) -> str:
    return match["session"]


def _field(name: str) -> Place:
    return lambda _, fields: fields[name].decode()


_SESSION: Final = r"tg:\{(?P<session>(?!access\}).+)\}"


def _subscription(_: re.Match[str], fields: Mapping[str, bytes]) -> str:
    return subscription_place(fields["field"].decode())


def _broadcast(match: re.Match[str], _: Mapping[str, bytes]) -> str:
    return broadcast_place(match["name"])


def _key(match: re.Match[str], _: Mapping[str, bytes]) -> str:
    return match[0]


_CREDENTIALS: Final = r"tg:own:\{[a-z]+\.oauth\.[0-9a-f]+\}"
"""Credentials of channels. Other programs keep states beside them, whose clients may have no keys."""

_Type = Literal["hash", "list", "stream"]
_ROWS: Final[tuple[tuple[str, _Type, tuple[str, ...], Place, Seal], ...]] = (
    (_SESSION, "hash", ("state", "known"), _session, _seal_except(NOTHING)),
    (f"{_SESSION}:mail", "list", (), _session, _seal_except(TURN_CLEAR)),
    (f"{_SESSION}:(out|held)", "list", (), _session, _seal_reply),
    (f"{_SESSION}:kept", "hash", (), _session, _seal_kept_reply),
    (f"{_SESSION}:log", "stream", ("d",), _session, _seal_except(ENTRY_CLEAR)),
    (r"tg:scheduled:\{.+\}:.+", "hash", ("message",), _read_session, _seal_except(SCHEDULED_CLEAR)),
    (f"{_SESSION}:webhooks", "stream", ("webhook",), _session, _seal_except(NOTHING)),
    ("tg:rejected_webhooks", "stream", ("webhook",), _key, _seal_except(NOTHING)),
    ("tg:dead", "stream", ("letter",), _field("session"), _seal_letter),
    ("tg:events", "stream", ("d",), _field("s"), _seal_except(ENTRY_CLEAR)),
    ("tg:hook_dead", "stream", ("event",), _read_session, _seal_except(EVENT_CLEAR)),
    ("tg:hook:.+:waiting", "hash", (), _read_session, _seal_except(EVENT_CLEAR)),
    ("tg:hooks", "hash", (), _subscription, _seal_except(SUBSCRIPTION_CLEAR)),
    ("tg:broadcast:(?P<name>.+)", "hash", ("definition",), _broadcast, _seal_except(DEFINITION_CLEAR)),
    ("tg:broadcast_rows:(?P<name>.+)", "list", (), _broadcast, _seal_except(ROW_CLEAR)),
    (r"tg:file:.+", "hash", ("file",), _key, _seal_except(NOTHING)),
    (_CREDENTIALS, "hash", ("state",), _key, _seal_except(STORED_CLEAR)),
)
RECORD_KINDS: Final = tuple(RecordKind(re.compile(row[0]), *row[1:]) for row in _ROWS)
"""Kinds of records in order: the first that matches a key counts."""


def find_record_kind(key: str) -> tuple[RecordKind, re.Match[str]] | None:
    """Return the kind of a key's records; `None` if none of them are sealed."""
    for kind in RECORD_KINDS:
        if match := kind.pattern.fullmatch(key):
            return kind, match
    return None
