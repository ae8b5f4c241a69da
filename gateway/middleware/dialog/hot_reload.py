"""Reloads the flow when its file changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

from core.errors import ConfigurationError
from core.model import Address, TimerKind, Turn
from core.ports import State, TurnListener, TurnOutcome
from flows.document import WatchedFlowFile
from flows.engine import DialogMachine

log = logging.getLogger("turngate.flow")

_CHECK_SECONDS = 1.0


class ReloadingDialog:
    """Dialog whose flow follows its file, within a second of the next turn; an invalid file is ignored."""

    def __init__(
        self, file: WatchedFlowFile, machine: DialogMachine, clock: Callable[[], float] = monotonic
    ) -> None:
        """Create the dialog; `clock` is a monotonic clock in seconds."""
        self.machine = machine
        self._file = file
        self._clock = clock
        self._checked_at = clock()

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        """Answer one turn with the current flow."""
        if self._clock() - self._checked_at >= _CHECK_SECONDS:
            self._checked_at = self._clock()
            await self._reload_if_changed()
        return await self.machine.answer(turn, state, listener=listener)

    async def handle_timeout(self, state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        """Handle an expired timer with the current flow."""
        return await self.machine.handle_timeout(state, address, timer)

    async def aclose(self) -> None:
        """Close the machine's connections."""
        await self.machine.aclose()

    async def _reload_if_changed(self) -> None:
        if not self._file.has_changed():
            return
        try:
            self.machine.replace_flow(await asyncio.to_thread(self._file.reload))
        except ConfigurationError as error:
            log.error("flow file changed but is invalid; keeping the previous flow\n%s", error)
        except Exception:  # any error of the loader: the flow in use continues to answer
            log.exception("flow file changed but is invalid; keeping the previous flow")
        else:
            log.info("flow reloaded: %s", self._file.path)
