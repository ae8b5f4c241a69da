"""RQ's own accounting of jobs, written by RQ's own objects but sent in one round trip for many jobs.

RQ's objects write about one job into a pipeline that only collects. Its commands are copied for each job of
a batch, and travel on the event loop's connection as one script call. So `rq info` and rq-dashboard see what
they would of RQ's own worker, and the layout follows the installed RQ. Failures, which are rare, go through
RQ's synchronous code in a thread.
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

from gateway.redis import lua as scripts
from gateway.redis import rq_layout as layout
from gateway.redis.connection.batcher import Gathering
from gateway.redis.connection.multiplexer import sharing
from gateway.redis.lua import Argument, Protocol

SUSPENDED_KEY = "rq:suspended"
_ENDINGS_A_CALL = 64
_SAME_START_SECONDS = 0.5
_BETWEEN = "\0"


@dataclass(slots=True, eq=False)
class Taken:
    """A job that was taken from the queue, and its execution.

    `data` is the call as RQ stores it, `seconds` how long it may take. `session` is what a drain is about,
    when `take.lua` could read it, and `claimed` what it tells of that; `at` is from before it was asked, in
    seconds of the monotonic clock.
    """

    id: str
    data: bytes
    seconds: int
    session: str
    claimed: Any
    at: float
    execution: str = field(default_factory=lambda: uuid4().hex)

    def call(self, serializer: Any) -> tuple[str, list[Any]]:
        """The function that it calls, and the arguments. Raises for data that is not RQ's."""
        data = self.data
        with suppress(zlib.error):  # RQ's own client compresses, the scripts do not
            data = zlib.decompress(data)
        name, _, arguments, _ = serializer.loads(data)
        return name, arguments


class Form:
    """The commands that RQ's objects wrote about one job, to be filled in for any other."""

    def __init__(self, collected: Any, job: str, execution: str) -> None:
        self._text = _BETWEEN.join(map(_word, _words(collected)))
        self._job = job
        self._execution = execution

    def filled(self, taken: Taken) -> list[str]:
        """The same about this job."""
        text = self._text.replace(self._job, taken.id).replace(self._execution, taken.execution)
        return text.split(_BETWEEN)


