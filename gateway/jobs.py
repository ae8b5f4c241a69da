"""The one RQ job. It carries only a session's id; the turns wait in the session's mailbox."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.wiring import Runtime

runtime: ContextVar[Runtime] = ContextVar("runtime")


async def drain(session: str) -> None:
    """Run a session's waiting turns and send their replies.

    Under `AsyncWorker` all drains share one runtime. Under a stock RQ worker each job builds its own.
    """
    shared = runtime.get(None)
    if shared is not None:
        await shared.drain.run(session)
        return
    await _drain_alone(session)


async def _drain_alone(session: str) -> None:
    from rq import get_current_job

    from gateway.redis.connect import open_beside
    from gateway.settings import Settings
    from gateway.wiring import open_runtime

    job = get_current_job()
    if job is None:
        raise RuntimeError("drain runs inside an RQ worker: start one with `turngate worker`")
    redis = open_beside(job.connection)
    try:
        async with open_runtime(Settings.load(), redis) as own:
            await own.drain.run(session)
            await own.sweeper.sweep()  # the stock worker has no loop of its own for this
    finally:
        await redis.aclose()
