"""Worker classes for tests, as `rq worker --worker-class` names them."""

from __future__ import annotations

import os
import signal
from typing import Any

from core.model.turn import Turn
from core.ports.dialog import State, Step, Watcher
from flows.engine.machine import DialogMachine
from gateway.storm.clock_skew import unsettle
from gateway.worker.async_worker import AsyncWorker

DEADLY = "make it crash"
_AN_HOUR = 3_600.0


class MortalWorker(AsyncWorker):
    """Its whole process dies (no exception, no clean-up) whenever the dialog is given one certain text."""

    def work(self, *arguments: Any, **options: Any) -> bool:
        answer = DialogMachine.answer

        async def die(
            machine: DialogMachine, turn: Turn, state: State | None, *, watcher: Watcher | None = None
        ) -> Step:
            if turn.text == DEADLY:
                os.kill(os.getpid(), signal.SIGKILL)
            return await answer(machine, turn, state, watcher=watcher)

        DialogMachine.answer = die  # type: ignore[method-assign, assignment]
        return super().work(*arguments, **options)


class LateWorker(AsyncWorker):
    """Its wall clock is wrong by up to an hour, and jumps every few seconds."""

    def work(self, *arguments: Any, **options: Any) -> bool:
        unsettle(7, _AN_HOUR)
        return super().work(*arguments, **options)
