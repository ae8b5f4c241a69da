"""Batched calls: each caller gets its own answer or error, and none is left waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gateway.redis.connection.pipelining.batcher import Batcher


class DoublingServer:
    """Doubles numbers; refuses odd ones individually, and any batch with a negative one."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.called = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(numbers))
        self.called.set()
        await self.may_answer.wait()
        if min(numbers) < 0:
            raise ValueError("negative")
        return [TypeError("odd") if number % 2 else 2 * number for number in numbers]


async def test_concurrent_requests_are_batched_up_to_the_maximum_size() -> None:
    doubling = DoublingServer()
    batcher = Batcher(doubling, 3)

    assert await asyncio.gather(*(batcher.submit(2 * number) for number in range(7))) == [
        4 * number for number in range(7)
    ]
    assert doubling.batches == [[0, 2, 4], [6, 8, 10], [12]]


async def test_an_error_reaches_its_own_caller_unless_the_whole_call_fails() -> None:
    batcher = Batcher(DoublingServer(), 4)
    individual = await asyncio.gather(
        *(batcher.submit(number) for number in (2, 3, 4)), return_exceptions=True
    )
    shared = await asyncio.gather(*(batcher.submit(number) for number in (2, -1)), return_exceptions=True)

    assert (individual[0], individual[2]) == (4, 8)
    assert isinstance(individual[1], TypeError)
    assert [type(error) for error in shared] == [ValueError, ValueError]


@pytest.mark.parametrize("is_sequential", [True, False])
async def test_requests_during_a_call_wait_for_its_end_if_sequential(
    is_sequential: bool,
) -> None:
    doubling = DoublingServer()
    doubling.may_answer.clear()
    batcher = Batcher(doubling, 4, is_sequential=is_sequential)
    first = asyncio.create_task(batcher.submit(2))
    await doubling.called.wait()
    later = [asyncio.create_task(batcher.submit(number)) for number in (4, 6)]
    for _ in range(3):
        await asyncio.sleep(0)
    during = [list(batch) for batch in doubling.batches]
    doubling.may_answer.set()

    assert await asyncio.gather(first, *later) == [4, 8, 12]
    assert during == ([[2]] if is_sequential else [[2], [4, 6]])
    assert doubling.batches == [[2], [4, 6]]


async def test_a_cancelled_caller_does_not_shift_the_answers_of_others() -> None:
    doubling = DoublingServer()
    doubling.may_answer.clear()
    batcher = Batcher(doubling, 4)
    tasks = [asyncio.create_task(batcher.submit(number)) for number in (2, 4, 6)]
    await doubling.called.wait()
    tasks[1].cancel()
    doubling.may_answer.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)

    assert (answers[0], answers[2]) == (4, 12)
    assert isinstance(answers[1], asyncio.CancelledError)
