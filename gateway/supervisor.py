"""`turngate run`: server, simulator, web and worker as one thing that starts, heals and stops together."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack

import httpx

from core.errors import Misconfigured
from gateway.children import Child
from gateway.embedded import EmbeddedServer
from gateway.settings import Settings
from gateway.wiring import build_dialog, load_channels

log = logging.getLogger("turngate.run")

_READY_SECONDS = 60.0
_WEB_SECONDS = 12.0
_WORKER_SECONDS = 30.0

Say = Callable[[str], None]


class Supervisor:
    """Everything that `turngate run` starts. Use it as `async with`; inside the block all of it is ready."""

    def __init__(self, settings: Settings, port: int, say: Say) -> None:
        self._settings = settings
        self._port = port
        self._say = say
        self._stack = AsyncExitStack()
        self.web: Child | None = None
        self.worker: Child | None = None
        self.simulated = False
        self.redis_url = settings.redis_url

    @property
    def url(self) -> str:
        """Where the web process listens."""
        return f"http://{self._settings.host}:{self._port}"

    async def __aenter__(self) -> Supervisor:
        """Start everything, in order, and wait until a message would be answered."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop everything in the reverse order: nothing accepted is lost, all of it is on disk."""
        await self._stack.aclose()

    async def _start(self) -> None:
        _check_port(self._settings.host, self._port)
        environ = {**self._settings.environ, "PORT": str(self._port)}
        if not self.redis_url:
            server = EmbeddedServer(self._settings.data_dir)
            self._say(f"starting the embedded server in {server.folder}")
            server.start()
            self._stack.callback(server.stop)
            self.redis_url = server.url
        environ["REDIS_URL"] = self.redis_url
        if not load_channels(self._settings):
            environ |= await self._simulate()
        self._say("starting web and worker")
        self.worker = await self._child("worker", environ, _WORKER_SECONDS)
        self.web = await self._child("web", environ, _WEB_SECONDS)
        await self._until_ready()

    async def _child(self, name: str, environ: dict[str, str], stop_seconds: float) -> Child:
        child = Child(name, environ)
        await child.start()
        self._stack.push_async_callback(child.stop, stop_seconds)
        return child

    async def _simulate(self) -> dict[str, str]:
        """No credentials: the provider is played by its twin, in this process."""
        raise NotImplementedError

    async def _until_ready(self) -> None:
        self._say("waiting until a message would be answered")
        async with httpx.AsyncClient() as http:
            for _ in range(int(_READY_SECONDS * 10)):
                try:
                    if (await http.get(f"{self.url}/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)
        raise Misconfigured(f"not ready after {_READY_SECONDS:.0f} s; the lines above say why")


def check_settings(settings: Settings) -> None:
    """Everything that can be wrong in the settings, found before anything is started."""
    build_dialog(settings)
    load_channels(settings)


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Misconfigured(
                f"port {port} of {host} cannot be used ({os.strerror(error.errno or 0)}); "
                f"stop what uses it, or choose another with --port"
            ) from None


async def until_signalled() -> None:
    """Wait for Ctrl-C or SIGTERM."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    await told.wait()
