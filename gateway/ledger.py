"""RQ's own accounting of jobs, written by RQ's own objects but sent in one round trip.

RQ's objects write into a pipeline that only collects; its commands then travel on the event loop's
connection, as one script call. So `rq info` and rq-dashboard see what they would of RQ's own worker, and the
layout follows the installed RQ. Failures, which are rare, go through RQ's synchronous code in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from sys import exc_info
from typing import Any

from redis.asyncio import Redis
from rq.exceptions import NoSuchJobError
from rq.executions import Execution, ExecutionRegistry
from rq.job import Job
from rq.queue import Queue
from rq.results import Result
from rq.utils import now
from rq.worker import BaseWorker, WorkerStatus

from gateway.redis import scripts
from gateway.redis.line import sharing
from gateway.redis.scripts import Protocol

SUSPENDED_KEY = "rq:suspended"


class Ledger:
    """Takes jobs from the queue and keeps RQ's books about them."""

    def __init__(self, worker: BaseWorker, redis: Redis) -> None:
        self._worker = worker
        self._redis = redis
        self._queue: Queue = worker.queues[0]
        self._take = scripts.load("take", Protocol())
        self._write = scripts.load("books", Protocol())

    async def suspended(self) -> bool:
        """Whether `rq suspend` is in force."""
        return bool(await self._redis.exists(SUSPENDED_KEY))

    async def take(self, most: int, wait: int) -> list[Job]:
        """Up to `most` jobs, in order; waits up to `wait` seconds for the first, not at all when that is 0.

        A job stays in RQ's intermediate list until `start`, so a crash in between loses nothing.
        """
        intermediate = self._queue.intermediate_queue_key
        taken = await self._take(self._redis, [intermediate, most])
        if not taken and wait > 0:
            first: Any = await self._redis.blmove(self._queue.key, intermediate, wait)
            if first is None:
                return []
            taken = await self._take(self._redis, [intermediate, most - 1, first])
        found = [(job_id.decode(), self._restored(job_id.decode(), fields)) for job_id, fields in taken]
        for job_id, job in found:
            if job is None:  # somebody has deleted it
                await sharing(self._redis)("LREM", intermediate, 1, job_id)
        return [job for _, job in found if job is not None]

    def _restored(self, job_id: str, fields: list[bytes]) -> Job | None:
        job = Job(job_id, connection=self._worker.connection, serializer=self._worker.serializer)
        try:
            job.restore(dict(zip(fields[::2], fields[1::2], strict=True)))
        except NoSuchJobError:
            return None
        return job

    async def start(self, jobs: Sequence[Job]) -> list[Execution]:
        """Enter jobs as started, and take them out of the intermediate list."""
        collected = self._worker.connection.pipeline()
        executions = []
        for job in jobs:
            seconds = self._worker.get_heartbeat_ttl(job)
            execution = Execution.create(job, seconds, pipeline=collected, worker_name=self._worker.name)
            self._worker.executions[execution.id] = execution
            job.prepare_for_execution(self._worker.name, pipeline=collected)
            collected.lrem(self._queue.intermediate_queue_key, 1, job.id)
            executions.append(execution)
        self._worker.set_state(WorkerStatus.BUSY, pipeline=collected)
        await self._send(collected)
        return executions

    async def finish(self, job: Job, execution: Execution) -> None:
        """Enter a job as done and remove it; drains keep no result."""
        job.ended_at = now()
        collected = self._worker.connection.pipeline()
        self._worker.increment_successful_job_count(pipeline=collected)
        if job.started_at:
            self._worker.increment_total_working_time(job.ended_at - job.started_at, collected)
        execution.delete(job=job, pipeline=collected)
        registry = ExecutionRegistry(job.id, connection=self._worker.connection)
        results = Result.get_key(job.id)  # type: ignore[no-untyped-call]
        collected.delete(job.key, job.dependents_key, job.dependencies_key, results, registry.key)
        self._worker.executions.pop(execution.id, None)
        if not self._worker.executions:
            self._worker.set_state(WorkerStatus.IDLE, pipeline=collected)
        await self._send(collected)

    async def fail(self, job: Job, execution: Execution) -> None:
        """Enter a job as failed with the exception being handled: RQ's failed registry, handlers, retries."""
        await asyncio.to_thread(self._worker._finalize_failure, job, self._queue, execution, exc_info())

    async def beat(self) -> None:
        """Say that the worker and everything it runs are alive."""
        collected = self._worker.connection.pipeline()
        self._worker.heartbeat(pipeline=collected)
        for execution in list(self._worker.executions.values()):
            job = execution.job
            seconds = self._worker.get_heartbeat_ttl(job)
            execution.heartbeat(job.started_job_registry, seconds, pipeline=collected)
        await self._send(collected)

    async def _send(self, collected: Any) -> None:
        words = [word for arguments, _ in collected.command_stack for word in (len(arguments), *arguments)]
        collected.reset()
        await self._write(self._redis, words)
