"""The `turngate web` command."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def web(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on (default: PORT, or 8000).")
    ] = None,
) -> None:
    """Run a web process: webhooks, HTTP API and console. Uses REDIS_URL or a running `turngate run`."""
    import logging

    import uvicorn

    from core.log_context import log_extra
    from gateway.app import create
    from gateway.bootstrap import load_channels, load_operator_access
    from gateway.cli.processes._operator_key import describe_key
    from gateway.config.gc_tuning import tune_gc
    from gateway.config.process_log import configure_process_logging, describe_start
    from gateway.config.settings import Settings
    from gateway.local.loopback import resolve_port
    from gateway.local.simulated_accounts import parse_simulator_urls
    from gateway.server.bounded_http import bounded_protocol
    from gateway.server.connection_table import ConnectionLimits

    settings = Settings.load()
    configure_process_logging(settings)
    _admit_data(settings.require_redis_url(), settings.partitions)
    channels = load_channels(settings)
    access = load_operator_access(settings, channels, parse_simulator_urls(settings.environ))
    application = create()
    listening = resolve_port(settings.host, settings.port if port is None else port)
    if access.generated is not None and access.generated.is_new:
        address = f"http://{settings.host}:{listening}/console"
        typer.echo(f"Console  {address}\nKey      {describe_key(access)}")
    tune_gc()
    logging.getLogger("turngate.web").info(
        describe_start("web", settings, channels, f"http://{settings.host}:{listening}"),
        extra=log_extra("web_started"),
    )
    uvicorn.run(
        application,
        host=settings.host,
        port=listening,
        log_config=None,  # uvicorn's log lines are rendered by our formatter
        loop="uvloop",
        http=bounded_protocol(ConnectionLimits(peer_connections=settings.peer_connections)),
        ws="none",
        access_log=False,
        log_level="warning",
        proxy_headers=False,  # PUBLIC_URL is configured; forwarding headers are not trusted
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def _admit_data(url: str, partitions: int) -> None:
    """Raise `ConfigurationError` if this process cannot run on the data; an absent server may come later."""
    import asyncio
    from contextlib import suppress

    from redis.exceptions import NoPermissionError, RedisError

    from gateway.partitions.layout import admit_layout
    from gateway.redis.connection.checks.server_checks import check_no_lone_node
    from gateway.redis.connection.connect import open_partitions
    from gateway.redis.records.processes.process_versions import admit

    async def ask() -> None:
        stores = open_partitions(url, partitions)
        try:
            with suppress(RedisError, OSError):
                with suppress(NoPermissionError):  # a user without INFO
                    await check_no_lone_node(stores[0])
                await admit_layout(stores[0], partitions, claims=True)
                for redis in stores:
                    await admit(redis)
        finally:
            for redis in stores:
                await redis.aclose()

    asyncio.run(ask())
