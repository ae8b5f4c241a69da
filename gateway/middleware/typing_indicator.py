"""A sign that somebody is at work while an answer takes long: read mark and typing, where there are any."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import httpx

from core.errors import DeliveryError
from core.model.timer import Timer
from core.model.turn import Address, Turn
from core.ports.dialog import Dialog, State, Step, Watcher

log = logging.getLogger("turngate.attention")

_SOON_SECONDS = 0.5

Attend = Callable[[Address, str, httpx.AsyncClient], Awaitable[None]]


class Attentive:
    """A dialog that shows typing while it thinks; `attending` are the calls of the channels for it, by name.

    An answer that comes at once needs no sign, and a sign must never come after the answer, where it would
    stand for nothing: so it waits a moment, and the answer waits for a sign that is under way.
    """

    def __init__(
        self,
        dialog: Dialog,
        attending: Mapping[str, Attend],
        http: httpx.AsyncClient,
        soon: float = _SOON_SECONDS,
    ) -> None:
        self._dialog = dialog
        self._attending = attending
        self._http = http
        self._soon = soon

    async def answer(self, turn: Turn, state: State | None, *, watcher: Watcher | None = None) -> Step:
        """Answer as the dialog does; see `core.ports.dialog.Dialog`."""
        attend = self._attending.get(turn.address.channel)
        if attend is None:
            return await self._dialog.answer(turn, state, watcher=watcher)
        asked = asyncio.Event()
        sign = asyncio.create_task(self._show(attend, turn, asked))
        try:
            return await self._dialog.answer(turn, state, watcher=watcher)
        finally:
            if not asked.is_set():
                sign.cancel()
            with suppress(asyncio.CancelledError):
                await sign

    async def timed_out(self, state: State | None, address: Address, timer: Timer) -> Step:
        """As the dialog does; nobody is waiting."""
        return await self._dialog.timed_out(state, address, timer)

    async def _show(self, attend: Attend, turn: Turn, asked: asyncio.Event) -> None:
        await asyncio.sleep(self._soon)
        asked.set()
        try:
            await attend(turn.address, turn.id, self._http)
        except DeliveryError as error:
            log.info("%s did not show that we are typing: %s", turn.address.channel, error.code)
