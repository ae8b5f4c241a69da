"""Streams a worker's reply text to web clients through Redis, as it is produced."""

from __future__ import annotations

import asyncio

from pydantic_core import from_json, to_json
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import EncryptionKeyMissing
from core.model import Address, TimerKind, Turn
from core.ports import Dialog, State, TurnListener, TurnOutcome
from gateway.redis import lua
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.encryption.sealing import NOTHING
from gateway.redis.lua import Argument, ProtocolLimits

MAX_PIECES = 5_000
_RETENTION_MS = 600_000
_PUBLISH_SCRIPT = lua.load_script("publish_text", ProtocolLimits())


def pieces_key(session: str) -> str:
    """Return the key of a session's text stream."""
    return f"tg:{{{session}}}:text"


async def seal_piece(redis: Redis, session: str, text: str) -> str | bytes:
    """Return a piece as it is stored: as JSON if it is encrypted."""
    sealer = await cipher_of(redis).sealer()
    return sealer.record(session, to_json({"text": text}), NOTHING) if sealer.is_on else text


async def open_piece(redis: Redis, session: str, stored: bytes) -> str:
    """Return the text of a piece."""
    opened = await cipher_of(redis).open(session, stored)
    return stored.decode() if opened is stored else str(from_json(opened)["text"])


class StreamingDialog:
    """Dialog that publishes its text as it is produced. Best effort: the log is authoritative."""

    def __init__(self, dialog: Dialog, redis: Redis) -> None:
        self._dialog = dialog
        self._redis = redis

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        """Answer as the dialog does; see `core.ports.dialog.Dialog`."""
        if not turn.streamed:
            return await self._dialog.answer(turn, state, listener=listener)
        publisher = TextPublisher(self._redis, turn, listener or TurnListener())
        try:
            return await self._dialog.answer(turn, state, listener=publisher)
        finally:
            await publisher.finish()

    async def handle_timeout(self, state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        """Delegate to the dialog: nobody is waiting."""
        return await self._dialog.handle_timeout(state, address, timer)


class TextPublisher(TurnListener):
    """Publishes pieces in order; those produced during a call are sent together."""

    def __init__(self, redis: Redis, turn: Turn, next_listener: TurnListener) -> None:
        self._redis = redis
        self._turn = turn
        self._next_listener = next_listener
        self._pending: list[str] = []
        self._is_first = True
        self._publish_task: asyncio.Task[None] | None = None

    def on_text(self, text: str) -> None:
        """Publish the next piece."""
        self._next_listener.on_text(text)
        self._pending.append(text)
        if self._publish_task is None:
            self._publish_task = asyncio.create_task(self._publish())

    async def on_side_effect(self) -> None:
        """Delegate to the wrapped listener."""
        await self._next_listener.on_side_effect()

    async def finish(self) -> None:
        """Wait until everything is published."""
        if self._publish_task is not None:
            await self._publish_task

    async def _publish(self) -> None:
        try:
            while self._pending:
                text, self._pending = "".join(self._pending), []
                first, self._is_first = "1" if self._is_first else "", False
                sealed = await seal_piece(self._redis, self._turn.session, text)
                arguments: list[Argument] = [self._turn.session, self._turn.id, sealed, first]
                arguments += [MAX_PIECES, _RETENTION_MS]
                await _PUBLISH_SCRIPT(self._redis, arguments)
        except (RedisError, OSError, EncryptionKeyMissing):
            self._pending.clear()
        finally:
            self._publish_task = None
