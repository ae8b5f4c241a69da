"""Gateway processes that are killed often, so they fork from a server that has imported everything."""

from __future__ import annotations

import asyncio
import os
import runpy
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from gateway.storm.servers.network import VirtualHost

_RESTART_SECONDS = 0.1
_PRELOADED_MODULES = [
    "gateway.app",
    "gateway.cli",
    "gateway.storm.processes.clock_skew",
    "gateway.storm.processes.deadly_text",
    "gateway.storm.processes.forked_process",
    "gateway.storm.servers.network",
    "gateway.storm.processes.turn_delay",
    "gateway.worker",
    "channels.twilio",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.lifespan.on",
]


class ForkedProcess:
    """`turngate <name>`, restarted whenever it exits; its output is appended to `log`.

    With the checkout of an `other_release`, `change_release` makes it run that one, or this one again.
    """

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        name: str,
        environ: Mapping[str, str],
        log: Path,
        *,
        clock_off: float = 0.0,
        turn_delay: float = 0.0,
        deadly_text: str = "",
        host: VirtualHost | None = None,
        other_release: str = "",
    ) -> None:
        self.name = name
        self.host = host
        self.is_other_release = False
        self._other_release = other_release
        namespace = host.namespace if host else ""
        self._arguments = (name, dict(environ), str(log), clock_off, turn_delay, deadly_text, namespace)
        self._process: ForkServerProcess | None = None
        self._restart_task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Process id, or `None` while none runs."""
        return self._process.pid if self._process and self._process.is_alive() else None

    async def start(self) -> None:
        """Start the process and keep restarting it whenever it exits."""
        await self._spawn()
        self._restart_task = asyncio.create_task(self._restart_loop())

    async def stop(self, seconds: float = 15.0) -> None:
        """Stop restarting, send SIGTERM, and SIGKILL after `seconds`."""
        if self._restart_task is not None:
            self._restart_task.cancel()
            with suppress(asyncio.CancelledError):
                await self._restart_task
        if self._process is None:
            return
        self.signal(signal.SIGTERM)
        await asyncio.to_thread(self._process.join, seconds)
        if self._process.is_alive():
            self.signal(signal.SIGKILL)
            await asyncio.to_thread(self._process.join)

    def signal(self, number: signal.Signals) -> int | None:
        """Send a signal; return the process id, or `None` when no process runs."""
        pid = self.pid
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        return pid

    def change_release(self) -> int | None:
        """End the process gracefully (SIGTERM); the other release is started in its place."""
        self.is_other_release = not self.is_other_release
        return self.signal(signal.SIGTERM)

    async def _spawn(self) -> None:
        context = get_context("forkserver")
        context.set_forkserver_preload(_PRELOADED_MODULES)
        checkout = self._other_release if self.is_other_release else ""
        arguments = (*self._arguments, checkout)
        process = context.Process(target=_run_command, args=arguments, daemon=True)
        starting = asyncio.ensure_future(asyncio.to_thread(process.start))
        try:
            await asyncio.shield(starting)
        finally:
            await starting  # who cancels this stops the process, which therefore has to be known
            self._process = process

    async def _restart_loop(self) -> None:
        while True:
            assert self._process is not None
            await _wait_for_exit(self._process)
            await asyncio.sleep(_RESTART_SECONDS)
            await self._spawn()


async def _wait_for_exit(process: ForkServerProcess) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(process.sentinel, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(process.sentinel)
    process.join()


def _run_command(  # noqa: PLR0913 - what a process is started with
    name: str,
    environ: dict[str, str],
    log: str,
    clock_off: float,
    turn_delay: float,
    deadly_text: str,
    namespace: str,
    checkout: str,
) -> None:
    from gateway.redis.server.embedded_server import terminate_with_parent
    from gateway.storm.processes.clock_skew import skew_clock
    from gateway.storm.processes.deadly_text import kill_on_text
    from gateway.storm.processes.turn_delay import delay_turns
    from gateway.storm.servers.network import enter_namespace

    terminate_with_parent()
    if namespace:
        enter_namespace(namespace)
    os.environ.clear()
    os.environ.update(environ)
    with Path(log).open("a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if checkout:
        command = [sys.executable, "-P", "-m", "gateway", name]
        os.execve(sys.executable, command, {**environ, "PYTHONPATH": checkout})  # noqa: S606
    if clock_off:
        skew_clock(os.getpid(), clock_off)
    if turn_delay:
        delay_turns(turn_delay)
    if deadly_text:
        kill_on_text(deadly_text)
    sys.argv = ["turngate", name]
    runpy.run_module("gateway", run_name="__main__")
