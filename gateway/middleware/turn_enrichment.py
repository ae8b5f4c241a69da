"""What a provider's webhooks leave out, asked for right before a turn is answered."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

import httpx

from core.errors import DeliveryError
from core.model.timer import Timer
from core.model.turn import Address, Turn
from core.ports.channel import Channel, Completes, Continues
from core.ports.dialog import Dialog, State, Step, Watcher

log = logging.getLogger("turngate.completed")

States = Callable[[str], Awaitable[State | None]]
"""The dialog's state of a session; `None` when it has none any more."""


class Completed:
    """A dialog that gets whole turns, and at a session's first one the state of the session before it.

    A provider that does not answer costs a turn its files, or its past, only.
    """

    def __init__(
        self,
        dialog: Dialog,
        channels: Mapping[str, Channel[httpx.AsyncClient]],
        http: httpx.AsyncClient,
        states: States,
    ) -> None:
        self._dialog = dialog
        self._completing = {name: each for name, each in channels.items() if isinstance(each, Completes)}
        self._continuing = {name: each for name, each in channels.items() if isinstance(each, Continues)}
        self._http = http
        self._states = states

    async def answer(self, turn: Turn, state: State | None, *, watcher: Watcher | None = None) -> Step:
        """Answer as the dialog does; see `core.ports.dialog.Dialog`."""
        before, channel = "", turn.address.channel
        try:
            if channel in self._completing:
                turn = await self._completing[channel].complete(turn, self._http)
            if state is None and channel in self._continuing:
                before = await self._continuing[channel].continued(turn, self._http)
        except DeliveryError as error:
            log.warning("%s did not tell what its webhook left out: %s", channel, error.code)
        if before:
            state = await self._states(before)
        step = await self._dialog.answer(turn, state, watcher=watcher)
        return step._replace(details={**step.details, "goes_on_from": before}) if before else step

    async def timed_out(self, state: State | None, address: Address, timer: Timer) -> Step:
        """As the dialog does; nobody is waiting."""
        return await self._dialog.timed_out(state, address, timer)
