"""Telling web clients what a worker is about to say, word by word, through Redis."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.model.timer import Timer
from core.model.turn import Address, Turn
from core.ports.dialog import Dialog, State, Step, Watcher
from gateway.redis.connection.notifications import hint

MOST_PIECES = 5_000
_KEPT_SECONDS = 600


def pieces_key(session: str) -> str:
    """The stream of a session's pieces of text."""
    return f"tg:{{{session}}}:text"


class Telling:
    """Tells who reads along a dialog's words while they are made. A courtesy: the log is the truth."""

    def __init__(self, dialog: Dialog, redis: Redis) -> None:
        self._dialog = dialog
        self._redis = redis

    async def answer(self, turn: Turn, state: State | None, *, watcher: Watcher | None = None) -> Step:
        """Answer as the dialog does; see `core.ports.dialog.Dialog`."""
        if not turn.streamed:
            return await self._dialog.answer(turn, state, watcher=watcher)
        teller = Teller(self._redis, turn, watcher or Watcher())
        try:
            return await self._dialog.answer(turn, state, watcher=teller)
        finally:
            await teller.finish()

    async def timed_out(self, state: State | None, address: Address, timer: Timer) -> Step:
        """As the dialog does; nobody is waiting."""
        return await self._dialog.timed_out(state, address, timer)


class Teller(Watcher):
    """Sends pieces in order, those that gather while one call is under way together."""

    def __init__(self, redis: Redis, turn: Turn, behind: Watcher) -> None:
        self._redis = redis
        self._turn = turn
        self._behind = behind
        self._waiting: list[str] = []
        self._is_first = True
        self._sending: asyncio.Task[None] | None = None

    def on_text(self, text: str) -> None:
        """The next piece."""
        self._behind.on_text(text)
        self._waiting.append(text)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())

    async def on_act(self) -> None:
        """As whoever else watches says."""
        await self._behind.on_act()

    async def finish(self) -> None:
        """Wait until all has been told."""
        if self._sending is not None:
            await self._sending

    async def _send(self) -> None:
        try:
            while self._waiting:
                text, self._waiting = "".join(self._waiting), []
                fields = {"turn": self._turn.id, "text": text, "first": "1" if self._is_first else ""}
                self._is_first = False
                key = pieces_key(self._turn.session)
                async with self._redis.pipeline(transaction=True) as pipeline:
                    pipeline.xadd(key, fields, maxlen=MOST_PIECES)  # type: ignore[arg-type]
                    pipeline.expire(key, _KEPT_SECONDS)
                    pipeline.publish("tg:told", hint(self._turn.session))
                    await pipeline.execute()
        except (RedisError, OSError):
            self._waiting.clear()
        finally:
            self._sending = None
