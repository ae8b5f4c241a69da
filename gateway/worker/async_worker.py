"""RQ worker that processes many sessions on one event loop.

`rq worker --worker-class gateway.worker.AsyncWorker turns`. It speaks RQ's job protocol (rq_bookkeeping.py),
obeys `rq suspend`, RQ's commands, warm and cold shutdown, and always reads jobs as JSON: with pickle, whoever
can write to Redis could run code here.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from multiprocessing import current_process
from time import sleep
from typing import Any, NoReturn

import uvloop
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError
from rq.command import parse_payload
from rq.defaults import DEFAULT_LOGGING_DATE_FORMAT, DEFAULT_LOGGING_FORMAT
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker, DequeueStrategy

from core.log_context import log_extra
from core.steps import add_listener
from gateway.bootstrap import Runtime, build_protocol_limits, load_channels, open_runtimes
from gateway.config.gc_tuning import tune_gc
from gateway.config.process_log import (
    configure_process_logging,
    describe_process,
    describe_start,
    use_shared_salt,
)
from gateway.config.settings import Settings
from gateway.config.tracing import start_tracing
from gateway.partitions.layout import admit_layout
from gateway.redis import rq_layout
from gateway.redis.connection.checks import server_checks
from gateway.redis.connection.connect import open_async_redis, open_sync_partition
from gateway.redis.connection.outages.outage_log import outages
from gateway.redis.connection.outages.write_refusal import describe_refusal
from gateway.redis.encryption.cipher import use_cipher
from gateway.redis.records.processes import process_versions, worker_presence
from gateway.worker.job_loop import JobLoop
from gateway.worker.job_permits import JobPermits
from gateway.worker.rq_bookkeeping import RqBookkeeper
from gateway.worker.workload import Workload

log = logging.getLogger("turngate.worker")

_REGISTER_RETRY_SECONDS = 1.0
_STOP_COMMANDS = ("stop-job", "stop-execution")


def _refuse_start(sentence: str) -> NoReturn:
    """Exit with a message, and end the `rq worker-pool` that would restart the process repeatedly."""
    sys.stderr.write(f"turngate: {sentence}\n")
    sys.stderr.flush()
    if "WorkerPool" in current_process().name:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the pool's reaction
        os.kill(os.getppid(), signal.SIGTERM)
    raise SystemExit(1)


class AsyncWorker(BaseWorker):
    """Processes up to `Settings.concurrency` sessions concurrently in one process."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "serializer": JSONSerializer})
        if len(self.queues) > 1:
            _refuse_start(
                "the worker takes exactly one queue: with several, RQ pops jobs without a safety copy and a "
                f"crash loses them; start it on {rq_layout.QUEUE!r} only"
            )
        name = self.queues[0].name
        if name != rq_layout.QUEUE:
            _refuse_start(
                f"the worker was started on the queue {name!r}, but all jobs are in {rq_layout.QUEUE!r}; "
                f"start it with `rq worker --worker-class gateway.worker.AsyncWorker {rq_layout.QUEUE}`"
            )
        self._stop_job: Callable[[str], object] | None = None

    def work(  # noqa: PLR0913 - RQ's signature
        self,
        burst: bool = False,  # noqa: FBT001, FBT002 - RQ's signature
        logging_level: str | None = None,
        date_format: str = DEFAULT_LOGGING_DATE_FORMAT,
        log_format: str = DEFAULT_LOGGING_FORMAT,
        max_jobs: int | None = None,
        max_idle_time: int | None = None,
        with_scheduler: bool = False,  # noqa: FBT001, FBT002 - RQ's signature
        dequeue_strategy: DequeueStrategy = DequeueStrategy.DEFAULT,
    ) -> bool:
        """Work until stopped, or with `burst` until the queue is empty; return whether any job was run.

        `with_scheduler` starts RQ's scheduler as RQ's own worker does. `max_jobs` counts the jobs of all
        partitions.
        """
        settings = Settings.load()
        configure_process_logging(settings, worker=self.name)
        with suppress(RedisError, OSError):  # wait for a server that does not answer
            if problem := server_checks.describe_lone_node(self.connection):
                _refuse_start(problem)
        log.info(
            describe_start("worker", settings, load_channels(settings)), extra=log_extra("worker_started")
        )
        self._register(lambda: self.bootstrap(logging_level, date_format, log_format))
        registrations = [
            self,
            *(PartitionRegistration.open(self, number) for number in range(1, settings.partitions)),
        ]
        try:
            if with_scheduler:
                self._start_scheduler(burst, logging_level, date_format, log_format)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                return runner.run(
                    self._run_job_loops(
                        settings, registrations, burst=burst, max_jobs=max_jobs, max_idle_time=max_idle_time
                    )
                )
        finally:
            for each in registrations:
                # without Redis the worker cannot be deregistered; RQ expires it by itself
                with suppress(RedisError, OSError):
                    each.teardown()  # type: ignore[no-untyped-call]
                    worker_presence.withdraw(each.connection, self.name)

    def handle_payload(self, message: Any) -> None:
        """Handle a command, in RQ's pub/sub thread. Jobs are tasks here; there is no process to kill.

        An unreadable command is ignored: an error would end the thread, and later commands would be lost.
        """
        try:
            payload = parse_payload(message)
            command = payload["command"]
        except (ValueError, TypeError, LookupError):
            log.warning("a command to this worker cannot be read; it is ignored")
            return
        if command not in _STOP_COMMANDS:
            super().handle_payload(message)  # type: ignore[no-untyped-call]
        elif self._stop_job is not None:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                self._stop_job(str(payload.get("job_id", "")))

    def _register(self, give_birth: Callable[[], object]) -> None:
        """Register in RQ's worker registry; while the server refuses writes, log it and wait."""
        while True:
            try:
                worker_presence.register(self.connection, self.name)
                give_birth()
            except ResponseError as error:
                if not describe_refusal(error):
                    raise
                outages.record_failure("start of the worker", error)
                sleep(_REGISTER_RETRY_SECONDS)
            else:
                outages.record_success("start of the worker")
                return

    async def _run_job_loops(
        self,
        settings: Settings,
        registrations: Sequence[BaseWorker],
        *,
        burst: bool,
        max_jobs: int | None,
        max_idle_time: int | None,
    ) -> bool:
        """Take jobs from every partition; `registrations` register this worker with RQ in each of them."""
        stores = [open_async_redis(each.connection) for each in registrations]
        try:
            await _prepare_stores(settings, stores)
            async with open_runtimes(settings, stores) as runtimes, asyncio.TaskGroup() as background:
                start_tracing("worker")
                add_listener(runtimes[0].durations)
                tune_gc()
                limits = build_protocol_limits(settings)
                workload = Workload(
                    settings.concurrency,
                    on_stop=[each.processor.shut_down for each in runtimes],
                    permits=JobPermits(max_jobs) if max_jobs is not None and len(registrations) > 1 else None,
                )
                job_loops = [
                    JobLoop(worker, runtime, RqBookkeeper(worker, runtime.redis, limits), workload)
                    for worker, runtime in zip(registrations, runtimes, strict=True)
                ]
                loop = asyncio.get_running_loop()
                self._stop_job = lambda job: loop.call_soon_threadsafe(workload.stop_job, job)
                works = [
                    *_list_background_work(runtimes, settings, stores[0]),
                    *(each.keep_alive() for each in job_loops),
                ]
                tasks = [background.create_task(each) for each in works]
                workload.install_signal_handlers()
                await asyncio.gather(
                    *(
                        each.run(burst=burst, max_jobs=max_jobs, max_idle_time=max_idle_time)
                        for each in job_loops
                    )
                )
                await workload.finish()
                for task in tasks:
                    task.cancel()
                return workload.completed_jobs > 0
        finally:
            self._stop_job = None
            for redis in stores:
                await redis.aclose()


