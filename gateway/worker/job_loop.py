"""Jobs of one partition: takes them, and runs them as tasks of the worker's event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from time import monotonic

from redis.exceptions import RedisError
from rq.worker import BaseWorker

from core.errors import ConfigurationError
from core.ports import Claim
from core.time_limit import TimeLimit
from gateway.bootstrap import Runtime
from gateway.redis import rq_layout
from gateway.redis.connection.outages.outage_log import outages
from gateway.redis.connection.outages.retry_loop import run_forever
from gateway.redis.records.processes import worker_presence
from gateway.worker.dequeued_job import DequeuedJob
from gateway.worker.rq_bookkeeping import RqBookkeeper
from gateway.worker.workload import Workload

log = logging.getLogger("turngate.worker")

_DEQUEUE_WAIT_SECONDS = 1
_LIVENESS_SECONDS = 1.0
_HEARTBEAT_SECONDS = 10.0


class JobLoop:
    """Takes the jobs of one partition while there is capacity, and shuts down gracefully."""

    def __init__(
        self, worker: BaseWorker, runtime: Runtime, bookkeeper: RqBookkeeper, workload: Workload
    ) -> None:
        self._worker = worker
        self._runtime = runtime
        self._bookkeeper = bookkeeper
        self._workload = workload
        self._suspended = False
        self._last_heartbeat = 0.0

    async def run(self, *, burst: bool, max_jobs: int | None, max_idle_time: int | None) -> None:
        """Take and run jobs until a signal, an empty queue (`burst`) or one of the limits."""
        load = self._workload
        await self._read_suspension()
        while not load.stopping.is_set() and (max_jobs is None or load.taken_count < max_jobs):
            await self._wait_for_capacity(burst=burst)
            if load.stopping.is_set():
                break
            if burst and self._suspended:
                log.warning("RQ is suspended, so the burst worker exits; jobs may be left in the queue")
                break
            try:
                batch = await self._take(max_jobs, 0 if burst else _DEQUEUE_WAIT_SECONDS)
                if batch is None:
                    continue
                self._start_jobs(batch)
                await asyncio.sleep(0)  # let the jobs begin before the next are taken
            except (RedisError, OSError) as error:
                outages.record_failure("taking of jobs", error)
                await self._pause()
                continue
            outages.record_success("taking of jobs")
            load.record_taken(len(batch))
            if not batch and burst:
                if not load.running:
                    break
                await asyncio.wait(load.running, return_when=asyncio.FIRST_COMPLETED)
            if max_idle_time is not None and load.idle_seconds > max_idle_time:
                break

    async def _take(self, max_jobs: int | None, wait: int) -> list[DequeuedJob] | None:
        """Take the next jobs; `None` if `max_jobs` is reserved by other partitions."""
        load, permits = self._workload, self._workload.permits
        if permits is None:
            return await self._bookkeeper.dequeue(
                partial(self._free_capacity, max_jobs), wait, starts_none=load.isolation.is_active
            )
        held, used = await permits.acquire(load.batch_size(), _DEQUEUE_WAIT_SECONDS), 0
        if not held:
            return None
        try:
            batch = await self._bookkeeper.dequeue(lambda: held, wait, starts_none=load.isolation.is_active)
            used = len(batch)
        finally:
            permits.release(max(held - used, 0))
        return batch

    def _free_capacity(self, max_jobs: int | None) -> int:
        """Return how many jobs may be taken now."""
        size = self._workload.batch_size()
        return size if max_jobs is None else min(size, max(max_jobs - self._workload.taken_count, 0))

    async def _read_suspension(self) -> None:
        """Ask whether RQ is suspended, before the first job is taken; later each heartbeat asks."""
        while not self._workload.stopping.is_set():
            try:
                self._suspended = await self._bookkeeper.is_suspended()
            except (RedisError, OSError) as error:
                outages.record_failure("reading of RQ's suspension", error)
                await self._pause()
            else:
                outages.record_success("reading of RQ's suspension")
                return

    async def _wait_for_capacity(self, *, burst: bool) -> None:
        """Wait until another session may be started; none is while the worker is full or RQ is suspended.

        A burst worker does not wait for the end of the suspension.
        """
        load = self._workload
        await load.wait_for_capacity()
        while load.isolation.takes_no_more and load.running and not load.stopping.is_set():
            await asyncio.wait(load.running, return_when=asyncio.FIRST_COMPLETED)
        while self._suspended and not burst and not load.stopping.is_set():
            await self._pause()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_DEQUEUE_WAIT_SECONDS):
                await self._workload.stopping.wait()

    def _start_jobs(self, batch: list[DequeuedJob]) -> None:
        self._bookkeeper.register(batch)
        for job in batch:
            self._workload.start(job, self._run_job(job))

    async def _run_job(self, job: DequeuedJob) -> None:
        try:
            try:
                await self._process_session(job)
            except RedisError as error:  # an outage is one line in the log; the sweeper finds the session
                outages.record_failure("processing of sessions", error)
                await self._bookkeeper.finish(job)
            except (Exception, asyncio.CancelledError) as error:
                is_stopped = job in self._workload.stopped
                if isinstance(error, asyncio.CancelledError) and not is_stopped:
                    raise
                # any exception of a job goes into RQ's failed registry
                await self._bookkeeper.fail(job, is_stopped=is_stopped)
            else:
                outages.record_success("processing of sessions")
                await self._bookkeeper.finish(job)
        except (RedisError, OSError) as error:
            # the session needs no RQ retry: the sweeper finds it, and RQ's maintenance cleans its registries
            log.warning("RQ job registry not updated: %s", type(error).__name__)
        finally:
            self._workload.stopped.discard(job)
        self._workload.completed_jobs += 1

    async def _process_session(self, job: DequeuedJob) -> None:
        """Process a session. Any other function is refused: Redis must not choose the code that runs."""
        processor, mailbox = self._runtime.processor, self._runtime.mailbox
        if job.session:
            if job.claim_answer is not None:
                claim = await mailbox.decode_claim(job.session, job.claim_answer, job.dequeued_at)
                if claim is None:
                    return
                if not claim.is_started and not claim.suspicion and self._workload.isolation.turn_away():
                    await mailbox.requeue(claim.lease)  # it is left to a worker without suspects
                else:
                    await processor.process_claim(claim, self._permission(claim, job.timeout_seconds))
            return  # another worker processes it
        function, arguments = job.decode_call(self._worker.serializer)
        if function != rq_layout.JOB_FUNCTION:
            raise ConfigurationError(
                f"this worker only runs {rq_layout.JOB_FUNCTION}; the queue contained {function}"
            )
        with TimeLimit(job.timeout_seconds):
            await processor.run(*arguments)

    @asynccontextmanager
    async def _permission(self, claim: Claim, seconds: float) -> AsyncIterator[None]:
        """Wait until a session may run; its time limit begins then."""
        async with self._workload.isolation.enter(claim.suspicion, is_started=claim.is_started):
            with TimeLimit(seconds):
                yield

    async def keep_alive(self) -> None:
        """Send heartbeats and run RQ's maintenance until cancelled."""
        await run_forever(self._heartbeat, _LIVENESS_SECONDS, "worker heartbeat")

    async def _heartbeat(self) -> None:
        await worker_presence.announce(self._runtime.redis, self._worker.name)
        self._suspended = await self._bookkeeper.is_suspended()
        if monotonic() - self._last_heartbeat > _HEARTBEAT_SECONDS:
            self._last_heartbeat = monotonic()
            await self._bookkeeper.heartbeat()
            if self._worker.should_run_maintenance_tasks:
                await asyncio.to_thread(self._worker.run_maintenance_tasks)
