"""The `turngate worker` command, the same as `rq worker --worker-class gateway.worker.AsyncWorker turns`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from redis import Redis

app = typer.Typer(add_completion=False)

_RETRY_SECONDS = 1.0


@app.command()
def worker() -> None:
    """Run a worker process: processes turns, sends replies. Uses REDIS_URL or a running `turngate run`."""
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import TimeoutError as RedisTimeoutError

    from core.errors import ConfigurationError
    from gateway.config.process_log import configure_process_logging
    from gateway.config.settings import Settings
    from gateway.redis import rq_layout
    from gateway.redis.connection.connect import open_sync_redis
    from gateway.redis.connection.outages.error_messages import describe_redis_error
    from gateway.worker import AsyncWorker

    settings = Settings.load()
    configure_process_logging(settings)
    url = settings.require_redis_url()
    connection, *others = [open_sync_redis(url, number) for number in range(settings.partitions)]
    for each in (connection, *others):
        _wait_for_server(each)
    for each in others:
        each.close()
    try:
        AsyncWorker([rq_layout.QUEUE], connection=connection).work(logging_level="WARNING")
    except (RedisConnectionError, RedisTimeoutError) as error:  # it went away before the worker ran
        raise ConfigurationError(describe_redis_error(error)) from None


def _wait_for_server(connection: Redis) -> None:
    """Wait until the server answers. Raises `ConfigurationError` when it refuses the connection."""
    import logging
    from time import sleep

    from redis.exceptions import AuthenticationError, RedisError, ResponseError

    from core.errors import ConfigurationError
    from gateway.redis.connection.outages.error_messages import describe_redis_error

    has_warned = False
    while True:
        try:
            connection.ping()
        except (AuthenticationError, ResponseError) as error:
            raise ConfigurationError(describe_redis_error(error)) from None
        except (RedisError, OSError) as error:
            if not has_warned:
                logging.getLogger("turngate.worker").warning(
                    "%s; the worker waits for it", describe_redis_error(error)
                )
                has_warned = True
            sleep(_RETRY_SECONDS)
        else:
            if has_warned:
                logging.getLogger("turngate.worker").warning("REDIS_URL: the server answers now")
            return
