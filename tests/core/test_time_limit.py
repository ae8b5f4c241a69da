"""Time limits: to the point as `asyncio.timeout` is, however they stand in one another."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.time_limit import TimeLimit

SHORT, LONG = 0.02, 60.0
NEVER = 3600.0


async def test_what_takes_too_long_is_stopped() -> None:
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


async def test_what_ends_in_time_is_left_alone() -> None:
    with TimeLimit(SHORT):
        await asyncio.sleep(0)
    await asyncio.sleep(2 * SHORT)


async def test_a_limit_that_is_over_already_stops_at_the_first_wait() -> None:
    with pytest.raises(TimeoutError), TimeLimit(-1):
        await asyncio.sleep(NEVER)


async def test_a_shorter_limit_goes_before_a_longer_one_that_began_earlier() -> None:
    async def limited(seconds: float) -> str:
        try:
            with TimeLimit(seconds):
                await asyncio.sleep(NEVER)
        except TimeoutError:
            return "over"
        return "done"

    longer = asyncio.create_task(limited(LONG))
    await asyncio.sleep(0)
    assert await asyncio.gather(*(limited(SHORT * number) for number in (3, 1, 2))) == ["over"] * 3
    assert not longer.done()
    longer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await longer


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    async def limited() -> None:
        with TimeLimit(LONG):
            await asyncio.sleep(NEVER)

    task = asyncio.create_task(limited())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_works_own_error_goes_through() -> None:
    with pytest.raises(ZeroDivisionError), TimeLimit(LONG):
        raise ZeroDivisionError


def test_each_event_loop_has_limits_of_its_own() -> None:
    async def limited() -> None:
        with pytest.raises(TimeoutError), TimeLimit(SHORT):
            await asyncio.sleep(NEVER)

    loops = [asyncio.new_event_loop() for _ in range(2)]
    for loop in (*loops, *loops):
        loop.run_until_complete(limited())
    for loop in loops:
        loop.close()


def test_outside_a_task_there_is_nothing_to_limit() -> None:
    with pytest.raises(RuntimeError):
        TimeLimit(LONG).__enter__()


async def _nested(limits: list[float], sleep: float, events: list[str], *, ours: bool) -> None:
    """Sleeps within all these limits, and writes down what happens at each."""
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
                await _nested(limits[1:], sleep, events, ours=ours)
        else:
            async with asyncio.timeout(limits[0]):
                await _nested(limits[1:], sleep, events, ours=ours)
        events.append(f"in time at {len(limits)}")
    except TimeoutError:
        events.append(f"over at {len(limits)}")


# Far enough apart that a busy machine does not change their order.
TIMES = st.sampled_from([0.0, 0.05, 0.1, 0.15])


@given(limits=st.lists(TIMES, min_size=1, max_size=4), sleep=TIMES.map(lambda time: time + 0.025))
def test_nested_limits_do_what_the_standard_librarys_do(limits: list[float], sleep: float) -> None:
    ours: list[str] = []
    theirs: list[str] = []

    async def both() -> None:
        await asyncio.gather(
            _nested(limits, sleep, ours, ours=True), _nested(limits, sleep, theirs, ours=False)
        )

    asyncio.run(both())
    assert ours == theirs
