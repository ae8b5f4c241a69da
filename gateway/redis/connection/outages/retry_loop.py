"""Runs a periodic step until cancelled, and retries after errors of the store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from redis.exceptions import RedisError

from core.errors import EncryptionKeyMissing, StorageUnavailable
from gateway.redis.connection.outages.outage_log import outages


async def run_forever(step: Callable[[], Awaitable[object]], pause: float, description: str) -> None:
    """Await `step` every `pause` seconds until cancelled; `description` names it in the log when it fails.

    A cancellation during a wait for Redis may surface as a connection error, so the task's own cancellation
    flag is checked after every step.
    """
    task = asyncio.current_task()
    assert task is not None, "run_forever runs in a task"
    try:
        while True:
            try:
                await step()
            except (RedisError, OSError, StorageUnavailable, EncryptionKeyMissing) as error:
                if not task.cancelling():
                    outages.record_failure(description, error)
            else:
                outages.record_success(description)
            if task.cancelling():
                raise asyncio.CancelledError
            await asyncio.sleep(pause)
    finally:
        outages.forget(description)
