"""`turngate run` as an operator starts it: a separate process, on a free port, in its own folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.paths import ROOT

_ENVIRONMENT_PREFIXES = (
    "TURNGATE_",
    "TWILIO_",
    "WHATSAPP_",
    "OPENAI_",
    "REDIS_URL",
    "PUBLIC_URL",
    "HOST",
    "PORT",
)


class RunningGateway:
    """A started gateway; `wait_until_ready` reads its output until it prints the console's address."""

    program: tuple[str, ...] = (sys.executable, "-m", "gateway")

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [*self.program, "run", "--port", "0", *arguments],
            cwd=folder,
            env={**_remove_settings(os.environ), "PYTHONPATH": str(ROOT), "COLUMNS": "200", **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self.url = ""

    def wait_for_line(self, text: str) -> str:
        """Read lines until one contains `words` and return it. Fails with all lines if none does."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if text in line:
                return self.lines[-1]
        raise AssertionError(f"never said {text!r}:\n" + "\n".join(self.lines))

    def wait_until_ready(self) -> None:
        """Wait until everything runs, and store the address."""
        self.url = self.wait_for_line("Console ").split()[-1].removesuffix("/console")
        self.wait_for_line("Ctrl-C")

    def is_ready(self) -> bool:
        """Return whether a message would be stored and processed."""
        try:
            return httpx.get(f"{self.url}/readyz?workers=1", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def children(self) -> dict[str, int]:
        """Return the process ids of `web`, `worker` and the embedded `server`."""
        output = subprocess.run(
            ["ps", "-axww", "-o", "pid=,ppid=,args="], check=True, capture_output=True, text=True
        )
        rows = [line.split(None, 2) for line in output.stdout.splitlines()]
        own_id = [(int(pid), command) for pid, parent, command in rows if int(parent) == self.process.pid]
        return {_process_name(command): pid for pid, command in own_id}

    @contextmanager
    def stopped(self, process: str) -> Iterator[None]:
        """Stop `web` or `worker` for the duration of the block, as an overloaded machine does."""
        process_id = self.children()[process]
        os.kill(process_id, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(process_id, signal.SIGCONT)

    def stop(self, timeout: float = 60) -> int:
        """Stop it as Ctrl-C does; return the exit code. `timeout` is in seconds."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.wait_for_exit(timeout)

    def wait_for_exit(self, timeout: float = 60) -> int:
        """Wait until it has ended; return the exit code. Raises `TimeoutExpired` after `timeout` seconds."""
        rest, _ = self.process.communicate(timeout=timeout)
        self.lines += rest.splitlines()
        return self.process.returncode


class InstalledGateway(RunningGateway):
    """A gateway that the installed command starts, which does not import from the working directory."""

    program = (str(Path(sys.executable).with_name("turngate")),)


def _remove_settings(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not name.startswith(_ENVIRONMENT_PREFIXES)}


def _process_name(command: str) -> str:
    last = command.split()[-1]
    return last if last in ("web", "worker") else "server" if "valkey" in command else command
