"""Reads a session from a script's response; drops unreadable entries, waits for missing encryption keys."""

from __future__ import annotations

import logging
from time import monotonic
from typing import Any, Protocol

from redis.asyncio import Redis

from core.errors import EncryptionKeyMissing, LeaseLost
from core.log_context import log_extra
from core.ports import Lease, SessionView
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.mailbox.decoding import decode_view
from gateway.redis.mailbox.fenced_scripts import FencedScripts

log = logging.getLogger("turngate.mailbox")

_UNDECRYPTED_SECONDS = 30.0


class _Postpone(Protocol):
    async def __call__(self, lease: Lease, seconds: float, reason: str, *, counted: bool) -> None: ...


class ViewReader:
    """Decodes and decrypts views; `postpone` releases a session that cannot be decrypted."""

    def __init__(self, redis: Redis, scripts: FencedScripts, postpone: _Postpone) -> None:
        self._redis = redis
        self._scripts = scripts
        self._postpone = postpone
        self._next_alarm = 0.0

    async def read(self, lease: Lease, answer: Any) -> SessionView:
        """Decode the view; unreadable data is set aside, or it would be retried for ever.

        A session that cannot be decrypted waits for the operator; its data is not discarded.
        """
        view = await self._decode(lease, answer)
        while (answer[1] and not view.turns) or (answer[2] and not view.outbox):
            list_name = "out" if answer[2] else "mail"
            log.error(
                "first entry of the %s is not readable by this release; moved to the dead letters",
                list_name,
                extra=log_extra("dead_letter_added"),
            )
            raw = answer[2][0] if answer[2] else answer[1][0]
            answer = await self._scripts.run_one("discard", lease, [list_name, raw])
            view = await self._decode(lease, answer)
        return view

    async def _decode(self, lease: Lease, answer: Any) -> SessionView:
        """Decode a view. Raises `LeaseLost` after the session was postponed, if it cannot be decrypted."""
        fields, turns, outbox, *rest = answer
        try:
            opened = await cipher_of(self._redis).open_all(lease.session, [fields[2], *turns, *outbox])
        except EncryptionKeyMissing as error:
            if monotonic() >= self._next_alarm:  # it may concern every session, repeatedly
                self._next_alarm = monotonic() + _UNDECRYPTED_SECONDS
                log.error("%s; its session waits until then", error, extra=log_extra("not_decrypted"))
            await self._postpone(lease, _UNDECRYPTED_SECONDS, str(error), counted=False)
            raise LeaseLost("the session cannot be decrypted") from None
        state, *items = opened
        return decode_view(
            [[*fields[:2], state, *fields[3:]], items[: len(turns)], items[len(turns) :], *rest]
        )
