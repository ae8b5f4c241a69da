"""Sends read receipts and typing indicators while a slow turn is running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

import httpx

from core.errors import DeliveryError
from core.model import Address, TimerKind, Turn
from core.ports import Dialog, State, TurnListener, TurnOutcome

log = logging.getLogger("turngate.attention")

_DELAY_SECONDS = 0.5

ShowTyping = Callable[[Address, str, httpx.AsyncClient], Awaitable[None]]


class TypingIndicator:
    """Dialog that shows typing during slow turns; `typing_calls` are the channels' calls for it, by name.

    A quick answer needs no indicator, and an indicator must never arrive after the answer: so it is delayed,
    and the answer waits for an indicator that is being sent.
    """

    def __init__(
        self,
        dialog: Dialog,
        typing_calls: Mapping[str, ShowTyping],
        http: httpx.AsyncClient,
        delay: float = _DELAY_SECONDS,
    ) -> None:
        self._dialog = dialog
        self._typing_calls = typing_calls
        self._http = http
        self._delay = delay

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        """Answer as the dialog does; see `core.ports.dialog.Dialog`."""
        show_typing = self._typing_calls.get(turn.address.channel)
        if show_typing is None:
            return await self._dialog.answer(turn, state, listener=listener)
        requested = asyncio.Event()
        indicator = asyncio.create_task(self._show_typing(show_typing, turn, requested))
        try:
            return await self._dialog.answer(turn, state, listener=listener)
        finally:
            if not requested.is_set():
                indicator.cancel()
            try:
                await asyncio.wait({indicator})  # unlike `await`, it tells who was cancelled
            finally:
                indicator.cancel()
            if not indicator.cancelled():
                indicator.result()

    async def handle_timeout(self, state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        """Delegate to the dialog: nobody is waiting for an answer."""
        return await self._dialog.handle_timeout(state, address, timer)

    async def _show_typing(self, show_typing: ShowTyping, turn: Turn, requested: asyncio.Event) -> None:
        await asyncio.sleep(self._delay)
        requested.set()
        try:
            await show_typing(turn.address, turn.id, self._http)
        except DeliveryError as error:
            log.info("%s: typing indicator failed: %s", turn.address.channel, error.code)
