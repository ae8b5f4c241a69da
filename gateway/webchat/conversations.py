"""A web client's side of a session: saying something, and reading what became of it in the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any, NamedTuple

from pydantic import JsonValue
from pydantic_core import from_json
from redis.asyncio import Redis

from core.model.event import TurnReceived
from core.model.turn import Turn
from core.ports.mailbox import Inbox, Verdict
from core.time_limit import TimeLimit
from gateway.redis.connection.notifications import Hint, Hints
from gateway.redis.records.session_log import read_log, read_log_end
from gateway.webchat.channel import address_of, session_of
from gateway.webchat.schemas import Shown
from gateway.webchat.text_stream import pieces_key

_LOOK_AGAIN_SECONDS = 1.0
_NOBODY_LISTENS_SECONDS = 0.05
_ENTRIES = 200
_NEWEST = 20
_EXTRAS = ("choices", "media")


class Answered(NamedTuple):
    """What became of a turn. `messages` may be empty: a person has the session, or it was silent."""

    message_id: str
    outcome: str
    messages: tuple[Shown, ...] = ()

    @property
    def text(self) -> str:
        """Everything that was said, paragraph by paragraph."""
        return "\n\n".join(message.text for message in self.messages)


class Piece(NamedTuple):
    """The next piece of an answer's text; with `is_restart` it replaces what came before."""

    id: str
    text: str
    is_restart: bool


class Asked(NamedTuple):
    """A turn that was accepted; `is_new` unless it was recorded before, when its answer may be there."""

    session: str
    message_id: str
    is_new: bool = False


class _Reading:
    """Follows one turn through the log."""

    def __init__(self, message_id: str) -> None:
        self.message_id = message_id
        self.commit: dict[str, JsonValue] | None = None
        self.said: dict[str, Shown] = {}
        self.settled: set[str] = set()

    def hear(self, note: bytes) -> None:
        """Take what commit.lua tells: the entries that it wrote, a line for each."""
        for line in note.splitlines():
            kind, _, data = line.partition(b" ")
            self.take(kind.decode(), from_json(data))

    def take(self, kind: str, data: dict[str, Any]) -> None:
        """The next entry; one that was taken before changes nothing."""
        if kind == "committed" and self.message_id in data.get("turns", ()):
            self.commit = data
        elif kind == "said" and self.commit is not None and self._is_mine(data["key"]):
            self.said[data["key"]] = Shown(
                text=data["body"], choices=data.get("choices", ()), media=data.get("media", ())
            )
        elif kind in ("sent", "refused") and data.get("key") in self.said:
            if kind == "refused":
                del self.said[data["key"]]
            self.settled.add(data["key"])

    def _is_mine(self, key: str) -> bool:
        turns: Any = (self.commit or {}).get("turns", [self.message_id])
        return key.startswith(f"{turns[0]}.")

    @property
    def answered(self) -> Answered | None:
        if self.commit is None or len(self.settled) < int(str(self.commit.get("replies", 0))):
            return None
        outcome = str(self.commit.get("outcome", ""))
        return Answered(message_id=self.message_id, outcome=outcome, messages=tuple(self.said.values()))


