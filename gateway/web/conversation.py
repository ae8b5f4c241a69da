"""A web client's side of a session: saying something, and reading what became of it in the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any, NamedTuple

from pydantic import JsonValue
from redis.asyncio import Redis

from core.event import TurnReceived
from core.mailbox import Inbox, Verdict
from core.turn import Turn
from core.value import Value
from gateway.redis.hints import Hints
from gateway.redis.log import LogEntry, read_log, read_log_end
from gateway.web.channel import address_of, session_of
from gateway.web.telling import pieces_key

_LOOK_AGAIN_SECONDS = 1.0
_ENTRIES = 200
_EXTRAS = ("choices", "media")


class Shown(Value):
    """One message as a client shows it. `text` is CommonMark."""

    text: str
    choices: tuple[dict[str, str], ...] = ()
    media: tuple[dict[str, str], ...] = ()


class Answered(Value):
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
    """A turn that was accepted, and the log entry behind which its answer stands."""

    session: str
    message_id: str
    behind: str


class _Reading:
    """Follows one turn through the log."""

    def __init__(self, message_id: str) -> None:
        self.message_id = message_id
        self.commit: dict[str, JsonValue] | None = None
        self.said: dict[str, Shown] = {}
        self.settled: set[str] = set()

    def take(self, entry: LogEntry) -> None:
        data: dict[str, Any] = entry.data
        if entry.kind == "committed" and self.message_id in data.get("turns", ()):
            self.commit = data
        elif entry.kind == "said" and self.commit is not None and self._is_mine(data["key"]):
            self.said[data["key"]] = Shown(
                text=data["body"], choices=tuple(data.get("choices", ())), media=tuple(data.get("media", ()))
            )
        elif entry.kind in ("sent", "refused") and data.get("key") in self.said:
            if entry.kind == "refused":
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
        last = await read_log_end(self._redis, session, 1)
        turn = Turn(
            id=message_id,
            session=session,
            address=address_of(session_id),
            text=text,
            payload=payload,
            streamed=streamed,
        )
        [verdict] = await self._inbox.accept([TurnReceived(turn=turn)])
        behind = last[0].id if last and verdict is Verdict.NEW else ""
        return Asked(session, message_id, behind)

    async def knows(self, asked: Asked) -> bool:
        """Whether such a message was ever recorded (within the days for which ids are remembered)."""
        score: Any = await self._redis.zscore(f"tg:{{{asked.session}}}:seen", asked.message_id)
        return score is not None

    async def answer(self, asked: Asked, seconds: float) -> Answered | None:
        """Wait for what becomes of a turn; `None` when it takes longer than `seconds`."""
        reading, behind, end = _Reading(asked.message_id), asked.behind, monotonic() + seconds
        with self._hints.of(asked.session) as named:
            while True:
                named.clear()
                behind = await self._follow(reading, asked.session, behind)
                if reading.answered or monotonic() > end:
                    return reading.answered
                await _within(named, min(_LOOK_AGAIN_SECONDS, max(end - monotonic(), 0.01)))

    async def _follow(self, reading: _Reading, session: str, behind: str) -> str:
        """Read on to the log's end, or until the answer is there; returns the last entry that was read."""
        is_more = True
        while is_more and not reading.answered:
            entries = await read_log(self._redis, session, behind, _ENTRIES)
            for entry in entries:
                reading.take(entry)
                behind = entry.id
            is_more = len(entries) == _ENTRIES
        return behind

    async def pieces(
        self, asked: Asked, after: str, answer: asyncio.Task[Answered | None]
    ) -> AsyncIterator[Piece]:
        """The pieces of a turn's text behind the piece `after`, until `answer` is there."""
        key, seen = pieces_key(asked.session), after
        with self._hints.of(asked.session) as named:
            while True:
                named.clear()
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
                waiting = asyncio.create_task(named.wait())
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


async def _within(named: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await named.wait()
    except TimeoutError:
        return
