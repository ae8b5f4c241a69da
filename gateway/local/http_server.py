"""HTTP server inside another program's event loop: simulators, and applications under test."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from gateway.local.loopback import open_listener

_STOP_SECONDS = 5
_DATE_SECONDS = 1.0


@contextlib.asynccontextmanager
async def serve(
    app: ASGIApp,
    port: int = 0,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    **options: Any,
) -> AsyncIterator[str]:
    """Run an application on this event loop and yield its URL; port 0 selects a free one.

    `tls` has the server's certificate; `options` are uvicorn's. Signal handlers stay with the owner of the
    loop. Raises `OSError` if the port is in use, and `RuntimeError` if the application does not start.
    """
    # bound here, because uvicorn exits the process if it cannot bind
    with contextlib.closing(open_listener(host, port)) as listener:
        chosen = {"access_log": False, "ws": "none", "timeout_graceful_shutdown": _STOP_SECONDS, **options}
        config = uvicorn.Config(app, log_config=None, **chosen)
        config.load()
        config.ssl = tls
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await server.ready.wait()
            if not server.started:
                await task
                raise RuntimeError("the application did not start; the log says why")
            yield f"http{'s' if tls else ''}://{host}:{listener.getsockname()[1]}"
        finally:
            server.stopping.set()
            await task


class _Server(uvicorn.Server):
    """uvicorn without signal handlers and without its fixed pauses; `ready`: it listens, or has failed."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self.stopping = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application and listen; a failure does not end the program."""
        try:
            await super().startup(sockets)
        except SystemExit:
            self.should_exit = True
        finally:
            self.ready.set()

    async def main_loop(self) -> None:
        """Keep the date header current until the owner stops the server."""
        while not self.stopping.is_set():
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), _DATE_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish the requests in progress, within the time of the configuration; close all connections."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if tasks := set(self.server_state.tasks):
            _, late = await asyncio.wait(tasks, timeout=self.config.timeout_graceful_shutdown)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self.lifespan.shutdown()
