"""A job that a worker has taken from RQ's queue."""

from __future__ import annotations

import asyncio
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4


@dataclass(slots=True, eq=False)
class DequeuedJob:
    """A job taken from the queue, and its execution.

    `data` is the call as RQ stores it, `timeout_seconds` its time limit. `session` is the session to process,
    if `take.lua` could read it, and `claim_answer` that script's answer about it; `dequeued_at` is the
    monotonic time before the request, in seconds. `registration` registers it as started.
    """

    id: str
    data: bytes
    timeout_seconds: int
    session: str
    claim_answer: Any
    dequeued_at: float
    execution_id: str = field(default_factory=lambda: uuid4().hex)
    registration: asyncio.Task[None] | None = None

    def decode_call(self, serializer: Any) -> tuple[str, list[Any]]:
        """Decode function and arguments of the call. Raises if the data is not RQ's."""
        data = self.data
        with suppress(zlib.error):  # RQ's own client compresses, the scripts do not
            data = zlib.decompress(data)
        name, _, arguments, _ = serializer.loads(data)
        return name, arguments

    @property
    def is_registered(self) -> bool:
        """True if it was certainly registered as started."""
        registration = self.registration
        return registration is not None and not registration.cancelled() and registration.exception() is None
