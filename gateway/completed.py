"""What a provider's webhooks leave out, asked for right before a turn is answered."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import httpx

from core.channel import Channel, Completes
from core.dialog import Dialog, State, Step, Watcher
from core.errors import DeliveryError
from core.timer import Timer
from core.turn import Address, Turn

log = logging.getLogger("turngate.completed")


class Completed:
    """A dialog that gets whole turns; a provider that does not answer costs a turn its files only."""

    def __init__(
        self, dialog: Dialog, channels: Mapping[str, Channel[httpx.AsyncClient]], http: httpx.AsyncClient
    ) -> None:
        self._dialog = dialog
        self._completing = {
            name: channel for name, channel in channels.items() if isinstance(channel, Completes)
        }
        self._http = http

    async def answer(self, turn: Turn, state: State | None, *, watcher: Watcher | None = None) -> Step:
        """Answer as the dialog does; see `core.dialog.Dialog`."""
        channel = self._completing.get(turn.address.channel)
        if channel is not None:
            try:
                turn = await channel.complete(turn, self._http)
            except DeliveryError as error:
                log.warning("%s did not tell what its webhook left out: %s", turn.address.channel, error.code)
        return await self._dialog.answer(turn, state, watcher=watcher)

    async def timed_out(self, state: State | None, address: Address, timer: Timer) -> Step:
        """As the dialog does; nobody is waiting."""
        return await self._dialog.timed_out(state, address, timer)
