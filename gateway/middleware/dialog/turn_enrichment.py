"""Fetches data that a provider's webhooks omit, right before a turn is answered."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

import httpx

from core.errors import DeliveryError
from core.model import Address, TimerKind, Turn
from core.ports import Channel, ContinuesSessions, Dialog, EnrichesTurns, State, TurnListener, TurnOutcome

log = logging.getLogger("turngate.completed")

LoadState = Callable[[str], Awaitable[State | None]]
"""Returns the dialog state of a session; `None` if it has none any more."""


class TurnEnrichment:
    """Dialog that completes turns, and starts a session with the state of the session that it continues.

    If the provider does not answer, the turn is answered without its files or its history.
    """

    def __init__(
        self,
        dialog: Dialog,
        channels: Mapping[str, Channel[httpx.AsyncClient]],
        http: httpx.AsyncClient,
        load_state: LoadState,
    ) -> None:
        self._dialog = dialog
        self._enriching_channels = {
            name: each for name, each in channels.items() if isinstance(each, EnrichesTurns)
        }
        self._continuing_channels = {
            name: each for name, each in channels.items() if isinstance(each, ContinuesSessions)
        }
        self._http = http
        self._load_state = load_state

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        """Answer as the dialog does; see `core.ports.dialog.Dialog`."""
        previous_session, channel = "", turn.address.channel
        try:
            if channel in self._enriching_channels:
                turn = await self._enriching_channels[channel].enrich_turn(turn, self._http)
            if state is None and channel in self._continuing_channels:
                previous_session = await self._continuing_channels[channel].find_previous_session(
                    turn, self._http
                )
        except DeliveryError as error:
            log.warning("%s: turn not enriched: %s", channel, error.code)
        if previous_session:
            state = await self._load_state(previous_session)
        outcome = await self._dialog.answer(turn, state, listener=listener)
        return (
            outcome._replace(details={**outcome.details, "goes_on_from": previous_session})
            if previous_session
            else outcome
        )

    async def handle_timeout(self, state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        """Delegate to the dialog: a timer has nothing to fetch."""
        return await self._dialog.handle_timeout(state, address, timer)
