"""RQ's records of jobs whose registration as started fails, or that fail before it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import redis as sync
from redis.asyncio import Redis

from gateway.redis import rq_layout
from gateway.redis.lua import ProtocolLimits
from gateway.worker import AsyncWorker
from gateway.worker.dequeued_job import DequeuedJob
from gateway.worker.rq_bookkeeping import RqBookkeeper


class BookkeepingRig:
    """Books of a worker, and RQ's queue."""

    def __init__(self, redis: Redis, client: sync.Redis) -> None:
        self.redis = redis
        self.worker = AsyncWorker([rq_layout.QUEUE], connection=client)
        self.worker.register_birth()  # type: ignore[no-untyped-call]
        self.bookkeeper = RqBookkeeper(self.worker, redis, ProtocolLimits())
        self.queue: Any = self.worker.queues[0]

    def enqueue(self, *names: str) -> None:
        for name in names:
            self.queue.enqueue(rq_layout.JOB_FUNCTION, name, job_id=name)

    async def take(self, *names: str) -> list[DequeuedJob]:
        self.enqueue(*names)
        return await self.bookkeeper.dequeue(lambda: len(names), 0)

    async def fail(self, job: DequeuedJob) -> None:
        try:
            raise ValueError("its turn went wrong")
        except ValueError:
            await self.bookkeeper.fail(job)

    async def wait_for_registration(self, job: DequeuedJob) -> None:
        while job.registration is None:  # noqa: ASYNC110 - it is due in a moment
            await asyncio.sleep(0.01)
        await asyncio.wait({job.registration})

    def read_leftovers(self) -> tuple[list[str], list[str], dict[str, object]]:
        """Return the content of RQ's intermediate list, its registry of started jobs, and the worker."""
        started = self.queue.started_job_registry.get_job_ids()
        return self.queue.intermediate_queue.get_job_ids(), started, dict(self.worker.executions)


@pytest.fixture
def rig(redis: Redis, sync_redis: sync.Redis) -> BookkeepingRig:
    return BookkeepingRig(redis, sync_redis)


async def test_a_job_that_fails_at_once_is_in_the_failed_registry(rig: BookkeepingRig) -> None:
    [job] = await rig.take("a")
    rig.bookkeeper.register([job])
    await rig.fail(job)

    assert rig.queue.failed_job_registry.get_job_ids() == ["a"]
    assert rig.read_leftovers() == ([], [], {})


@pytest.mark.parametrize("fails", [True, False])
async def test_a_job_that_could_not_be_registered_ends_as_others_do(
    rig: BookkeepingRig, sync_redis: sync.Redis, fails: bool
) -> None:
    [job] = await rig.take("a")
    key = rig.queue.started_job_registry.key
    sync_redis.set(key, "of another type")
    rig.bookkeeper.register([job])
    await rig.wait_for_registration(job)
    sync_redis.delete(key)
    await (rig.fail(job) if fails else rig.bookkeeper.finish(job))

    assert rig.queue.failed_job_registry.get_job_ids() == (["a"] if fails else [])
    assert rig.read_leftovers() == ([], [], {})


async def test_a_failure_that_cannot_be_recorded_leaves_no_execution_behind(
    rig: BookkeepingRig, sync_redis: sync.Redis
) -> None:
    [job] = await rig.take("a")
    rig.bookkeeper.register([job])
    sync_redis.set(rig.queue.started_job_registry.key, "of another type")
    await rig.fail(job)

    assert dict(rig.worker.executions) == {}


async def test_after_a_registration_that_went_wrong_others_are_registered(rig: BookkeepingRig) -> None:
    wrong, right = await rig.take("a", "b")
    timeout: Any = "soon"
    wrong.timeout_seconds = timeout
    rig.bookkeeper.register([wrong])
    await rig.wait_for_registration(wrong)
    rig.bookkeeper.register([right])
    async with asyncio.timeout(5):
        await rig.wait_for_registration(right)

    assert rig.queue.started_job_registry.get_job_ids() == ["b"]


async def test_more_jobs_than_one_command_takes_are_registered(rig: BookkeepingRig) -> None:
    jobs = [
        DequeuedJob(f"{number:05}", b"", 180, "", None, 0.0) for number in range(4_500)
    ]  # a command of RQ has two arguments for each; Lua passes on 8,000
    rig.bookkeeper.register(jobs)
    await rig.wait_for_registration(jobs[-1])

    assert len(rig.worker.executions) == len(jobs)
    assert {each.registration.exception() for each in jobs if each.registration} == {None}


async def test_no_more_jobs_are_taken_than_there_is_room_for_after_the_wait(rig: BookkeepingRig) -> None:
    """Another partition's loop may have filled the worker meanwhile."""
    rooms = [8]
    taking = asyncio.create_task(rig.bookkeeper.dequeue(lambda: rooms[-1], 5))
    while not any(  # noqa: ASYNC110 - the server tells only when asked
        each["cmd"] == "blmove" for each in await rig.redis.client_list()
    ):
        await asyncio.sleep(0.01)  # until it waits
    rooms.append(2)
    rig.enqueue("a", "b", "c", "d")
    jobs = await taking

    assert [job.id for job in jobs] == ["a", "b"]
    assert rig.queue.get_job_ids() == ["c", "d"]
