"""RQ worker that processes many sessions on one event loop.

`rq worker --worker-class gateway.worker.AsyncWorker turns`. It speaks RQ's job protocol (rq_bookkeeping.py),
obeys `rq suspend`, warm and cold shutdown, and always reads jobs as JSON: with pickle, whoever can write to
Redis could run code here.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import suppress
from time import monotonic, sleep
from typing import Any

import uvloop
from redis.exceptions import OutOfMemoryError, ReadOnlyError, RedisError
from rq.defaults import DEFAULT_LOGGING_DATE_FORMAT, DEFAULT_LOGGING_FORMAT
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker, DequeueStrategy

from core.errors import Misconfigured
from core.time_limit import TimeLimit
from gateway.bootstrap import Runtime, open_runtime, protocol
from gateway.config.gc_tuning import collect_rarely
from gateway.config.settings import Settings
from gateway.redis import rq_layout as layout
from gateway.redis.connection import server_checks as fitness
from gateway.redis.connection.connect import open_beside
from gateway.redis.connection.retry_loop import repeat
from gateway.redis.records import worker_presence as presence
from gateway.worker.rq_bookkeeping import Ledger, Taken

log = logging.getLogger("turngate.worker")

_TAKE_WAIT = 1
_MOST_A_TAKE = 32
_FEWEST_A_TAKE = 8
_PRESENCE_SECONDS = 1.0
_BEAT_SECONDS = 10.0
_WARM_SECONDS = 60.0
_UNWRITABLE_SECONDS = 1.0


class AsyncWorker(BaseWorker):
    """Runs up to `Settings.concurrency` drains at once in one process."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "serializer": JSONSerializer})
        if len(self.queues) > 1:
            raise Misconfigured(
                "give the worker one queue: on two, RQ pops without a safety copy and a crash loses the job"
            )

    def work(
        self,
        burst: bool = False,
        logging_level: str | None = None,
        date_format: str = DEFAULT_LOGGING_DATE_FORMAT,
        log_format: str = DEFAULT_LOGGING_FORMAT,
        max_jobs: int | None = None,
        max_idle_time: int | None = None,
        with_scheduler: bool = False,
        dequeue_strategy: DequeueStrategy = DequeueStrategy.DEFAULT,
    ) -> bool:
        """Work until told to stop, or with `burst` until the queue is empty; True when any job was run."""
        settings = Settings.load()
        self._enrol(logging_level, date_format, log_format)
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                return runner.run(self._work(settings, burst, max_jobs, max_idle_time))
        finally:
            with suppress(RedisError, OSError):  # without Redis nobody can be told; RQ forgets us in time
                self.teardown()  # type: ignore[no-untyped-call]

    def _enrol(self, logging_level: str | None, date_format: str, log_format: str) -> None:
        """Enter ourselves in RQ's books; while the server takes no writes, say so and wait."""
        while True:
            try:
                self.bootstrap(logging_level, date_format, log_format)
            except (OutOfMemoryError, ReadOnlyError) as error:
                log.error("Redis takes no writes, so this worker waits to begin: %s", error)
                sleep(_UNWRITABLE_SECONDS)
            else:
                return

    async def _work(
        self, settings: Settings, burst: bool, max_jobs: int | None, max_idle_time: int | None
    ) -> bool:
        redis = open_beside(self.connection)
        await fitness.warn(redis)
        try:
            async with open_runtime(settings, redis) as runtime, asyncio.TaskGroup() as background:
                collect_rarely()
                shift = Shift(self, runtime, Ledger(self, redis, protocol(settings)), settings.concurrency)
                chores = [
                    background.create_task(runtime.sweeper.run()),
                    background.create_task(shift.live()),
                ]
                await shift.run(burst, max_jobs, max_idle_time)
                for chore in chores:
                    chore.cancel()
                return shift.done > 0
        finally:
            await redis.aclose()


