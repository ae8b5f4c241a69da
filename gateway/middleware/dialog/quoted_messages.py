"""Looks up the text of the message that a contact answers or reacts to."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import EncryptionKeyMissing
from core.model import Address, TimerKind, Turn
from core.ports import Dialog, State, TurnListener, TurnOutcome
from gateway.redis.records.session_keys import message_key
from gateway.redis.records.sessions.log.session_log import read_log_end

log = logging.getLogger("turngate.quoted")

_LOG_ENTRIES = 300


class QuotedMessages:
    """Dialog that sees the text of a quoted message of ours, which providers name by its id alone.

    A tapped button needs none. A message that cannot be found stays unknown, and a reaction to it has no
    effect.
    """

    def __init__(self, dialog: Dialog, redis: Redis) -> None:
        self._dialog = dialog
        self._redis = redis

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        """Answer as the dialog does; see `core.ports.dialog.Dialog`."""
        quoted = turn.quoted
        if quoted and quoted.id and not quoted.text and not turn.payload:
            try:
                text = await self._find_text(turn.session, turn.address.channel, quoted.id)
            except (RedisError, EncryptionKeyMissing) as error:
                log.warning("quoted message not looked up: %s", type(error).__name__)
            else:
                turn = turn.model_copy(update={"quoted": quoted.model_copy(update={"text": text})})
        return await self._dialog.answer(turn, state, listener=listener)

    async def handle_timeout(self, state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        """Delegate to the dialog: a timer quotes nothing."""
        return await self._dialog.handle_timeout(state, address, timer)

    async def _find_text(self, session: str, channel: str, provider_id: str) -> str:
        """Return the text of a message that was sent in this session; empty if it is not known."""
        stored = await cast(
            "Awaitable[list[bytes | None]]",
            self._redis.hmget(message_key(channel, provider_id), ["session", "reply"]),
        )
        owner, reply_key = ((value or b"").decode() for value in stored)
        if owner != session or not reply_key:
            return ""
        keys = {reply_key, reply_key.partition("~")[0]}  # a reply that was sent again has a number
        for entry in reversed(await read_log_end(self._redis, session, _LOG_ENTRIES)):
            if entry.kind == "said" and entry.data.get("key") in keys:
                return str(entry.data.get("body") or "")
        return ""
