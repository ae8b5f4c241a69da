"""`turngate web`."""

from __future__ import annotations

import uvicorn

from gateway.app import create
from gateway.config.gc_tuning import tune_gc
from gateway.config.logging import configure_logging
from gateway.config.settings import Settings


def web(port: int | None) -> None:
    """Serve until told to stop. Raises `ConfigurationError` before anything is opened."""
    configure_logging()
    settings = Settings.load()
    app = create()
    tune_gc()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port if port is None else port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        proxy_headers=False,  # the public address is configured; what a client claims is not believed
        server_header=False,
        timeout_graceful_shutdown=10,
    )
