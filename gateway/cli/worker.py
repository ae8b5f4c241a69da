"""The `turngate worker` command, the same as `rq worker --worker-class gateway.worker.AsyncWorker turns`."""

from __future__ import annotations

import typer

app = typer.Typer(add_completion=False)


@app.command()
def worker() -> None:
    """Run a worker process: processes turns, sends replies. Uses REDIS_URL or a running `turngate run`."""
    from redis import Redis

    from gateway.config.logging import configure_logging
    from gateway.config.settings import Settings
    from gateway.redis import rq_layout
    from gateway.worker import AsyncWorker

    configure_logging()
    connection = Redis.from_url(Settings.load().require_redis_url())
    AsyncWorker([rq_layout.QUEUE], connection=connection).work(logging_level="WARNING")
