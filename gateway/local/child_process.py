"""Child processes that are restarted when they die and stopped when their parent dies."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from subprocess import SubprocessError

from core.errors import ConfigurationError
from gateway.redis.server.embedded_server import terminate_with_parent

log = logging.getLogger("turngate.run")

_INITIAL_BACKOFF = 0.2
_MAX_BACKOFF = 5.0
_STABLE_SECONDS = 10.0
_CONFIGURATION_EXIT = 2
_CONFIGURATION_ATTEMPTS = 2


class SupervisedProcess:
    """`turngate <name>` as a process in its own session, so that Ctrl-C reaches only the parent."""

    def __init__(self, name: str, environ: Mapping[str, str], *arguments: str) -> None:
        self.name = name
        self._environ = dict(environ)
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None
        self._restart_task: asyncio.Task[None] | None = None
        self._stopping = False
        self._forced = False
        self._configuration_exits = 0
        self.misconfigured = asyncio.Event()  # it ended with a configuration error twice in a row
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """Process ID while a process runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Start the process, and restart it whenever it exits by itself."""
        await self._spawn()
        self._restart_task = asyncio.create_task(self._restart_loop())

    async def stop(self, seconds: float) -> None:
        """Stop it with SIGTERM; kill it after `seconds`, or at once after `force_stop`."""
        self._stopping = True
        if self._restart_task is not None:
            self._restart_task.cancel()
            with suppress(asyncio.CancelledError):
                await self._restart_task
        process = self._process
        if process is None or process.returncode is not None:
            return
        if self._forced:
            self.kill()
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(seconds):
                await process.wait()
        except TimeoutError:
            log.warning("%s did not stop within %.0f s; killed", self.name, seconds)
            self.kill()
            await process.wait()

    def kill(self) -> None:
        """Kill it with SIGKILL, as a crash would."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def force_stop(self) -> None:
        """Do not wait any longer: a current or later `stop` kills it at once."""
        self._forced = True
        if self._stopping:
            self.kill()

    async def _spawn(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            # -P: do not import a folder `core` or a file `channels.py` of the working directory
            *(sys.executable, "-P", "-m", "gateway", self.name, *self._arguments),
            env=self._environ,
            start_new_session=True,
            preexec_fn=terminate_with_parent,
        )

    async def _restart_loop(self) -> None:
        pause = _INITIAL_BACKOFF
        loop = asyncio.get_running_loop()
        while True:
            assert self._process is not None
            began = loop.time()
            code = await self._process.wait()
            if self._stopping:
                return
            self._configuration_exits = self._configuration_exits + 1 if code == _CONFIGURATION_EXIT else 0
            if self._configuration_exits == _CONFIGURATION_ATTEMPTS:
                self.misconfigured.set()
            pause = _INITIAL_BACKOFF if loop.time() - began > _STABLE_SECONDS else pause
            log.warning("%s exited (%s); restarting in %.1f s", self.name, _describe_exit(code), pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _MAX_BACKOFF)
            self.restarts += 1
            try:
                await self._spawn()
            except (OSError, SubprocessError) as error:  # the system has no memory or no process left
                log.error("%s cannot be started (%s); trying again", self.name, error)


def check_configured(processes: Iterable[SupervisedProcess]) -> None:
    """Raise `ConfigurationError` if a process refuses its settings; it has printed why."""
    if refusing := next((each.name for each in processes if each.misconfigured.is_set()), ""):
        raise ConfigurationError(f"the {refusing} process cannot start; its message is above")


def _describe_exit(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
