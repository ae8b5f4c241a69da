"""Lists conversations by their last message, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from pydantic_core import from_json
from redis.asyncio import Redis

from core.errors import EncryptionKeyMissing
from core.model import FrozenModel, Owner
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.records.contacts.contact_names import last_part, read_names
from gateway.redis.records.session_keys import session_key

PAGE_ROWS: Final = 50
MAX_READ: Final = 500
"""Maximum number of sessions that are read for one page, however few of them pass a filter."""

_CHUNK: Final = 100
_LAST_ENTRIES: Final = 30
"""Number of log entries in which the last message is searched: statuses follow it."""

_SHARED: Final = {"files": "file", "place": "place", "contacts": "contact", "order": "order", "form": "form"}
"""Names of the content of a message without words, by the field of its log entry."""
_MESSAGES: Final = frozenset({b"accepted", b"said"})
_MAX_PREVIEW: Final = 160
_UNDECRYPTED: Final = "(cannot be decrypted: its key is not set)"
_FIELDS: Final = ("owner", "address", "known", "optout", "silenced", "contact")


class ConversationState(StrEnum):
    """Filter of the list. The states with an index of their own are read from there."""

    BOT = "bot"
    WAITING = "waiting"
    HUMAN = "human"
    CLOSED = "closed"
    SILENT = "silent"
    OPTED_OUT = "opted_out"


_INDEXES: Final = {
    ConversationState.WAITING: "tg:desk",
    ConversationState.HUMAN: "tg:desk",
    ConversationState.SILENT: "tg:silenced",
    ConversationState.OPTED_OUT: "tg:optouts",
}


class Cursor(NamedTuple):
    """The place after a conversation in the list."""

    score: float
    session: str

    def dump(self) -> str:
        """Return the text that `parse_cursor` reads."""
        return f"{self.score:.0f} {self.session}"


def parse_cursor(text: str) -> Cursor | None:
    """Parse a cursor; `None` if it is invalid."""
    score, _, session = text.partition(" ")
    return Cursor(float(score), session) if score.isdigit() and session else None


class ConversationRow(FrozenModel):
    """A conversation: its contact and owner, and the last text with its author.

    `contact_at_ms` is when the contact wrote last, 0 if that is long ago or not kept.
    """

    session: str
    at_ms: int
    contact_at_ms: int = 0
    owner: Owner = Owner.BOT
    channel: str = ""
    account: str = ""
    contact: str = ""
    name: str = ""
    opted_out: str = ""
    silenced: str = ""
    unsent: int = 0
    last_text: str = ""
    last_voice: str = ""


class ConversationPage(NamedTuple):
    """Rows of a page and where the next one begins; `is_cut` if a filter let few of those read through."""

    rows: list[ConversationRow]
    after: Cursor | None
    is_cut: bool = False


class ConversationList:
    """Reads pages of the list. Nothing depends on the number of conversations."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def read(
        self, state: ConversationState | None = None, channel: str = "", after: Cursor | None = None
    ) -> ConversationPage:
        """Return the page after a cursor, the newest first."""
        index = _INDEXES.get(state, "tg:conversations") if state else "tg:conversations"
        rows: list[ConversationRow] = []
        read, count = 0, _CHUNK if state or channel else PAGE_ROWS + 1
        while read < MAX_READ:
            found = await self._read_index(index, after, count)
            read += len(found)
            for cursor, row in zip(found, await self._read_heads(found), strict=True):
                if len(rows) == PAGE_ROWS:
                    return ConversationPage(await self._read_ends(rows), after)
                after = cursor
                if row and _matches(row, state, channel):
                    rows.append(row)
            if len(found) < count:
                return ConversationPage(await self._read_ends(rows), None)
        return ConversationPage(await self._read_ends(rows), after, is_cut=len(rows) < PAGE_ROWS)

    async def read_row(self, session: str) -> ConversationRow | None:
        """Return one conversation; `None` if it is not kept."""
        score: Any = await self._redis.zscore("tg:conversations", session)
        rows = await self.read_places([Cursor(float(score or 0), session)])
        return rows[0] if rows else None

    async def read_rows(self, sessions: Sequence[str]) -> list[ConversationRow]:
        """Return the rows of these conversations, as far as they are kept, with their times in the list."""
        if not sessions:
            return []
        scores: Any = await self._redis.zmscore("tg:conversations", list(sessions))
        places = [Cursor(float(score or 0), name) for name, score in zip(sessions, scores, strict=True)]
        return await self.read_places(places)

    async def read_places(self, cursors: Sequence[Cursor]) -> list[ConversationRow]:
        """Return the rows of the sessions at these places, as far as they are kept."""
        return await self._read_ends([row for row in await self._read_heads(cursors) if row])

    async def _read_index(self, index: str, after: Cursor | None, count: int) -> list[Cursor]:
        """Return the places after a cursor. Sessions with the same time are in the reverse order of names."""
        offset, found = 0, []
        top = f"{after.score:.0f}" if after else "+inf"
        while True:
            part: Any = await self._redis.zrevrangebyscore(
                index, top, "-inf", start=offset, num=count, withscores=True
            )
            cursors = [Cursor(float(int(score)), name.decode()) for name, score in part]
            found += [each for each in cursors if after is None or each < after]
            if len(part) < count or len(found) >= count or offset >= MAX_READ:
                return found[:count]
            offset += count

    async def _read_heads(self, cursors: Sequence[Cursor]) -> list[ConversationRow | None]:
        """Return a row without its last text for each place; `None` for a session that is not kept."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for cursor in cursors:
                pipeline.hmget(session_key(cursor.session), _FIELDS)
            answers: list[Any] = await pipeline.execute() if cursors else []
        rows = []
        for cursor, fields in zip(cursors, answers, strict=True):
            opened = await self._open(cursor.session, fields) or [
                None if name == "known" else value for name, value in zip(_FIELDS, fields, strict=True)
            ]
            rows.append(_build_row(cursor, dict(zip(_FIELDS, opened, strict=True))))
        return rows

    async def _read_ends(self, rows: Sequence[ConversationRow]) -> list[ConversationRow]:
        """Add the last texts and the numbers of unsent replies."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for row in rows:
                pipeline.llen(session_key(row.session, ":out"))
                pipeline.xrevrange(session_key(row.session, ":log"), count=_LAST_ENTRIES)
            answers: list[Any] = await pipeline.execute() if rows else []
        ended = []
        for row, unsent, entries in zip(rows, answers[::2], answers[1::2], strict=True):
            messages = [(name, fields) for name, fields in entries if fields[b"k"] in _MESSAGES]
            data = await self._open(row.session, [fields[b"d"] for _, fields in messages[:1]])
            text, voice = _read_text(messages[0][1][b"k"], data[0]) if messages and data else ("", "")
            ended.append(
                row.model_copy(
                    update={
                        "at_ms": row.at_ms or (_read_time(entries[0][0]) if entries else 0),
                        "contact_at_ms": next(
                            (_read_time(name) for name, fields in messages if fields[b"k"] == b"accepted"), 0
                        ),
                        "unsent": unsent,
                        "last_text": _UNDECRYPTED if data is None else _shorten(text),
                        "last_voice": voice,
                    }
                )
            )
        return ended

    async def _open(self, session: str, stored: Sequence[Any]) -> list[Any] | None:
        """Return what is stored of a session; `None` if a key is missing, as the other sessions are shown."""
        try:
            return await cipher_of(self._redis).open_all(session, stored)
        except EncryptionKeyMissing:
            return None


