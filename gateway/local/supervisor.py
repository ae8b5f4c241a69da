"""Supervisor of `turngate run`: starts, restarts and stops server, simulators, web and worker."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

import httpx

from core.errors import ConfigurationError
from gateway.access.exposure import EXPOSED_VARIABLE, OperatorAccess
from gateway.bootstrap import build_dialogs, load_channels, load_operator_access
from gateway.config.channel_config import ConfigFile
from gateway.config.settings import Settings
from gateway.http.clients import provider_client
from gateway.local.child_process import SupervisedProcess, check_configured
from gateway.local.http_server import serve
from gateway.local.loopback import resolve_port
from gateway.local.simulated_accounts import (
    URL_VARIABLE,
    create_simulated_accounts,
    format_simulator_urls,
    write_simulated_settings,
)
from gateway.local.simulator_server import SimulatorServer
from gateway.local.webhook_dispatcher import MAX_FILE_BYTES
from gateway.redis.server.embedded_server import EmbeddedRedis

log = logging.getLogger("turngate.run")

_READY_SECONDS = 60.0
_PROGRESS_SECONDS = 5.0
_WEB_STOP_SECONDS = 12.0
_WORKER_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.2

WriteLine = Callable[[str], None]


class Supervisor:
    """Everything that `turngate run` starts. Use it as `async with`; inside the block all of it is ready.

    `stop_requested` is set by Ctrl-C or SIGTERM, also during start-up; a second one kills the children
    without waiting for turns in progress.
    """

    def __init__(
        self, settings: Settings, port: int, simulated: Sequence[str], write_line: WriteLine
    ) -> None:
        """Prepare the start; `simulated` are the channels whose provider is simulated."""
        self._settings = settings
        self._simulated = simulated
        self._port = port
        self._write_line = write_line
        self._stack = AsyncExitStack()
        self._children: list[SupervisedProcess] = []
        self.stop_requested = asyncio.Event()
        self.simulated_channels: tuple[str, ...] = ()
        self.redis_url = settings.redis_url
        self.access = OperatorAccess()

    @property
    def url(self) -> str:
        """URL of the web process for a browser on this machine."""
        host = self._settings.host
        if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
            host = "127.0.0.1"
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    async def __aenter__(self) -> Supervisor:
        """Start everything in order, and wait until a message would be answered."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._handle_signal)
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop everything in reverse order. No accepted message is lost: all are on disk."""
        await self._stack.aclose()

    def _handle_signal(self) -> None:
        if self.stop_requested.is_set():
            for child in self._children:
                child.force_stop()
        self.stop_requested.set()

    async def _start(self) -> None:
        self._port = resolve_port(self._settings.host, self._port)
        environ = {**self._settings.variables, "PORT": str(self._port)}
        if not self.redis_url:
            self._start_server()
            environ["REDIS_URL"] = self.redis_url
        if not self._settings.web_token_secret.get_secret_value():
            environ["TURNGATE_WEB_TOKEN_SECRET"] = secrets.token_hex(32)
        channels = load_channels(self._settings)
        self.access = load_operator_access(self._settings, channels)
        if self.access.exposure:
            environ[EXPOSED_VARIABLE] = self.access.exposure
        if self._simulated:
            environ |= await self._start_simulators(has_real=bool(channels))
        self._write_line("starting web and worker")
        await self._start_child("worker", environ, _WORKER_STOP_SECONDS)
        await self._start_child("web", environ, _WEB_STOP_SECONDS)
        await self._wait_until_ready()

    def _start_server(self) -> None:
        server = EmbeddedRedis(self._settings.data_dir, binary=self._settings.redis_binary)
        self._write_line(f"starting the embedded Redis in {server.folder}")
        server.start()
        self._stack.callback(server.stop)
        restart_loop = asyncio.create_task(_restart_server_loop(server))
        self._stack.callback(restart_loop.cancel)
        self.redis_url = server.url

    async def _start_child(self, name: str, environ: dict[str, str], stop_seconds: float) -> None:
        child = SupervisedProcess(name, environ)
        await child.start()
        self._children.append(child)
        self._stack.push_async_callback(child.stop, stop_seconds)

    async def _start_simulators(self, *, has_real: bool) -> dict[str, str]:
        """Serve the providers' simulators and return the environment variables that point to them.

        Webhooks are signed for PUBLIC_URL, if it is set, and delivered here.
        """
        public_url = self._settings.public_url.rstrip("/") or self.url
        accounts = create_simulated_accounts(public_url, self._simulated)
        self.simulated_channels = tuple(accounts)
        reason = "as asked" if has_real else "no credentials set"
        self._write_line(f"{reason}; simulating: {', '.join(self.simulated_channels)}")
        http = await self._stack.enter_async_context(provider_client(2 * MAX_FILE_BYTES))
        environ = {"PUBLIC_URL": public_url}
        urls: dict[str, str] = {}
        for name, account in accounts.items():
            server = SimulatorServer(account.simulator, http, reroute=(public_url, self.url))
            urls[name] = await self._stack.enter_async_context(serve(server))
            environ |= account.settings(urls[name])
        file = write_simulated_settings(self._settings.data_dir, environ)
        self._stack.callback(file.unlink, missing_ok=True)
        return {**environ, URL_VARIABLE: format_simulator_urls(urls)}

    async def _wait_until_ready(self) -> None:
        """Wait for readiness. Raises `ConfigurationError` with the last reason after a timeout."""
        self._write_line("waiting for readiness")
        loop = asyncio.get_running_loop()
        end, next_progress_at = loop.time() + _READY_SECONDS, loop.time() + _PROGRESS_SECONDS
        async with httpx.AsyncClient(trust_env=False) as http:
            while not self.stop_requested.is_set() and (reason := await _readiness_problem(http, self.url)):
                check_configured(self._children)
                if loop.time() > end:
                    raise ConfigurationError(f"not ready after {_READY_SECONDS:.0f} s: {reason}")
                if loop.time() > next_progress_at:
                    next_progress_at += _PROGRESS_SECONDS
                    self._write_line(f"still waiting: {reason}")
                await asyncio.sleep(0.1)


def check_settings(settings: Settings) -> None:
    """Check all settings before anything is started. Raises `ConfigurationError`."""
    if settings.partitions > 1 and not settings.redis_url:
        raise ConfigurationError(
            "TURNGATE_PARTITIONS: the server that this command starts has one partition; name a cluster in "
            "REDIS_URL, or unset it"
        )
    build_dialogs(settings, ConfigFile.load(settings.config_path))
    load_channels(settings)


async def _readiness_problem(http: httpx.AsyncClient, url: str) -> str:
    """Return the web process's own explanation; empty if it is ready."""
    try:
        answer = await http.get(f"{url}/readyz?workers=1")
    except httpx.TransportError:
        return "the web process does not answer yet"
    return "" if answer.status_code == 200 else str(answer.json()["error"]["message"])


async def _restart_server_loop(server: EmbeddedRedis) -> None:
    """Restart the embedded server whenever it exits; acknowledged data is on its disk."""
    while True:
        await asyncio.sleep(_POLL_SECONDS)
        if server.is_alive:
            continue
        log.warning("the embedded server exited; restarting")
        server.stop()
        try:
            server.start()  # not in another thread: the server stops when the thread that started it ends
        except ConfigurationError as error:
            log.error("%s", error)
