"""Steps in the processing of a message that are measured and traced: turn, model call, tool call, send.

There is no listener by default, and then a step costs less than a microsecond. The gateway adds listeners in
its own context (`listen`), so the dialog engine and the channels do not depend on metrics or tracing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Protocol

from core.errors import DeliveryError, Superseded


class StepListener(Protocol):
    """Receives every step in its context. It must not raise, and must not block."""

    def enter(self, name: str, labels: Mapping[str, str], parent: str) -> Any:
        """Begin a step; the return value is passed to `leave`.

        The values of `labels` are few: no ids and no numbers. `parent` is the trace that the step belongs to
        (`current_trace`), if it came from another process.
        """
        ...

    def leave(self, entered: Any, result: str) -> None:
        """End a step; `result` is `ok`, `cancelled`, `error`, or how a delivery failed."""
        ...

    def trace(self) -> str:
        """Return the trace of the present step, for another process to continue; empty if there is none."""
        ...


_listeners: ContextVar[tuple[StepListener, ...]] = ContextVar("step_listeners", default=())


class Step:
    """Context manager of one step: `with Step("send", {"channel": "twilio"}): …`."""

    __slots__ = ("_entered", "_labels", "_name", "_parent")

    _entered: Sequence[tuple[StepListener, Any]]

    def __init__(self, name: str, labels: Mapping[str, str], parent: str = "") -> None:
        self._name = name
        self._labels = labels
        self._parent = parent

    def __enter__(self) -> None:
        listeners = _listeners.get()
        self._entered = (
            [(each, each.enter(self._name, self._labels, self._parent)) for each in listeners]
            if listeners
            else ()
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._entered:
            result = _describe_result(error)
            for listener, entered in reversed(self._entered):
                listener.leave(entered, result)


def add_listener(listener: StepListener) -> None:
    """Add a listener for the steps of this context and of the tasks that are started in it."""
    _listeners.set((*_listeners.get(), listener))


def current_trace() -> str:
    """Return the trace of the present step, for another process to continue; empty unless it is traced."""
    for listener in _listeners.get():
        if trace := listener.trace():
            return trace
    return ""


@contextmanager
def listen(listener: StepListener) -> Iterator[None]:
    """Add a listener for the steps of the block and of the tasks that are started in it."""
    token = _listeners.set((*_listeners.get(), listener))
    try:
        yield
    finally:
        _listeners.reset(token)


def _describe_result(error: BaseException | None) -> str:
    if error is None:
        return "ok"
    if isinstance(error, asyncio.CancelledError | Superseded):
        return "cancelled"
    return type(error).__name__.lower() if isinstance(error, DeliveryError) else "error"
