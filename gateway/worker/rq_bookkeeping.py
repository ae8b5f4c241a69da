"""RQ's job bookkeeping, produced by RQ's own objects but sent in one round trip for many jobs.

RQ's objects write about one job into a pipeline that only collects commands. These are copied for each job of
a batch and sent on the event loop's connection as one script call. So `rq info` and rq-dashboard see what
they would see of RQ's own worker, and the layout follows the installed RQ. Failures, which are rare, go
through RQ's synchronous code in a thread.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from sys import exc_info
from time import monotonic
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from rq.exceptions import NoSuchJobError
from rq.executions import Execution, ExecutionRegistry
from rq.job import Job
from rq.queue import Queue
from rq.results import Result
from rq.worker import BaseWorker, WorkerStatus

from gateway.redis import lua, rq_layout
from gateway.redis.connection.batcher import Batcher
from gateway.redis.connection.multiplexer import multiplexed_call
from gateway.redis.lua import Argument, ProtocolLimits

SUSPENDED_KEY = "rq:suspended"
_MAX_FINISHED_PER_CALL = 64
_START_TEMPLATE_SECONDS = 0.5
_SEPARATOR = "\0"


@dataclass(slots=True, eq=False)
class DequeuedJob:
    """A job taken from the queue, and its execution.

    `data` is the call as RQ stores it, `seconds` its time limit. `session` is the session to process, if
    `take.lua` could read it, and `claimed` that script's answer about it; `at` is the monotonic time before
    the request, in seconds.
    """

    id: str
    data: bytes
    timeout_seconds: int
    session: str
    claim_answer: Any
    dequeued_at: float
    execution_id: str = field(default_factory=lambda: uuid4().hex)

    def decode_call(self, serializer: Any) -> tuple[str, list[Any]]:
        """Decode function and arguments of the call. Raises if the data is not RQ's."""
        data = self.data
        with suppress(zlib.error):  # RQ's own client compresses, the scripts do not
            data = zlib.decompress(data)
        name, _, arguments, _ = serializer.loads(data)
        return name, arguments


class CommandTemplate:
    """Commands that RQ's objects wrote about one job, as a template for any other."""

    def __init__(self, collected: Any, job: str, execution: str) -> None:
        self._text = _SEPARATOR.join(map(_encode_argument, _encode_commands(collected)))
        self._job = job
        self._execution = execution

    def render(self, taken: DequeuedJob) -> list[str]:
        """Render the commands for a job."""
        text = self._text.replace(self._job, taken.id).replace(self._execution, taken.execution_id)
        return text.split(_SEPARATOR)


