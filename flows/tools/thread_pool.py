"""Threads for functions that block: each tool has its own, so one that hangs holds up nobody else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context

MAX_THREADS = 16


class ToolCrashed(Exception):
    """A function ended in a way that would end the whole process; the message names it."""


class DaemonThreadPool:
    """At most 16 at once; what is more waits for its turn. None of them keeps the process from ending."""

    def __init__(self) -> None:
        self._pending: dict[Future[object], Callable[[], object]] = {}
        self._thread_count = 0
        self._lock = threading.Lock()

    async def run(self, function: Callable[[], object]) -> object:
        """What `function` comes to in a thread. Who gives up waiting leaves it to run on alone."""
        context = copy_context()
        future: Future[object] = Future()
        with self._lock:
            self._pending[future] = lambda: context.run(function)
            is_new = self._thread_count < MAX_THREADS
            self._thread_count += is_new
        if is_new:
            threading.Thread(target=self._run_worker, name="turngate-tool", daemon=True).start()
        try:
            return await asyncio.wrap_future(future)
        finally:
            with self._lock:
                self._pending.pop(future, None)

    def _run_worker(self) -> None:
        while taken := self._next_job():
            future, function = taken
            if not future.set_running_or_notify_cancel():
                continue
            try:
                value = function()
            except Exception as error:
                # this one can be told to nobody who waits
                future.set_exception(
                    ToolCrashed("StopIteration") if isinstance(error, StopIteration) else error
                )
            except BaseException as error:
                future.set_exception(ToolCrashed(type(error).__name__))
            else:
                future.set_result(value)

    def _next_job(self) -> tuple[Future[object], Callable[[], object]] | None:
        with self._lock:
            if not self._pending:
                self._thread_count -= 1
                return None
            future = next(iter(self._pending))
            return future, self._pending.pop(future)
