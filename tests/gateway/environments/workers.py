"""Worker classes for tests, loaded by `rq worker --worker-class`."""

from __future__ import annotations

import os
import signal
from typing import Any

from core.model import Turn
from core.ports import State, TurnListener, TurnOutcome
from flows.engine import DialogMachine
from gateway.storm.processes.clock_skew import skew_clock
from gateway.storm.processes.deadly_text import kill_on_text
from gateway.storm.processes.turn_delay import delay_turns
from gateway.worker.async_worker import AsyncWorker

CRASH_TEXT = "make it crash"
SLOW_TURN_SECONDS = 0.5
_MAX_SKEW_SECONDS = 3_600.0


class MortalWorker(AsyncWorker):
    """Worker process that dies without clean-up whenever the dialog gets a certain text."""

    def work(self, *arguments: Any, **options: Any) -> bool:
        answer = DialogMachine.answer

        async def die(
            machine: DialogMachine, turn: Turn, state: State | None, *, listener: TurnListener | None = None
        ) -> TurnOutcome:
            if turn.text == CRASH_TEXT:
                os.kill(os.getpid(), signal.SIGKILL)
            return await answer(machine, turn, state, listener=listener)

        DialogMachine.answer = die  # type: ignore[method-assign, assignment]
        return super().work(*arguments, **options)


class SlowWorker(AsyncWorker):
    """Worker whose turns take a while, so that many are in progress."""

    def work(self, *arguments: Any, **options: Any) -> bool:
        delay_turns(SLOW_TURN_SECONDS)
        return super().work(*arguments, **options)


class SlowMortalWorker(MortalWorker, SlowWorker):
    """Worker that dies in the middle of the other sessions' turns."""


class MortalSender(SlowWorker):
    """Worker that dies in the middle of the other sessions' turns whenever it sends a certain text."""

    def work(self, *arguments: Any, **options: Any) -> bool:
        kill_on_text(CRASH_TEXT)
        return super().work(*arguments, **options)


class StillbornWorker(AsyncWorker):
    """Worker process that is killed as soon as RQ lists it."""

    def bootstrap(self, *arguments: Any, **options: Any) -> None:
        super().bootstrap(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)


class LateWorker(AsyncWorker):
    """Worker whose wall clock is off by up to an hour and jumps every few seconds."""

    def work(self, *arguments: Any, **options: Any) -> bool:
        skew_clock(7, _MAX_SKEW_SECONDS)
        return super().work(*arguments, **options)
