"""Typing indicator: shown during slow answers, never after the answer."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from core.errors import Unavailable
from core.model import Address, TimerKind, Turn
from core.ports import State, TurnListener, TurnOutcome
from gateway.middleware.dialog.typing_indicator import TypingIndicator
from tests.fakes import build_turn


class IndicatorRecorder:
    """Records calls of the typing indicator and the order of events."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()
        self.error: Exception | None = None

    async def show_typing(self, address: Address, turn_id: str, http: httpx.AsyncClient) -> None:
        self.begun.set()
        await self.may_end.wait()
        if self.error:
            raise self.error
        self.happened.append(f"typing {turn_id}")


class SlowDialog:
    """Answers after the typing indicator was requested, or at once."""

    def __init__(self, signs: IndicatorRecorder, *, is_slow: bool) -> None:
        self._signs = signs
        self._waits = is_slow

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        if self._waits:
            await self._signs.begun.wait()
            self._signs.may_end.set()
        return TurnOutcome(state={})

    async def handle_timeout(self, state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        return TurnOutcome(state={})


async def run_turn(signs: IndicatorRecorder, *, is_slow: bool, delay: float, channel: str = "fake") -> None:
    async with httpx.AsyncClient() as http:
        dialog = TypingIndicator(
            SlowDialog(signs, is_slow=is_slow), {channel: signs.show_typing}, http, delay
        )
        await dialog.answer(build_turn(1), None)
    signs.happened.append("answered")


async def test_typing_is_shown_before_a_slow_answer() -> None:
    signs = IndicatorRecorder()
    await run_turn(signs, is_slow=True, delay=0)

    assert signs.happened == [f"typing {build_turn(1).id}", "answered"]


@pytest.mark.parametrize(("delay", "channel"), [(60, "fake"), (0, "other")])
async def test_typing_is_not_shown_for_quick_answers_or_unsupported_channels(
    delay: float, channel: str
) -> None:
    signs = IndicatorRecorder()
    await run_turn(signs, is_slow=False, delay=delay, channel=channel)

    assert signs.happened == ["answered"]


async def test_a_rejected_typing_indicator_does_not_fail_the_answer() -> None:
    signs = IndicatorRecorder()
    signs.error = Unavailable("whatsapp 130429")
    await run_turn(signs, is_slow=True, delay=0)

    assert signs.happened == ["answered"]


async def test_a_turn_that_is_cancelled_while_an_indicator_is_sent_ends() -> None:
    signs, has_answered = IndicatorRecorder(), asyncio.Event()

    class QuickDialog(SlowDialog):
        async def answer(
            self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
        ) -> TurnOutcome:
            await signs.begun.wait()
            has_answered.set()
            return TurnOutcome(state={})

    async with httpx.AsyncClient() as http:
        dialog = TypingIndicator(QuickDialog(signs, is_slow=True), {"fake": signs.show_typing}, http, 0)
        turn = asyncio.create_task(dialog.answer(build_turn(1), None))
        await has_answered.wait()
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
    assert signs.happened == []
