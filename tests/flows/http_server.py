"""An ASGI app on a free port of loopback, in the loop of the test."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from gateway.local.loopback import open_listener


@asynccontextmanager
async def served(app: ASGIApp, tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[str]:
    """Serve `app`, over TLS if a context is given, with further options of uvicorn; yields its URL."""
    with open_listener() as listening:
        config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1, **options)
        config.load()
        config.ssl = tls
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await server.is_up.wait()
        try:
            yield f"http{'s' if tls else ''}://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()
