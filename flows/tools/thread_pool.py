"""Thread pools for blocking functions, one per tool, so that one that hangs does not block others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context

MAX_THREADS = 16


class ToolCrashed(Exception):
    """Raised when a function tried to end the whole process; the message names the exception."""


class DaemonThreadPool:
    """At most 16 daemon threads; further calls wait. None of them keeps the process from exiting."""

    def __init__(self) -> None:
        self._pending: dict[Future[object], Callable[[], object]] = {}
        self._thread_count = 0
        self._lock = threading.Lock()

    async def run(self, function: Callable[[], object]) -> object:
        """Run `function` in a thread and return its result; cancelling the caller does not stop it."""
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
        while job := self._next_job():
            future, function = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                value = function()
            except Exception as error:
                # no caller is left to receive it
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
