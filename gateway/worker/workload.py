"""Workload of a worker: the sessions that it runs at once, from all partitions, and how it shuts down."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Sequence
from time import monotonic
from typing import Any

from core.log_context import log_extra
from gateway.worker.dequeued_job import DequeuedJob
from gateway.worker.isolation import IsolationGate
from gateway.worker.job_permits import JobPermits

log = logging.getLogger("turngate.worker")

_MAX_JOBS_PER_DEQUEUE = 32
_MIN_JOBS_PER_DEQUEUE = 8
_WARM_SHUTDOWN_SECONDS = 60.0
_REPEATED_SIGNAL_SECONDS = 1.0


class Workload:
    """The running jobs of one process, bounded by its capacity; `partitions` share it."""

    def __init__(
        self, capacity: int, on_stop: Sequence[Callable[[], None]], permits: JobPermits | None = None
    ) -> None:
        """Create a workload; `on_stop` are called when a graceful shutdown begins, one for each partition.

        `permits` bound what several partitions take together.
        """
        self.permits = permits
        self._capacity = capacity
        self._partitions = len(on_stop)
        self._on_stop = on_stop
        self._has_capacity = asyncio.Event()
        self._stop_requested_at = 0.0
        self._idle_since = monotonic()
        self.running: dict[asyncio.Task[None], DequeuedJob] = {}
        self.stopped: set[DequeuedJob] = set()
        self.stopping = asyncio.Event()
        self.isolation = IsolationGate()
        self.taken_count = 0
        self.completed_jobs = 0

    def install_signal_handlers(self) -> None:
        """Shut down at SIGTERM and SIGINT."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._handle_signal)

    @property
    def idle_seconds(self) -> float:
        """Seconds since a job was taken or ran."""
        return 0.0 if self.running else monotonic() - self._idle_since

    def record_taken(self, count: int) -> None:
        """Count jobs that were taken."""
        self.taken_count += count
        if count or self.running:
            self._idle_since = monotonic()

    def batch_size(self) -> int:
        """Return how many jobs to take at once from one partition.

        Few at first, so that other processes take the next ones. With many in flight, larger batches cost
        less per job. No partition takes more than its share of the free capacity.
        """
        running = len(self.running)
        free = max(self._capacity - running, self._partitions) // self._partitions
        return min(free, _MAX_JOBS_PER_DEQUEUE, max(_MIN_JOBS_PER_DEQUEUE, running))

    async def wait_for_capacity(self) -> None:
        """Wait until another job may be started.

        All partitions that wait go on then, so there may be one job more for each of them.
        """
        while len(self.running) >= self._capacity:
            await self._has_capacity.wait()

    def start(self, job: DequeuedJob, work: Coroutine[Any, Any, None]) -> None:
        """Run a job as a task."""
        task = asyncio.create_task(work)
        self.running[task] = job
        if len(self.running) >= self._capacity:
            self._has_capacity.clear()
        task.add_done_callback(self._remove)

    def stop_job(self, job_id: str) -> None:
        """Stop a running job on RQ's command; its session is processed again once the lease has expired."""
        for task, job in self.running.items():
            if job.id == job_id:
                log.warning("job %s is stopped on request", job_id)
                self.stopped.add(job)
                task.cancel()
                return
        log.warning("job %s does not run here; the request to stop it is ignored", job_id)

    async def finish(self) -> None:
        """Wait for the running jobs, and cancel those that take too long."""
        if self.running:
            await asyncio.wait(self.running, timeout=_WARM_SHUTDOWN_SECONDS)
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)

    def _remove(self, task: asyncio.Task[None]) -> None:
        del self.running[task]
        if len(self.running) < self._capacity:
            self._has_capacity.set()

    def _handle_signal(self) -> None:
        """Shut down gracefully at the first signal, at once at a later one.

        A repetition within a second is the same request: `rq worker-pool` sends one to its workers, and the
        terminal, systemd or the platform may send another to every process.
        """
        if self.stopping.is_set():
            if monotonic() - self._stop_requested_at < _REPEATED_SIGNAL_SECONDS:
                return
            log.warning(
                "cold shutdown: %d jobs abandoned; their sessions will be re-enqueued", len(self.running)
            )
            for task in self.running:
                task.cancel()
            return
        log.info(
            "graceful shutdown: %d jobs in progress", len(self.running), extra=log_extra("worker_stopping")
        )
        for stop in self._on_stop:
            stop()
        self._stop_requested_at = monotonic()
        self.stopping.set()
