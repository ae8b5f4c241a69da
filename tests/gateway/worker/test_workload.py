"""Workload of a worker: one limit for all partitions, and a fair share for each."""

from __future__ import annotations

import asyncio

from gateway.worker.dequeued_job import DequeuedJob
from gateway.worker.workload import Workload


def build_job(number: int) -> DequeuedJob:
    return DequeuedJob(f"drain-{number}", b"", 180, f"s{number}", None, 0.0)


def build_workload(capacity: int, partitions: int) -> Workload:
    return Workload(capacity, [lambda: None] * partitions)


async def test_a_partition_takes_its_share_of_what_is_free() -> None:
    ended = asyncio.Event()
    load = build_workload(40, 4)
    assert load.batch_size() == 8  # few at first: other processes take the next

    for number in range(28):
        load.start(build_job(number), wait_for(ended))
    assert load.batch_size() == 3  # a quarter of the twelve that are free
    for number in range(28, 40):
        load.start(build_job(number), wait_for(ended))
    assert load.batch_size() == 1

    assert build_workload(40, 1).batch_size() == 8
    ended.set()
    await load.finish()
    assert not load.running


async def test_all_partitions_continue_when_a_job_has_ended() -> None:
    first, others = asyncio.Event(), asyncio.Event()
    load = build_workload(2, 3)
    load.start(build_job(1), wait_for(first))
    load.start(build_job(2), wait_for(others))
    waiting = [asyncio.create_task(load.wait_for_capacity()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(each.done() for each in waiting)

    first.set()
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting)

    others.set()
    await load.finish()


async def wait_for(event: asyncio.Event) -> None:
    await event.wait()