class Ledger:
    """Takes jobs from the queue and keeps RQ's books about them."""

    def __init__(self, worker: BaseWorker, redis: Redis, protocol: Protocol) -> None:
        self._worker = worker
        self._redis = redis
        self._queue: Queue = worker.queues[0]
        self._take = scripts.load("take", protocol)
        self._write = scripts.load("books", protocol)
        self._starting: dict[int, tuple[float, Form]] = {}
        self._ending = self._end_form()
        self._endings = Gathering(self._finish_all, _ENDINGS_A_CALL)

    async def suspended(self) -> bool:
        """Whether `rq suspend` is in force."""
        return bool(await self._redis.exists(SUSPENDED_KEY))

    async def take(self, most: int, wait: int) -> list[Taken]:
        """Up to `most` jobs, in order, with the leases of their sessions.

        It waits up to `wait` seconds for the first, not at all when that is 0. A job stays in RQ's
        intermediate list until `start`, so a crash in between loses nothing.
        """
        taken = await self._taken(most)
        if taken or wait == 0:
            return taken
        first: Any = await self._redis.blmove(self._queue.key, self._queue.intermediate_queue_key, wait)
        return await self._taken(most - 1, first) if first else []

    async def _taken(self, most: int, *first: bytes) -> list[Taken]:
        at, intermediate = monotonic(), self._queue.intermediate_queue_key
        taken = []
        rows = await self._take(self._redis, [layout.stamp(), intermediate, most, *first])
        for job_id, data, seconds, session, claimed in rows:
            if data is None:  # somebody has deleted it
                await sharing(self._redis)("LREM", intermediate, 1, job_id)
                continue
            about, lasts = (session or b"").decode(), int(seconds or layout.JOB_SECONDS)
            taken.append(Taken(job_id.decode(), data, lasts, about, claimed, at))
        return taken

    async def start(self, batch: Sequence[Taken]) -> None:
        """Enter jobs as started, and take them out of the intermediate list."""
        words: list[Argument] = []
        for taken in batch:
            self._worker.executions[taken.execution] = self._execution(taken.id, taken.execution)
            words += self._start_form(taken.seconds).filled(taken)
        collected = self._worker.connection.pipeline()
        self._worker.set_state(WorkerStatus.BUSY, pipeline=collected)
        await self._write(self._redis, [*words, *_words(collected)])

    async def finish(self, taken: Taken) -> None:
        """Enter a job as done and remove it; drains keep no result."""
        self._worker.executions.pop(taken.execution, None)
        await self._endings.ask(taken)

    async def fail(self, taken: Taken) -> None:
        """Enter a job as failed with the exception being handled: RQ's failed registry, handlers, retries."""
        await asyncio.to_thread(self._fail, taken, exc_info())

    async def beat(self) -> None:
        """Say that the worker and everything it runs are alive."""
        collected = self._worker.connection.pipeline()
        self._worker.heartbeat(pipeline=collected)
        seconds = self._worker.get_heartbeat_ttl(self._blank(layout.JOB_SECONDS))
        for execution in list(self._worker.executions.values()):
            execution.heartbeat(self._queue.started_job_registry, seconds, pipeline=collected)
        await self._write(self._redis, _words(collected))

    async def _finish_all(self, batch: Sequence[Taken]) -> list[None]:
        collected = self._worker.connection.pipeline()
        worked = sum(monotonic() - taken.at for taken in batch)
        self._worker.increment_total_working_time(timedelta(seconds=worked), collected)
        if not self._worker.executions:
            self._worker.set_state(WorkerStatus.IDLE, pipeline=collected)
        words = _words(collected)
        for taken in batch:
            words += self._ending.filled(taken)
        await self._write(self._redis, words)
        return [None] * len(batch)

    def _fail(self, taken: Taken, error: Any) -> None:
        execution = self._execution(taken.id, taken.execution)
        try:
            job = Job.fetch(taken.id, connection=self._worker.connection, serializer=self._worker.serializer)
        except NoSuchJobError:  # somebody has deleted it while it ran
            self._worker.executions.pop(taken.execution, None)
            return
        self._worker._finalize_failure(job, self._queue, execution, error)

    def _start_form(self, seconds: int) -> Form:
        """What is written about a job that starts now; the same for all that start within half a second."""
        made, form = self._starting.get(seconds, (0.0, None))
        if form is None or monotonic() - made > _SAME_START_SECONDS:
            form = self._new_start_form(seconds)
            self._starting = {seconds: (monotonic(), form)}
        return form

    def _new_start_form(self, seconds: int) -> Form:
        job, collected = self._blank(seconds), self._worker.connection.pipeline()
        lasts = self._worker.get_heartbeat_ttl(job)
        execution = Execution.create(job, lasts, pipeline=collected, worker_name=self._worker.name)
        job.prepare_for_execution(self._worker.name, pipeline=collected)
        collected.lrem(self._queue.intermediate_queue_key, 1, job.id)
        return Form(collected, job.id, execution.id)

    def _end_form(self) -> Form:
        job, collected = self._blank(layout.JOB_SECONDS), self._worker.connection.pipeline()
        execution = self._execution(job.id, uuid4().hex)
        self._worker.increment_successful_job_count(pipeline=collected)
        execution.delete(job=job, pipeline=collected)
        registry = ExecutionRegistry(job.id, connection=self._worker.connection)
        results = Result.get_key(job.id)  # type: ignore[no-untyped-call]
        collected.delete(job.key, job.dependents_key, job.dependencies_key, results, registry.key)
        return Form(collected, job.id, execution.id)

    def _blank(self, seconds: int) -> Job:
        """A job of the queue for RQ's objects to write about."""
        job = Job(uuid4().hex, connection=self._worker.connection, serializer=self._worker.serializer)
        job.origin, job.timeout = self._queue.name, seconds
        return job

    def _execution(self, job: str, name: str) -> Execution:
        return Execution(name, job, connection=self._worker.connection, worker_name=self._worker.name)


def _words(collected: Any) -> list[Argument]:
    """The commands of a pipeline as books.lua takes them: each with the number of its words in front."""
    return [word for words, _ in collected.command_stack for word in (len(words), *words)]


def _word(word: Any) -> str:
    """As redis-py writes it."""
    return word.decode() if isinstance(word, bytes) else word if isinstance(word, str) else repr(word)