async def _prepare_stores(settings: Settings, stores: Sequence[Redis]) -> None:
    """Check that this release can run on what is stored; raises `ConfigurationError` if it cannot."""
    home = stores[0]
    for redis in stores:
        use_cipher(redis, settings.encryption_ring)
    await use_shared_salt(home)
    await server_checks.log_warnings(home)
    await admit_layout(home, settings.partitions, claims=True)
    for redis in stores:
        await process_versions.admit(redis)


def _list_background_work(
    runtimes: Sequence[Runtime], settings: Settings, home: Redis
) -> Iterator[Coroutine[Any, Any, None]]:
    """Yield the background tasks: those of every partition, and those that run once."""
    for runtime in runtimes:
        yield from (runtime.sweeper.run(), runtime.hooks.run(), runtime.broadcasts.run())
    yield runtimes[0].templates.run()
    yield runtimes[0].durations.run()
    if budgets := runtimes[0].budgets:
        yield budgets.run()
    yield process_versions.keep_announcing(home, describe_process("worker", settings))


class PartitionRegistration(AsyncWorker):
    """Registers the worker with RQ in a further partition, under the same name, without commands."""

    @classmethod
    def open(cls, worker: AsyncWorker, number: int) -> PartitionRegistration:
        """Register the worker in a partition; while the server refuses writes, log it and wait."""
        connection = open_sync_partition(worker.connection, number)
        registration = cls([rq_layout.QUEUE], name=worker.name, connection=connection)
        registration._register(registration.register_birth)
        return registration