class RqBookkeeper:
    """Takes jobs from the queue and keeps RQ's registries about them."""

    def __init__(self, worker: BaseWorker, redis: Redis, protocol: ProtocolLimits) -> None:
        self._worker = worker
        self._redis = redis
        self._queue: Queue = worker.queues[0]
        self._dequeue_script = lua.load_script("take", protocol)
        self._write_script = lua.load_script("books", protocol)
        self._start_templates: dict[int, tuple[float, CommandTemplate]] = {}
        self._finish_template = self._build_finish_template()
        self._finish_batcher = Batcher(self._finish_batch, _MAX_FINISHED_PER_CALL)

    async def is_suspended(self) -> bool:
        """Return whether `rq suspend` is in force."""
        return bool(await self._redis.exists(SUSPENDED_KEY))

    async def dequeue(self, most: int, wait: int) -> list[DequeuedJob]:
        """Take up to `most` jobs, in order, with the leases of their sessions.

        Waits up to `wait` seconds for the first (0: not at all). A job stays in RQ's intermediate list until
        `start`, so a crash in between loses nothing.
        """
        taken = await self._dequeue_batch(most)
        if taken or wait == 0:
            return taken
        first: Any = await self._redis.blmove(self._queue.key, self._queue.intermediate_queue_key, wait)
        return await self._dequeue_batch(most - 1, first) if first else []

    async def _dequeue_batch(self, most: int, *first: bytes) -> list[DequeuedJob]:
        at, intermediate = monotonic(), self._queue.intermediate_queue_key
        taken = []
        rows = await self._dequeue_script(
            self._redis, [rq_layout.current_timestamp(), intermediate, most, *first]
        )
        for job_id, data, seconds, session, claimed in rows:
            if data is None:  # deleted meanwhile
                await multiplexed_call(self._redis)("LREM", intermediate, 1, job_id)
                continue
            about, lasts = (session or b"").decode(), int(seconds or rq_layout.JOB_TIMEOUT_SECONDS)
            taken.append(DequeuedJob(job_id.decode(), data, lasts, about, claimed, at))
        return taken

    async def start(self, batch: Sequence[DequeuedJob]) -> None:
        """Register jobs as started, and remove them from the intermediate list."""
        words: list[Argument] = []
        for taken in batch:
            self._worker.executions[taken.execution_id] = self._build_execution(taken.id, taken.execution_id)
            words += self._start_template(taken.timeout_seconds).render(taken)
        collected = self._worker.connection.pipeline()
        self._worker.set_state(WorkerStatus.BUSY, pipeline=collected)
        await self._write_script(self._redis, [*words, *_encode_commands(collected)])

    async def finish(self, taken: DequeuedJob) -> None:
        """Register a job as finished and delete it; results are not kept."""
        self._worker.executions.pop(taken.execution_id, None)
        await self._finish_batcher.submit(taken)

    async def fail(self, taken: DequeuedJob) -> None:
        """Register a job as failed with the current exception: RQ's failed registry, handlers, retries."""
        await asyncio.to_thread(self._record_failure, taken, exc_info())

    async def heartbeat(self) -> None:
        """Extend the heartbeats of the worker and all of its executions."""
        collected = self._worker.connection.pipeline()
        self._worker.heartbeat(pipeline=collected)
        seconds = self._worker.get_heartbeat_ttl(self._build_placeholder_job(rq_layout.JOB_TIMEOUT_SECONDS))
        for execution in list(self._worker.executions.values()):
            execution.heartbeat(self._queue.started_job_registry, seconds, pipeline=collected)
        await self._write_script(self._redis, _encode_commands(collected))

    async def _finish_batch(self, batch: Sequence[DequeuedJob]) -> list[None]:
        collected = self._worker.connection.pipeline()
        worked = sum(monotonic() - taken.dequeued_at for taken in batch)
        self._worker.increment_total_working_time(timedelta(seconds=worked), collected)
        if not self._worker.executions:
            self._worker.set_state(WorkerStatus.IDLE, pipeline=collected)
        words = _encode_commands(collected)
        for taken in batch:
            words += self._finish_template.render(taken)
        await self._write_script(self._redis, words)
        return [None] * len(batch)

    def _record_failure(self, taken: DequeuedJob, error: Any) -> None:
        execution = self._build_execution(taken.id, taken.execution_id)
        try:
            job = Job.fetch(taken.id, connection=self._worker.connection, serializer=self._worker.serializer)
        except NoSuchJobError:  # deleted while it ran
            self._worker.executions.pop(taken.execution_id, None)
            return
        self._worker._finalize_failure(job, self._queue, execution, error)

    def _start_template(self, seconds: int) -> CommandTemplate:
        """Return the commands about a job that starts now; shared by all that start within half a second."""
        made, form = self._start_templates.get(seconds, (0.0, None))
        if form is None or monotonic() - made > _START_TEMPLATE_SECONDS:
            form = self._build_start_template(seconds)
            self._start_templates = {seconds: (monotonic(), form)}
        return form

    def _build_start_template(self, seconds: int) -> CommandTemplate:
        job, collected = self._build_placeholder_job(seconds), self._worker.connection.pipeline()
        lasts = self._worker.get_heartbeat_ttl(job)
        execution = Execution.create(job, lasts, pipeline=collected, worker_name=self._worker.name)
        job.prepare_for_execution(self._worker.name, pipeline=collected)
        collected.lrem(self._queue.intermediate_queue_key, 1, job.id)
        return CommandTemplate(collected, job.id, execution.id)

    def _build_finish_template(self) -> CommandTemplate:
        job, collected = (
            self._build_placeholder_job(rq_layout.JOB_TIMEOUT_SECONDS),
            self._worker.connection.pipeline(),
        )
        execution = self._build_execution(job.id, uuid4().hex)
        self._worker.increment_successful_job_count(pipeline=collected)
        execution.delete(job=job, pipeline=collected)
        registry = ExecutionRegistry(job.id, connection=self._worker.connection)
        results = Result.get_key(job.id)  # type: ignore[no-untyped-call]
        collected.delete(job.key, job.dependents_key, job.dependencies_key, results, registry.key)
        return CommandTemplate(collected, job.id, execution.id)

    def _build_placeholder_job(self, seconds: int) -> Job:
        """Build a job of the queue for RQ's objects to write about."""
        job = Job(uuid4().hex, connection=self._worker.connection, serializer=self._worker.serializer)
        job.origin, job.timeout = self._queue.name, seconds
        return job

    def _build_execution(self, job: str, name: str) -> Execution:
        return Execution(name, job, connection=self._worker.connection, worker_name=self._worker.name)


def _encode_commands(collected: Any) -> list[Argument]:
    """Encode a pipeline's commands for books.lua: each preceded by its number of words."""
    return [word for words, _ in collected.command_stack for word in (len(words), *words)]


def _encode_argument(word: Any) -> str:
    """Encode an argument as redis-py does."""
    return word.decode() if isinstance(word, bytes) else word if isinstance(word, str) else repr(word)
