"""The one RQ job. It carries only a session's id; the turns wait in the session's mailbox."""

from __future__ import annotations


async def drain(session: str) -> None:
    """Run a session's waiting turns and send their replies, in a stock RQ worker.

    Each job builds a runtime of its own there. `AsyncWorker` runs drains itself, with one for all.
    """
    from rq import get_current_job

    from gateway.bootstrap import open_runtime
    from gateway.config.settings import Settings
    from gateway.redis.connection.connect import open_async_redis

    job = get_current_job()
    if job is None:
        raise RuntimeError("drain runs inside an RQ worker: start one with `turngate worker`")
    redis = open_async_redis(job.connection)
    try:
        async with open_runtime(Settings.load(), redis) as own:
            await own.processor.run(session)
            await own.sweeper.sweep()  # the stock worker has no loop of its own for this
    finally:
        await redis.aclose()
