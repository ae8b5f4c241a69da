"""Routes a turn to its channel's dialog: one flow for all channels, or one each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from core.model import Address, TimerKind, Turn
from core.ports import ErrorMessages, State, TurnListener, TurnOutcome
from gateway.middleware.dialog.hot_reload import ReloadingDialog


class ChannelRouter:
    """Dialog that delegates to the dialog of the turn's channel, or to the default one."""

    def __init__(
        self, default_dialog: ReloadingDialog, channel_dialogs: Mapping[str, ReloadingDialog]
    ) -> None:
        self._default = default_dialog
        self._by_channel = channel_dialogs

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        """Answer one turn from the stored state; see `core.ports.dialog.Dialog`."""
        dialog = self._by_channel.get(turn.address.channel, self._default)
        return await dialog.answer(turn, state, listener=listener)

    async def handle_timeout(self, state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        """Handle an expired timer; see `core.ports.dialog.Dialog`."""
        return await self._by_channel.get(address.channel, self._default).handle_timeout(
            state, address, timer
        )

    def error_messages(self, turn: Turn, state: State | None) -> ErrorMessages:
        """Return the sentences for a failed turn, in the session's language."""
        return self._by_channel.get(turn.address.channel, self._default).machine.error_messages(turn, state)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for dialog in (self._default, *self._by_channel.values()):
            await dialog.aclose()
