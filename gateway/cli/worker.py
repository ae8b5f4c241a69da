"""`turngate worker`: the same as `rq worker --worker-class gateway.worker.AsyncWorker turns`."""

from __future__ import annotations

from redis import Redis

from gateway.config.logging import configure_logging
from gateway.config.settings import Settings
from gateway.redis import rq_layout
from gateway.worker.async_worker import AsyncWorker


def worker() -> None:
    """Work until told to stop."""
    configure_logging()
    settings = Settings.load()
    connection = Redis.from_url(settings.require_redis_url())
    AsyncWorker([rq_layout.QUEUE], connection=connection).work(logging_level="WARNING")
