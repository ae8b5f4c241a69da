"""RQ's job bookkeeping, produced by RQ's own objects but sent in one round trip for many jobs.

RQ's objects write about one job into a pipeline that only collects commands. These are copied for each job of
a batch and sent on the event loop's connection as one script call. So `rq info` and rq-dashboard show the
same as for RQ's own worker, and the layout follows the installed RQ. Failures, which are rare, go through
RQ's synchronous code in a thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from sys import exc_info
from time import monotonic
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from rq.exceptions import NoSuchJobError
from rq.executions import Execution, ExecutionRegistry
from rq.job import Job
from rq.queue import Queue
from rq.worker import BaseWorker, WorkerStatus

from gateway.redis import lua, rq_layout
from gateway.redis.connection.pipelining.batcher import Batcher
from gateway.redis.connection.pipelining.multiplexer import multiplexed_call
from gateway.redis.lua import ProtocolLimits
from gateway.worker.command_template import CommandTemplate, encode_commands, read_commands
from gateway.worker.dequeued_job import DequeuedJob

log = logging.getLogger("turngate.worker")

_MAX_JOBS_PER_CALL = 64
_START_TEMPLATE_SECONDS = 0.5
_REGISTER_SECONDS = 0.05


class RqBookkeeper:
    """Takes jobs from the queue and keeps RQ's registries about them."""

    def __init__(self, worker: BaseWorker, redis: Redis, protocol: ProtocolLimits) -> None:
        self._worker = worker
        self._redis = redis
        self._queue: Queue = worker.queues[0]
        self._dequeue_script = lua.load_script("take", protocol)
        self._write_script = lua.load_script("books", protocol)
        self._start_templates: dict[int, tuple[float, CommandTemplate]] = {}
        self._finish_template = self._build_finish_template(is_registered=True)
        self._brief_template = self._build_finish_template(is_registered=False)
        self._unregistered: dict[DequeuedJob, None] = {}
        self._timer: asyncio.Task[None] | None = None
        self._finish_batcher = Batcher(self._finish_batch, _MAX_JOBS_PER_CALL)
        self._failure_lock = asyncio.Lock()
        self._unanswered_nonce = ""

    async def is_suspended(self) -> bool:
        """Return whether `rq suspend` is in force."""
        return bool(await self._redis.exists(rq_layout.SUSPENDED_KEY))

    async def dequeue(
        self, free_capacity: Callable[[], int], wait: int, *, starts_none: bool = False
    ) -> list[DequeuedJob]:
        """Take as many jobs as `free_capacity` returns, in order, with the leases of their sessions.

        Waits up to `wait` seconds for the first (0: not at all). Meanwhile capacity for one job stays
        reserved, and other partitions may use the rest. A suspect is not started, nor is any session with
        `starts_none` (isolation.py). Jobs whose response was lost come with the next call, so that the loss
        does not count as a worker's death. A job stays in RQ's intermediate list until it is registered as
        started, or finished, so a crash in between loses nothing.
        """
        isolation = "all" if starts_none else ""
        jobs = await self._dequeue_batch(free_capacity(), isolation)
        if jobs or wait == 0:
            return jobs
        first: Any = await self._redis.blmove(self._queue.key, self._queue.intermediate_queue_key, wait)
        return await self._dequeue_batch(max(free_capacity() - 1, 0), isolation, first) if first else []

    async def _dequeue_batch(self, max_jobs: int, isolation: str, *first: bytes) -> list[DequeuedJob]:
        requested_at, intermediate = monotonic(), self._queue.intermediate_queue_key
        jobs = []
        is_repeated = "1" if self._unanswered_nonce else ""
        nonce = self._unanswered_nonce or lua.new_nonce()
        try:
            rows = await self._dequeue_script(
                self._redis,
                [
                    rq_layout.current_timestamp(),
                    intermediate,
                    max_jobs,
                    nonce,
                    isolation,
                    is_repeated,
                    *first,
                ],
            )
        except (RedisConnectionError, RedisTimeoutError, OSError):
            self._unanswered_nonce = nonce  # the server may have done it
            raise
        self._unanswered_nonce = ""
        for job_id, data, seconds, session, claim_answer in rows:
            if data is None:  # deleted meanwhile
                await multiplexed_call(self._redis)("LREM", intermediate, 1, job_id)
                continue
            session_id, timeout = (session or b"").decode(), int(seconds or rq_layout.JOB_TIMEOUT_SECONDS)
            jobs.append(DequeuedJob(job_id.decode(), data, timeout, session_id, claim_answer, requested_at))
        return jobs

    def register(self, batch: Sequence[DequeuedJob]) -> None:
        """Register jobs as started after a moment, unless they have finished by then, as most have."""
        self._unregistered.update(dict.fromkeys(batch))
        if self._unregistered and self._timer is None:
            self._timer = asyncio.create_task(self._register_later())

    async def _register_later(self) -> None:
        try:
            while self._unregistered:
                await asyncio.sleep(_REGISTER_SECONDS)
                waiting = list(self._unregistered)
                for first in range(0, len(waiting), _MAX_JOBS_PER_CALL):
                    await self._register_now(waiting[first : first + _MAX_JOBS_PER_CALL])
        finally:
            self._timer = None

    async def _register_now(self, batch: Sequence[DequeuedJob]) -> None:
        """Register the waiting jobs; a failure is logged and has no effect once the job ends."""
        waiting = [job for job in batch if job in self._unregistered]
        registration = asyncio.create_task(self._write_started(waiting))
        for job in waiting:
            del self._unregistered[job]
            job.registration = registration
        await asyncio.wait({registration})  # shared by several jobs, so none may cancel it
        if error := registration.exception():
            log.warning("RQ job registry not updated: %s", type(error).__name__)

    async def _write_started(self, batch: Sequence[DequeuedJob]) -> None:
        """Register jobs as started, and remove them from the intermediate list."""
        by_timeout: dict[int, list[DequeuedJob]] = {}
        for job in batch:
            self._worker.executions[job.execution_id] = self._build_execution(job.id, job.execution_id)
            by_timeout.setdefault(job.timeout_seconds, []).append(job)
        arguments = [
            argument
            for seconds, jobs in by_timeout.items()
            for argument in self._start_template(seconds).render(jobs)
        ]
        pipeline = self._worker.connection.pipeline()
        self._worker.set_state(WorkerStatus.BUSY, pipeline=pipeline)
        await self._write_script(self._redis, [*arguments, *encode_commands(read_commands(pipeline))])

    async def finish(self, job: DequeuedJob) -> None:
        """Register a job as finished and delete it; results are not kept."""
        self._unregistered.pop(job, None)
        if job.registration is not None and not job.registration.done():
            await asyncio.wait({job.registration})  # the start must not be recorded after the end
        self._worker.executions.pop(job.execution_id, None)
        await self._finish_batcher.submit(job)

    async def fail(self, job: DequeuedJob, *, is_stopped: bool = False) -> None:
        """Register a job as failed with the current exception: RQ's failed registry, handlers, retries.

        One that was stopped on request gets RQ's status `stopped` and is not retried.
        """
        error = exc_info()
        if job in self._unregistered:
            await self._register_now([job])
        elif job.registration is not None:
            await asyncio.wait({job.registration})
        async with self._failure_lock:  # RQ's worker has only one field for a stopped job
            self._worker._stopped_job_id = job.id if is_stopped else None
            try:
                await asyncio.to_thread(self._record_failure, job, error)
            finally:
                self._worker.executions.pop(job.execution_id, None)

    async def heartbeat(self) -> None:
        """Extend the heartbeats of the worker and all of its executions."""
        pipeline = self._worker.connection.pipeline()
        self._worker.heartbeat(pipeline=pipeline)
        seconds = self._worker.get_heartbeat_ttl(self._build_placeholder_job(rq_layout.JOB_TIMEOUT_SECONDS))
        for execution in list(self._worker.executions.values()):
            execution.heartbeat(self._queue.started_job_registry, seconds, pipeline=pipeline)
        await self._write_script(self._redis, encode_commands(read_commands(pipeline)))

    async def _finish_batch(self, batch: Sequence[DequeuedJob]) -> list[None]:
        pipeline = self._worker.connection.pipeline()
        seconds = sum(monotonic() - job.dequeued_at for job in batch)
        self._worker.increment_total_working_time(timedelta(seconds=seconds), pipeline)
        if not self._worker.executions and self._worker.get_state() != WorkerStatus.IDLE:
            self._worker.set_state(WorkerStatus.IDLE, pipeline=pipeline)
        brief = [job for job in batch if not job.is_registered]
        registered = [job for job in batch if job.is_registered]
        arguments = encode_commands(read_commands(pipeline))
        arguments += self._brief_template.render(brief) + self._finish_template.render(registered)
        await self._write_script(self._redis, arguments)
        return [None] * len(batch)

    def _record_failure(self, dequeued: DequeuedJob, error: Any) -> None:
        execution = self._build_execution(dequeued.id, dequeued.execution_id)
        try:
            job = Job.fetch(
                dequeued.id, connection=self._worker.connection, serializer=self._worker.serializer
            )
        except NoSuchJobError:  # the job was deleted while it ran
            return
        self._worker._finalize_failure(job, self._queue, execution, error)
        if not dequeued.is_registered:
            self._queue.intermediate_queue.remove(dequeued.id)

    def _start_template(self, seconds: int) -> CommandTemplate:
        """Return the commands about a job that starts now; shared by all that start within half a second."""
        created_at, template = self._start_templates.get(seconds, (0.0, None))
        if template is None or monotonic() - created_at > _START_TEMPLATE_SECONDS:
            template = self._build_start_template(seconds)
            self._start_templates = {seconds: (monotonic(), template)}
        return template

    def _build_start_template(self, seconds: int) -> CommandTemplate:
        job, pipeline = self._build_placeholder_job(seconds), self._worker.connection.pipeline()
        timeout = self._worker.get_heartbeat_ttl(job)
        execution = Execution.create(job, timeout, pipeline=pipeline, worker_name=self._worker.name)
        job.prepare_for_execution(self._worker.name, pipeline=pipeline)
        pipeline.lrem(self._queue.intermediate_queue_key, 1, job.id)
        return CommandTemplate(pipeline, job.id, execution.id)

    def _build_finish_template(self, *, is_registered: bool) -> CommandTemplate:
        """Return the commands about a job that ends, after it was registered as started, or without that."""
        job = self._build_placeholder_job(rq_layout.JOB_TIMEOUT_SECONDS)
        pipeline = self._worker.connection.pipeline()
        execution = self._build_execution(job.id, uuid4().hex)
        self._worker.increment_successful_job_count(pipeline=pipeline)
        if is_registered:
            execution.delete(job=job, pipeline=pipeline)
        else:
            pipeline.lrem(self._queue.intermediate_queue_key, 1, job.id)
        registry = ExecutionRegistry(job.id, connection=self._worker.connection)
        results = rq_layout.results_key(job.id)
        pipeline.delete(job.key, job.dependents_key, job.dependencies_key, results, registry.key)
        return CommandTemplate(pipeline, job.id, execution.id)

    def _build_placeholder_job(self, seconds: int) -> Job:
        """Build a job of the queue for RQ's objects to write about."""
        job = Job(uuid4().hex, connection=self._worker.connection, serializer=self._worker.serializer)
        job.origin, job.timeout = self._queue.name, seconds
        return job

    def _build_execution(self, job: str, name: str) -> Execution:
        return Execution(name, job, connection=self._worker.connection, worker_name=self._worker.name)
