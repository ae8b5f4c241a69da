"""Threads for functions that block: each tool has its own, so one that hangs holds up nobody else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context

MOST_THREADS = 16


class Broken(Exception):
    """A function ended in a way that would end the whole process; the message names it."""


class Threads:
    """At most 16 at once; what is more waits for its turn. None of them keeps the process from ending."""

    def __init__(self) -> None:
        self._waiting: dict[Future[object], Callable[[], object]] = {}
        self._running = 0
        self._lock = threading.Lock()

    async def run(self, function: Callable[[], object]) -> object:
        """What `function` comes to in a thread. Who gives up waiting leaves it to run on alone."""
        context = copy_context()
        future: Future[object] = Future()
        with self._lock:
            self._waiting[future] = lambda: context.run(function)
            is_new = self._running < MOST_THREADS
            self._running += is_new
        if is_new:
            threading.Thread(target=self._work, name="turngate-tool", daemon=True).start()
        try:
            return await asyncio.wrap_future(future)
        finally:
            with self._lock:
                self._waiting.pop(future, None)

    def _work(self) -> None:
        while taken := self._next():
            future, function = taken
            if not future.set_running_or_notify_cancel():
                continue
            try:
                value = function()
            except Exception as error:
                # this one can be told to nobody who waits
                future.set_exception(Broken("StopIteration") if isinstance(error, StopIteration) else error)
            except BaseException as error:
                future.set_exception(Broken(type(error).__name__))
            else:
                future.set_result(value)

    def _next(self) -> tuple[Future[object], Callable[[], object]] | None:
        with self._lock:
            if not self._waiting:
                self._running -= 1
                return None
            future = next(iter(self._waiting))
            return future, self._waiting.pop(future)