class Shift:
    """One run of the worker: takes jobs while there is room, and ends warm."""

    def __init__(self, worker: AsyncWorker, runtime: Runtime, ledger: Ledger, concurrency: int) -> None:
        self._worker = worker
        self._runtime = runtime
        self._ledger = ledger
        self._room = concurrency
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._suspended = False
        self._beaten = 0.0
        self.done = 0

    async def run(self, burst: bool, max_jobs: int | None, max_idle_time: int | None) -> None:
        """Take and run jobs until a signal, an empty queue (`burst`) or one of the bounds."""
        self._listen()
        taken, idle_since = 0, monotonic()
        while not self._stopping.is_set() and (max_jobs is None or taken < max_jobs):
            await self._make_room()
            if self._stopping.is_set():
                break
            most = self._most() if max_jobs is None else min(self._most(), max_jobs - taken)
            try:
                batch = await self._ledger.take(most, 0 if burst else _TAKE_WAIT)
                await self._start(batch)
            except (RedisError, OSError) as error:
                log.warning("no jobs from Redis, will try again: %s", type(error).__name__)
                await self._rest()
                continue
            taken += len(batch)
            if batch or self._running:
                idle_since = monotonic()
            if not batch and burst:
                if not self._running:
                    break
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            if max_idle_time is not None and monotonic() - idle_since > max_idle_time:
                break
        await self._end()

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled)

    def _signalled(self) -> None:
        if self._stopping.is_set():
            log.warning("cold shutdown: %d drains are given up and will be found again", len(self._running))
            for task in self._running:
                task.cancel()
            return
        log.info("warm shutdown: finishing %d drains", len(self._running))
        self._runtime.drain.wind_down()
        self._stopping.set()

    async def _make_room(self) -> None:
        """Wait until another drain may be started: none are while the worker is full or RQ is suspended."""
        while len(self._running) >= self._room:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        while self._suspended and not self._stopping.is_set():
            await self._rest()

    def _most(self) -> int:
        """How many jobs to take at once.

        Few at first: while the next are worked on, these are written down and answered by other processes.
        With many in flight there is always somebody at work, and one call for more of them costs less.
        """
        running = len(self._running)
        return min(self._room - running, _MOST_A_TAKE, max(_FEWEST_A_TAKE, running))

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_TAKE_WAIT):
                await self._stopping.wait()

    async def _start(self, batch: list[Taken]) -> None:
        if not batch:
            return
        starting = asyncio.create_task(self._ledger.start(batch))  # sent first, but no drain waits for it
        for taken in batch:
            task = asyncio.create_task(self._perform(taken))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        await starting

    async def _perform(self, taken: Taken) -> None:
        try:
            try:
                with TimeLimit(taken.seconds):
                    await self._drain(taken)
            except Exception:  # whatever a job raises belongs into RQ's failed registry
                await self._ledger.fail(taken)
            else:
                await self._ledger.finish(taken)
        except (RedisError, OSError) as error:
            # The session is not RQ's to remember: the sweeper finds it, and RQ's maintenance its own books.
            log.warning("RQ's books about a drain could not be kept: %s", type(error).__name__)
        self.done += 1

    async def _drain(self, taken: Taken) -> None:
        """Run a drain. Any other function is refused: what Redis holds must not choose the code that runs."""
        drain, mailbox = self._runtime.drain, self._runtime.mailbox
        if taken.session:
            if taken.claimed is not None:
                await drain.work(await mailbox.claimed(taken.session, taken.claimed, taken.at))
            return  # somebody else works on it
        function, arguments = taken.call(self._worker.serializer)
        if function != layout.FUNCTION:
            raise Misconfigured(f"this worker runs {layout.FUNCTION} only; the queue held {function}")
        await drain.run(*arguments)

    async def _end(self) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=_WARM_SECONDS)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def live(self) -> None:
        """Say that this worker lives, and do RQ's maintenance, until cancelled."""
        try:
            await repeat(self._beat, _PRESENCE_SECONDS, "saying that this worker lives")
        finally:
            with suppress(RedisError, OSError):
                await presence.withdraw(self._runtime.redis, self._worker.name)

    async def _beat(self) -> None:
        await presence.announce(self._runtime.redis, self._worker.name)
        self._suspended = await self._ledger.suspended()
        if monotonic() - self._beaten > _BEAT_SECONDS:
            self._beaten = monotonic()
            await self._ledger.beat()
            if self._worker.should_run_maintenance_tasks:
                await asyncio.to_thread(self._worker.run_maintenance_tasks)
