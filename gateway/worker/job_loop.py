"""One run of a worker: takes jobs, runs them as tasks of one event loop, and shuts down gracefully."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic

from redis.exceptions import RedisError
from rq.worker import BaseWorker

from core.errors import ConfigurationError
from core.log_context import about
from core.ports import Claim
from core.time_limit import TimeLimit
from gateway.bootstrap import Runtime
from gateway.redis import rq_layout
from gateway.redis.connection.outage_log import outages
from gateway.redis.connection.retry_loop import run_forever
from gateway.redis.records.processes import worker_presence
from gateway.worker.isolation import IsolationGate
from gateway.worker.rq_bookkeeping import DequeuedJob, RqBookkeeper

log = logging.getLogger("turngate.worker")

_DEQUEUE_WAIT_SECONDS = 1
_MAX_JOBS_PER_DEQUEUE = 32
_MIN_JOBS_PER_DEQUEUE = 8
_GATHERING_SECONDS = 0.0005
"""Pause between two batches: jobs that arrive meanwhile are taken together."""
_LIVENESS_SECONDS = 1.0
_HEARTBEAT_SECONDS = 10.0
_WARM_SHUTDOWN_SECONDS = 60.0
_REPEATED_SIGNAL_SECONDS = 1.0


class JobLoop:
    """One run of the worker: takes jobs while there is capacity, and shuts down gracefully."""

    def __init__(
        self, worker: BaseWorker, runtime: Runtime, bookkeeper: RqBookkeeper, concurrency: int
    ) -> None:
        self._worker = worker
        self._runtime = runtime
        self._bookkeeper = bookkeeper
        self._capacity = concurrency
        self._running: dict[asyncio.Task[None], DequeuedJob] = {}
        self._stopped: set[DequeuedJob] = set()
        self._stopping = asyncio.Event()
        self._stop_requested_at = 0.0
        self._suspended = False
        self._isolation = IsolationGate()
        self._last_heartbeat = 0.0
        self.completed_jobs = 0

    async def run(self, *, burst: bool, max_jobs: int | None, max_idle_time: int | None) -> None:
        """Take and run jobs until a signal, an empty queue (`burst`) or one of the limits."""
        self._install_signal_handlers()
        await self._read_suspension()
        taken_count, idle_since = 0, monotonic()
        while not self._stopping.is_set() and (max_jobs is None or taken_count < max_jobs):
            if burst and self._suspended:
                log.warning("RQ is suspended, so the burst worker exits; jobs may be left in the queue")
                break
            await self._wait_for_capacity()
            if self._stopping.is_set():
                break
            max_jobs_to_take = (
                self._batch_size() if max_jobs is None else min(self._batch_size(), max_jobs - taken_count)
            )
            try:
                batch = await self._bookkeeper.dequeue(
                    max_jobs_to_take,
                    0 if burst else _DEQUEUE_WAIT_SECONDS,
                    starts_none=self._isolation.is_active,
                )
                self._start_jobs(batch)
                await asyncio.sleep(_GATHERING_SECONDS)
            except (RedisError, OSError) as error:
                outages.failed("taking of jobs", error)
                await self._pause()
                continue
            outages.succeeded("taking of jobs")
            taken_count += len(batch)
            if batch or self._running:
                idle_since = monotonic()
            if not batch and burst:
                if not self._running:
                    break
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            if max_idle_time is not None and monotonic() - idle_since > max_idle_time:
                break
        await self._finish_running()

    def _install_signal_handlers(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._handle_signal)

    async def _read_suspension(self) -> None:
        """Ask whether RQ is suspended, before the first job is taken; later each heartbeat asks."""
        while not self._stopping.is_set():
            try:
                self._suspended = await self._bookkeeper.is_suspended()
            except (RedisError, OSError) as error:
                outages.failed("reading of RQ's suspension", error)
                await self._pause()
            else:
                outages.succeeded("reading of RQ's suspension")
                return

    def _handle_signal(self) -> None:
        """Shut down gracefully at the first signal, at once at a later one.

        A repetition within a second is the same request: `rq worker-pool` sends one to its workers, and the
        terminal, systemd or the platform may send another to every process.
        """
        if self._stopping.is_set():
            if monotonic() - self._stop_requested_at < _REPEATED_SIGNAL_SECONDS:
                return
            log.warning(
                "cold shutdown: %d jobs abandoned; their sessions will be re-enqueued", len(self._running)
            )
            for task in self._running:
                task.cancel()
            return
        log.info("graceful shutdown: %d jobs in progress", len(self._running), extra=about("worker_stopping"))
        self._runtime.processor.shut_down()
        self._stop_requested_at = monotonic()
        self._stopping.set()

    def stop_job(self, job_id: str) -> None:
        """Stop a running job on RQ's command; its session is processed again once the lease is over."""
        for task, job in self._running.items():
            if job.id == job_id:
                log.warning("job %s is stopped on request", job_id)
                self._stopped.add(job)
                task.cancel()
                return
        log.warning("job %s does not run here; the request to stop it is ignored", job_id)

    async def _wait_for_capacity(self) -> None:
        """Wait until another session may be started; none is while the worker is full or RQ is suspended."""
        while len(self._running) >= self._capacity:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        while self._isolation.takes_no_more and self._running and not self._stopping.is_set():
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        while self._suspended and not self._stopping.is_set():
            await self._pause()

    def _batch_size(self) -> int:
        """Return how many jobs to take at once.

        Few at first: while they are processed, other processes take the next. With many in flight, one call
        for more of them costs less per job.
        """
        running = len(self._running)
        return min(self._capacity - running, _MAX_JOBS_PER_DEQUEUE, max(_MIN_JOBS_PER_DEQUEUE, running))

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_DEQUEUE_WAIT_SECONDS):
                await self._stopping.wait()

    def _start_jobs(self, batch: list[DequeuedJob]) -> None:
        self._bookkeeper.register(batch)
        for job in batch:
            task = asyncio.create_task(self._run_job(job))
            self._running[task] = job
            task.add_done_callback(self._running.pop)

    async def _run_job(self, job: DequeuedJob) -> None:
        try:
            try:
                await self._process_session(job)
            except RedisError as error:  # an outage is one line in the log; the sweeper finds the session
                outages.failed("processing of sessions", error)
                await self._bookkeeper.finish(job)
            except (Exception, asyncio.CancelledError) as error:
                is_stopped = job in self._stopped
                if isinstance(error, asyncio.CancelledError) and not is_stopped:
                    raise
                # whatever a job raises goes into RQ's failed registry
                await self._bookkeeper.fail(job, is_stopped=is_stopped)
            else:
                outages.succeeded("processing of sessions")
                await self._bookkeeper.finish(job)
        except (RedisError, OSError) as error:
            # the session needs no RQ retry: the sweeper finds it, and RQ's maintenance cleans its registries
            log.warning("RQ job registry not updated: %s", type(error).__name__)
        finally:
            self._stopped.discard(job)
        self.completed_jobs += 1

    async def _process_session(self, job: DequeuedJob) -> None:
        """Process a session. Any other function is refused: Redis must not choose the code that runs."""
        processor, mailbox = self._runtime.processor, self._runtime.mailbox
        if job.session:
            if job.claim_answer is not None:
                claim = await mailbox.decode_claim(job.session, job.claim_answer, job.dequeued_at)
                if claim is None:
                    return
                if not claim.is_started and not claim.suspicion and self._isolation.turn_away():
                    await mailbox.requeue(claim.lease)  # for a worker that has no suspects
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
        async with self._isolation.enter(claim.suspicion, is_started=claim.is_started):
            with TimeLimit(seconds):
                yield

    async def _finish_running(self) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=_WARM_SHUTDOWN_SECONDS)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

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