def _matches(row: ConversationRow, state: ConversationState | None, channel: str) -> bool:
    if channel and row.channel != channel:
        return False
    match state:
        case ConversationState.SILENT:
            return bool(row.silenced)
        case ConversationState.OPTED_OUT:
            return row.opted_out not in ("", "0")
        case None:
            return True
    return row.owner.value == state.value


def _build_row(cursor: Cursor, fields: Mapping[str, bytes | None]) -> ConversationRow | None:
    """Return the row; `None` if the session has expired or was erased."""
    stored = fields["address"]
    if stored is None:
        return None
    address = from_json(stored)
    return ConversationRow(
        session=cursor.session,
        at_ms=int(cursor.score),
        owner=Owner((fields["owner"] or b"bot").decode()),
        channel=str(address.get("channel", "")),
        account=str(address.get("account", "")),
        contact=str(address.get("theirs", "")).removeprefix("whatsapp:") or last_part(cursor.session),
        name=next(iter(sorted(read_names(fields))), ""),
        opted_out=_decode(fields["optout"]),
        silenced=_decode(fields["silenced"]),
    )


def _read_text(kind: bytes, stored: bytes) -> tuple[str, str]:
    """Return the text of a message's entry and its author: `contact`, `bot` or `person`."""
    data = from_json(stored)
    if kind == b"said":
        return str(data.get("body", "")), str(data.get("voice", "bot"))
    shared = next((f"({word})" for name, word in _SHARED.items() if data.get(name)), "")
    return str(data.get("text") or data.get("payload") or shared), "contact"


def _read_time(entry_id: bytes) -> int:
    return int(entry_id.split(b"-")[0])


def _decode(value: bytes | None) -> str:
    return value.decode() if value else ""


def _shorten(text: str) -> str:
    """Return the beginning of a text, with an ellipsis if there is more."""
    return text if len(text) <= _MAX_PREVIEW else f"{text[: _MAX_PREVIEW - 1].rstrip()}…"
