"""Dead letters: turns and replies that were given up, to inspect, replay or drop (L9)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json
from redis.asyncio import Redis

from core.errors import EncryptionKeyMissing
from core.model import FrozenModel, Reply, Turn
from gateway.redis import lua, rq_layout
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.lua import Argument, ProtocolLimits

_STREAM = "tg:dead"
_MAX_LETTERS_PER_CALL = 500


class DeadLetter(FrozenModel):
    """Turns that were given up together, or a reply. `id` orders letters; `at_ms` is the server's clock.

    Both are missing when this release cannot read what an earlier one stored. `provider_id` is that of a
    reply which the provider had accepted.
    """

    id: str
    at_ms: int
    session: str
    reason: str
    turns: tuple[Turn, ...] = ()
    reply: Reply | None = None
    provider_id: str = ""

    @property
    def log_keys(self) -> list[str]:
        """Keys under which the log has the turns or the reply."""
        return [self.reply.key] if self.reply else [turn.id for turn in self.turns]

    @property
    def text(self) -> str:
        """Text of the contact's message or of the reply."""
        return self.reply.body if self.reply else " / ".join(turn.text for turn in self.turns)


class ReplayOutcome(StrEnum):
    """Result of a replay; for all but the first the letter stays where it is.

    The last ones are for a reply that may not be sent now, or a message that may not be answered; the codes
    are those of `SendOutcome`.
    """

    REPLAYED = "replayed"
    GONE = "gone"
    FULL = "full"
    UNREADABLE = "unreadable"
    PERSON = "person"
    CLOSED = "closed"
    OPTED_OUT = "opted_out"
    STOPPED = "stopped"


class DeadLetters:
    """Dead letters of all sessions, oldest first."""

    def __init__(self, redis: Redis, protocol: ProtocolLimits | None = None) -> None:
        self._redis = redis
        self._script = lua.load_script("replay", protocol or ProtocolLimits())

    async def list_between(self, since_ms: int = 0, until_ms: int | None = None) -> AsyncIterator[DeadLetter]:
        """Yield the letters of a time range, both ends included, in milliseconds since the epoch."""
        start, end = f"{max(since_ms, 0)}-0", "+" if until_ms is None else str(max(until_ms, 0))
        while rows := await self._read_range(start, end):
            for row in rows:
                yield await self._decode(*row)
            start = f"({rows[-1][0].decode()}"

    async def list_newest(self, before: str = "", limit: int = 100) -> list[DeadLetter]:
        """Return the newest letters, newest first; those before the letter `before` if it is given."""
        last = f"({before}" if before else "+"
        rows: Any = await self._redis.xrevrange(_STREAM, last, "-", count=limit)
        return [await self._decode(*row) for row in rows]

    async def read(self, letter_id: str) -> DeadLetter | None:
        """Return a letter; `None` if the id is unknown."""
        rows = await self._read_range(letter_id, letter_id)
        return await self._decode(*rows[0]) if rows else None

    async def replay(self, letter: DeadLetter) -> ReplayOutcome:
        """Return the letter's content to its session, after the turns queued there, and remove the letter.

        Turns were verified on arrival, so nothing is verified again, and the limits of age do not apply,
        because an operator asked for the replay. Two concurrent replays of one letter replay it once.
        """
        items = (_renew(letter.reply, letter.provider_id),) if letter.reply else letter.turns
        if not items:
            return ReplayOutcome.UNREADABLE
        list_name, kind = ("out", "replies") if letter.reply else ("mail", "turns")
        address = items[-1].address.model_dump_json()
        entry = to_json({kind: letter.log_keys, "letter": letter.id})
        times = {"at", "committed_at_ms"}
        sealer = await cipher_of(self._redis).sealer()
        values = [
            sealer.reply(letter.session, item, exclude=times)
            if isinstance(item, Reply)
            else sealer.turn(item, exclude=times)
            for item in items
        ]
        arguments: list[Argument] = [
            rq_layout.current_timestamp(),
            letter.id,
            letter.session,
            list_name,
            address,
            entry,
            *values,
        ]
        return ReplayOutcome((await self._script(self._redis, arguments)).decode())

    async def drop(self, letter_ids: Sequence[str]) -> int:
        """Delete letters; return how many existed."""
        if not letter_ids:
            return 0
        dropped: int = await self._redis.xdel(_STREAM, *letter_ids)
        return dropped

    async def _decode(self, name: bytes, fields: dict[bytes, bytes]) -> DeadLetter:
        session = fields[b"session"].decode()
        try:
            opened = await cipher_of(self._redis).open(session, fields[b"letter"])
        except EncryptionKeyMissing as error:
            at_ms = int(name.split(b"-")[0])
            return DeadLetter(id=name.decode(), at_ms=at_ms, session=session, reason=str(error))
        return _decode_letter(name, {**fields, b"letter": opened})

    async def _read_range(self, start: str, end: str) -> list[tuple[bytes, dict[bytes, bytes]]]:
        rows: Any = await self._redis.xrange(_STREAM, start, end, count=_MAX_LETTERS_PER_CALL)
        return list(rows)


def _renew(reply: Reply, provider_id: str) -> Reply:
    """Return a reply as it is sent again: its service window is checked again.

    One that the provider had accepted gets another key, because a look-up by the old one would find that it
    was sent.
    """
    key = reply.key
    if provider_id:
        base, _, number = key.rpartition("~")
        key = f"{base}~{int(number) + 1}" if base and number.isdecimal() else f"{key}~1"
    return reply.model_copy(update={"key": key, "window_closed": False})


def _decode_letter(name: bytes, fields: dict[bytes, bytes]) -> DeadLetter:
    letter_id, session = name.decode(), fields[b"session"].decode()
    at_ms = int(letter_id.split("-")[0])
    try:
        stored = json.loads(fields[b"letter"])
        return DeadLetter(
            id=letter_id,
            at_ms=at_ms,
            session=session,
            reason=str(stored["reason"]),
            turns=tuple(Turn.model_validate(turn) for turn in stored.get("turns", ())),
            reply=Reply.model_validate(stored["reply"]) if "reply" in stored else None,
            provider_id=str(stored.get("id", "")),
        )
    except (ValueError, KeyError, TypeError, ValidationError):
        return DeadLetter(id=letter_id, at_ms=at_ms, session=session, reason="this release cannot read it")