class Conversations:
    """All sessions of the web channel, as one web process sees them."""

    def __init__(self, redis: Redis, inbox: Inbox) -> None:
        self._redis = redis
        self._inbox = inbox
        self._hints = Hints(redis, "tg:told")

    async def say(
        self, session_id: str, message_id: str, text: str, payload: str = "", *, streamed: bool = False
    ) -> Asked:
        """Record a message; one that was recorded before under this id is the same message.

        `streamed` says that `pieces` are going to be read.
        Raises `StorageUnavailable` and `MailboxFull`, as every inbox does.
        """
        session = session_of(session_id)
        turn = Turn(
            id=message_id,
            session=session,
            address=address_of(session_id),
            text=text,
            payload=payload,
            streamed=streamed,
        )
        [verdict] = await self._inbox.accept([TurnReceived(turn=turn)])
        return Asked(session, message_id, verdict is Verdict.NEW)

    async def turn(
        self, session_id: str, message_id: str, text: str, payload: str, seconds: float
    ) -> tuple[Asked, Answered | None]:
        """Record a message as `say` does, and wait for what becomes of it as `answer` does."""
        with self._hints.of(session_of(session_id)) as hint:  # nothing can be missed, so nothing need be read
            asked = await self.say(session_id, message_id, text, payload)
            return asked, await self._awaited(asked, seconds, hint, look=not asked.is_new)

    async def knows(self, asked: Asked) -> bool:
        """Whether such a message was ever recorded (within the days for which ids are remembered)."""
        score: Any = await self._redis.zscore(f"tg:{{{asked.session}}}:seen", asked.message_id)
        return score is not None

    async def answer(self, asked: Asked, seconds: float) -> Answered | None:
        """Wait for what becomes of a turn; `None` when it takes longer than `seconds`."""
        with self._hints.of(asked.session) as hint:
            return await self._awaited(asked, seconds, hint, look=True)

    async def _awaited(self, asked: Asked, seconds: float, hint: Hint, *, look: bool) -> Answered | None:
        """Hear what becomes of a turn, and look in the log at first (`look`) and when nothing is heard."""
        reading, behind, end = _Reading(asked.message_id), "", monotonic() + seconds
        while True:
            if look:
                behind = await self._follow(reading, behind or await self._beginning(asked), asked.session)
            if (answered := reading.answered) or monotonic() > end:
                return answered
            pause = _LOOK_AGAIN_SECONDS if self._hints.listening.is_set() else _NOBODY_LISTENS_SECONDS
            await _within(hint, min(pause, max(end - monotonic(), 0.01)))
            notes = hint.take()
            for note in notes:
                reading.hear(note)
            look = not notes

    async def _beginning(self, asked: Asked) -> str:
        """The log entry behind which a turn's answer stands; empty for the log's beginning."""
        newest = await read_log_end(self._redis, asked.session, _NEWEST) if asked.is_new else []
        mine = (each for each in newest if each.kind == "accepted" and each.data["turn"] == asked.message_id)
        entry = next(mine, None)
        return entry.id if entry else ""

    async def _follow(self, reading: _Reading, behind: str, session: str) -> str:
        """Read on to the log's end, or until the answer is there; returns the last entry that was read."""
        is_more = True
        while is_more and not reading.answered:
            entries = await read_log(self._redis, session, behind, _ENTRIES)
            for entry in entries:
                reading.take(entry.kind, entry.data)
                behind = entry.id
            is_more = len(entries) == _ENTRIES
        return behind

    async def pieces(
        self, asked: Asked, after: str, answer: asyncio.Task[Answered | None]
    ) -> AsyncIterator[Piece]:
        """The pieces of a turn's text behind the piece `after`, until `answer` is there."""
        key, seen = pieces_key(asked.session), after
        with self._hints.of(asked.session) as hint:
            while True:
                hint.take()
                is_over = answer.done()
                rows: Any = await self._redis.xrange(key, f"({seen}" if seen else "-", count=_ENTRIES)
                for name, fields in rows:
                    seen = name.decode()
                    if fields[b"turn"].decode() == asked.message_id:
                        yield Piece(seen, fields[b"text"].decode(), fields[b"first"] == b"1")
                if rows:
                    continue
                if is_over:
                    return
                waiting = asyncio.create_task(hint.wait())
                try:
                    await asyncio.wait(
                        {waiting, answer}, timeout=_LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED
                    )
                finally:  # also when the client has gone
                    waiting.cancel()

    async def history(self, session_id: str, count: int = 100) -> list[dict[str, JsonValue]]:
        """The latest messages of both sides, oldest first; what was not let out is left out."""
        shown: dict[str, dict[str, JsonValue]] = {}
        for entry in await read_log_end(self._redis, session_of(session_id), 1_000):
            data: dict[str, Any] = entry.data
            if entry.kind == "accepted" and data.get("text"):
                shown[entry.id] = {"from": "person", "text": data["text"]}
            elif entry.kind == "said":
                more: dict[str, JsonValue] = {name: data[name] for name in _EXTRAS if name in data}
                speaker = "agent" if data.get("voice") == "person" else "bot"
                shown[data["key"]] = {"from": speaker, "text": data["body"], **more}
            elif entry.kind == "refused":
                shown.pop(str(data.get("key")), None)
            elif entry.kind == "reset":
                shown.clear()
        return list(shown.values())[-count:]

    async def aclose(self) -> None:
        """Stop listening."""
        await self._hints.aclose()


async def _within(hint: Hint, seconds: float) -> None:
    try:
        with TimeLimit(seconds):
            await hint.wait()
    except TimeoutError:
        return
