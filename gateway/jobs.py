"""The RQ job. It carries only a session id; the turns are in the session's mailbox."""

from __future__ import annotations

import asyncio


async def drain(session: str) -> None:
    """Process a session's queued turns and send their replies, in one of RQ's own workers.

    Each job builds its own runtime there; `AsyncWorker` processes sessions itself, with one runtime for all.
    """
    from rq import get_current_job

    from core.steps import listen
    from gateway.bootstrap import open_runtime
    from gateway.config.process_log import configure_process_logging, use_shared_salt
    from gateway.config.settings import Settings
    from gateway.config.tracing import start_tracing
    from gateway.redis.connection.connect import open_async_redis
    from gateway.redis.encryption.cipher import use_cipher

    job = get_current_job()
    if job is None:
        raise RuntimeError("drain runs inside an RQ worker: start one with `turngate worker`")
    settings = Settings.load()
    configure_process_logging(settings, worker=job.worker_name or "rq")
    redis = open_async_redis(job.connection)
    use_cipher(redis, settings.encryption_ring)
    provider = start_tracing("worker")
    try:
        await use_shared_salt(redis)
        async with open_runtime(settings, redis) as own:
            with listen(own.durations):
                await own.processor.run(session)
            await own.sweeper.sweep()  # RQ's own worker runs no background tasks, so each job also sweeps
    finally:
        await redis.aclose()
        if provider is not None:  # RQ ends the job's process without its exit handlers
            await asyncio.to_thread(provider.shutdown)
