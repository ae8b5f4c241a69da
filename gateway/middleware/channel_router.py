"""The dialogs of the channels: one flow for all, or one for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from core.model.timer import Timer
from core.model.turn import Address, Turn
from core.ports.dialog import Excuses, State, Step, Watcher
from gateway.middleware.hot_reload import ReloadingDialog


class ChannelDialogs:
    """Asks the dialog of the channel that a turn came by, or else the one for all."""

    def __init__(self, general: ReloadingDialog, own: Mapping[str, ReloadingDialog]) -> None:
        self._general = general
        self._own = own

    async def answer(self, turn: Turn, state: State | None, *, watcher: Watcher | None = None) -> Step:
        """Answer one turn from the stored state; see `core.ports.dialog.Dialog`."""
        dialog = self._own.get(turn.address.channel, self._general)
        return await dialog.answer(turn, state, watcher=watcher)

    async def timed_out(self, state: State | None, address: Address, timer: Timer) -> Step:
        """What there is to say when a time-out has passed; see `core.ports.dialog.Dialog`."""
        return await self._own.get(address.channel, self._general).timed_out(state, address, timer)

    def excuses(self, turn: Turn, state: State | None) -> Excuses:
        """What is said in place of an answer, in the language that is spoken in the session."""
        return self._own.get(turn.address.channel, self._general).machine.excuses(turn, state)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for dialog in (self._general, *self._own.values()):
            await dialog.aclose()
