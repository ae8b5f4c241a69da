"""Timeouts that share one event-loop timer.

A turn has three nested timeouts, and `asyncio.timeout` creates and cancels a timer for each, which costs more
than any other single step of a turn.
"""

from __future__ import annotations

import asyncio
from math import inf
from types import TracebackType
from typing import Self


class TimeLimit:
    """Timeout of a block inside a task, as exact as `asyncio.timeout`: `with TimeLimit(seconds):`.

    Raises `TimeoutError` after `seconds`; a cancellation from elsewhere stays `CancelledError`.
    """

    __slots__ = ("_clock", "_is_over", "_seconds", "_task", "_wanted_before", "at")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> Self:
        """Start the timeout. Raises `RuntimeError` outside a task."""
        self._clock = clock = _get_scheduler()
        task = asyncio.current_task(clock.loop)
        if task is None:
            raise RuntimeError("TimeLimit must be used inside a task")
        self._task, self._wanted_before, self._is_over = task, task.cancelling(), False
        self.at = clock.loop.time() + self._seconds
        clock.limits.add(self)
        if self.at < clock.due:
            clock.schedule(self.at)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the timeout; the task is not cancelled any more."""
        self._clock.limits.discard(self)
        if self._is_over and self._task.uncancel() <= self._wanted_before and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        """Cancel the task because its time is up."""
        self._is_over = True
        self._task.cancel()


class _LimitScheduler:
    """Active timeouts of one event loop. Its timer is due with the earliest, which may have ended already."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.limits: set[TimeLimit] = set()
        self.due = inf
        self._timer: asyncio.TimerHandle | None = None

    def schedule(self, due: float) -> None:
        """Set the timer to this time."""
        if self._timer is not None:
            self._timer.cancel()
        self.due, self._timer = due, self.loop.call_at(due, self._expire_due)

    def _expire_due(self) -> None:
        now = self.loop.time()
        self.due, self._timer = inf, None
        for limit in [limit for limit in self.limits if limit.at <= now]:
            self.limits.discard(limit)
            limit.expire()
        if self.limits:
            self.schedule(min(limit.at for limit in self.limits))


_current_scheduler: _LimitScheduler | None = None


def _get_scheduler() -> _LimitScheduler:
    """Return the running loop's scheduler.

    Loops that alternate get a new one each time; the limits of the earlier scheduler stay active.
    """
    global _current_scheduler
    loop = asyncio.get_running_loop()
    if _current_scheduler is None or _current_scheduler.loop is not loop:
        _current_scheduler = _LimitScheduler(loop)
    return _current_scheduler
