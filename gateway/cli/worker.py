"""`turngate worker`: the same as `rq worker --worker-class gateway.worker.AsyncWorker turns`."""

from __future__ import annotations

from redis import Redis

from gateway.config.logging import configure
from gateway.config.settings import Settings
from gateway.redis import rq_layout as layout
from gateway.worker.async_worker import AsyncWorker


def worker() -> None:
    """Work until told to stop."""
    configure()
    settings = Settings.load()
    connection = Redis.from_url(settings.redis_url_required())
    AsyncWorker([layout.QUEUE], connection=connection).work(logging_level="WARNING")
