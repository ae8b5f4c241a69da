"""`TimeLimit` behaves like `asyncio.timeout`, nested too."""

from __future__ import annotations

import asyncio
import selectors

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.time_limit import TimeLimit

SHORT, LONG = 0.02, 60.0
NEVER = 3600.0


async def test_a_timeout_cancels_what_takes_too_long() -> None:
    stopped = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(NEVER)
        finally:
            stopped.set()

    with pytest.raises(TimeoutError), TimeLimit(SHORT):
        await work()
    assert stopped.is_set()
    assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]


async def test_an_expired_timeout_stops_at_the_first_await() -> None:
    with pytest.raises(TimeoutError), TimeLimit(-1):
        await asyncio.sleep(NEVER)


async def test_a_shorter_timeout_expires_before_an_earlier_longer_one() -> None:
    async def sleep_limited(seconds: float) -> str:
        try:
            with TimeLimit(seconds):
                await asyncio.sleep(NEVER)
        except TimeoutError:
            return "over"
        return "done"

    longer = asyncio.create_task(sleep_limited(LONG))
    await asyncio.sleep(0)
    assert await asyncio.gather(*(sleep_limited(SHORT * number) for number in (3, 1, 2))) == ["over"] * 3
    assert not longer.done()
    longer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await longer


async def test_a_cancellation_from_elsewhere_stays_a_cancellation() -> None:
    async def sleep_limited() -> None:
        with TimeLimit(LONG):
            await asyncio.sleep(NEVER)

    task = asyncio.create_task(sleep_limited())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_other_errors_pass_through() -> None:
    with pytest.raises(ZeroDivisionError), TimeLimit(LONG):
        raise ZeroDivisionError


def test_each_event_loop_has_its_own_timeouts() -> None:
    async def sleep_limited() -> None:
        with pytest.raises(TimeoutError), TimeLimit(SHORT):
            await asyncio.sleep(NEVER)

    loops = [asyncio.new_event_loop() for _ in range(2)]
    for loop in (*loops, *loops):
        loop.run_until_complete(sleep_limited())
    for loop in loops:
        loop.close()


def test_a_timeout_outside_a_task_is_an_error() -> None:
    with pytest.raises(RuntimeError):
        TimeLimit(LONG).__enter__()


async def sleep_nested(limits: list[float], sleep: float, events: list[str], *, ours: bool) -> None:
    """Sleep within all these timeouts and record the outcome of each."""
    if not limits:
        try:
            await asyncio.sleep(sleep)
            events.append("slept")
        except asyncio.CancelledError:
            events.append("cancelled")
            raise
        return
    try:
        if ours:
            with TimeLimit(limits[0]):
                await sleep_nested(limits[1:], sleep, events, ours=ours)
        else:
            async with asyncio.timeout(limits[0]):
                await sleep_nested(limits[1:], sleep, events, ours=ours)
        events.append(f"in time at {len(limits)}")
    except TimeoutError:
        events.append(f"over at {len(limits)}")


class FastForwardLoop(asyncio.SelectorEventLoop):
    """Event loop whose clock jumps to the next timer when idle."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(NonBlockingSelector(self))

    def time(self) -> float:
        return self.now


class NonBlockingSelector(selectors.DefaultSelector):
    """Selector that never blocks."""

    def __init__(self, loop: FastForwardLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._loop.now += timeout or 0.0
        return super().select(0)


def test_work_that_ends_in_time_is_not_cancelled() -> None:
    async def work() -> str:
        with TimeLimit(1.0):
            await asyncio.sleep(0.5)
        await asyncio.sleep(NEVER)
        return "done"

    with asyncio.Runner(loop_factory=FastForwardLoop) as runner:
        assert runner.run(work()) == "done"


TIMES = st.sampled_from([0.0, 1.0, 2.0, 3.0])


@given(limits=st.lists(TIMES, min_size=1, max_size=4), sleep=TIMES.map(lambda time: time + 0.5))
def test_nested_timeouts_match_the_standard_library(limits: list[float], sleep: float) -> None:
    happened: list[list[str]] = [[], []]
    for events, ours in zip(happened, (True, False), strict=True):
        with asyncio.Runner(loop_factory=FastForwardLoop) as runner:
            runner.run(sleep_nested(limits, sleep, events, ours=ours))
    assert happened[0] == happened[1]
