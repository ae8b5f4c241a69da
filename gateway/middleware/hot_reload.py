"""The configured flow, taken up anew when its file was rewritten."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

from core.errors import Misconfigured
from core.model.timer import Timer
from core.model.turn import Address, Turn
from core.ports.dialog import State, Step, Watcher
from flows.document.flow_file import FlowFile
from flows.engine.machine import DialogMachine

log = logging.getLogger("turngate.flow")

_LOOK_SECONDS = 1.0


class ReloadingDialog:
    """A dialog whose flow follows its file: within a second of the next turn, and never to a broken one."""

    def __init__(
        self, file: FlowFile, machine: DialogMachine, clock: Callable[[], float] = monotonic
    ) -> None:
        """`clock` counts seconds from any beginning."""
        self.machine = machine
        self._file = file
        self._clock = clock
        self._looked = clock()

    async def answer(self, turn: Turn, state: State | None, *, watcher: Watcher | None = None) -> Step:
        """Answer one turn with the flow as it is now."""
        if self._clock() - self._looked >= _LOOK_SECONDS:
            self._looked = self._clock()
            await self._follow()
        return await self.machine.answer(turn, state, watcher=watcher)

    async def timed_out(self, state: State | None, address: Address, timer: Timer) -> Step:
        """What there is to say when the node's time-out has passed."""
        return await self.machine.timed_out(state, address, timer)

    async def aclose(self) -> None:
        """Let go of the machine's connections."""
        await self.machine.aclose()

    async def _follow(self) -> None:
        if not self._file.is_changed():
            return
        try:
            self.machine.take_up(await asyncio.to_thread(self._file.read))
        except Misconfigured as error:
            log.error("the flow was changed and cannot be run; the one before goes on\n%s", error)
        except Exception:  # whatever a file does to the loader, people are answered
            log.exception("the flow was changed and cannot be run; the one before goes on")
        else:
            log.info("the flow was changed and is taken up: %s", self._file.path)
