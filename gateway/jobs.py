"""The RQ job. It carries only a session id; the turns are in the session's mailbox."""

from __future__ import annotations


async def drain(session: str) -> None:
    """Process a session's queued turns and send their replies, in one of RQ's own workers.

    Each job builds its own runtime there; `AsyncWorker` processes sessions itself, with one runtime for all.
    """
    from rq import get_current_job

    from core.steps import listen
    from gateway.bootstrap import open_runtime
    from gateway.config.settings import Settings
    from gateway.redis.connection.connect import open_async_redis

    job = get_current_job()
    if job is None:
        raise RuntimeError("drain runs inside an RQ worker: start one with `turngate worker`")
    redis = open_async_redis(job.connection)
    try:
        async with open_runtime(Settings.load(), redis) as own:
            with listen(own.durations):
                await own.processor.run(session)
            await own.sweeper.sweep()  # RQ's own worker runs no background tasks, so each job also sweeps
    finally:
        await redis.aclose()
