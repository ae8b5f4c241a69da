"""Attacks that need no credentials, against `turngate web` as it is started: `make attack`.

Each attack runs in a process of its own while `/healthz` is asked every 20 ms. It fails if one answer takes
longer than 100 ms or the web process grows by more than 30 MB. The first row is without an attack: where it
is slow already, the machine is busy with other work and the rest says little.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

from gateway.redis.server.embedded_server import EmbeddedRedis

_MAX_STALL_MS = 100.0
_MAX_GROWTH_MB = 30.0
_PROBE_SECONDS = 0.02
_HEAD = b"POST /webhooks/twilio HTTP/1.1\r\nHost: x\r\n"


class Target:
    """The web process under attack."""

    def __init__(self, port: int, pid: int = 0) -> None:
        self.port = port
        self.pid = pid

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection."""
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def ask_health(self) -> float:
        """Ask for the health; return the milliseconds until the answer."""
        begun = monotonic()
        reader, writer = await self.open()
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        if not answer.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(f"/healthz answered {answer[:40]!r}")
        return (monotonic() - begun) * 1000

    def memory_mb(self) -> float:
        """Return the resident memory of the process."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def nothing(target: Target) -> str:
    """Attack nobody for three seconds."""
    await asyncio.sleep(3)
    return "for comparison"


async def endless_header(target: Target) -> str:
    """Send one header of 300 MB, on as many connections as that takes."""
    sent = 0
    while sent < 300_000_000:
        _, writer = await target.open()
        writer.write(_HEAD + b"X: ")
        with suppress(ConnectionError):
            for _ in range(5_000):
                writer.write(b"a" * 65_536)
                sent += 65_536
                await writer.drain()
        writer.close()
    return f"{sent / 1e6:.0f} MB sent"


async def many_headers(target: Target) -> str:
    """Send 10,000 headers, a hundred times."""
    for _ in range(100):
        _, writer = await target.open()
        with suppress(ConnectionError):
            writer.write(_HEAD + b"".join(b"X%d: a\r\n" % number for number in range(10_000)) + b"\r\n")
            await writer.drain()
        writer.close()
    return "100 requests"


async def half_open(target: Target) -> str:
    """Hold 400 unfinished heads until they are closed."""
    opened = [await target.open() for _ in range(400)]
    begun = monotonic()
    for _, writer in opened:
        writer.write(_HEAD)
    await asyncio.gather(*(_read_end(reader) for reader, _ in opened))
    for _, writer in opened:
        writer.close()
    return f"all closed after {monotonic() - begun:.1f} s"


async def slow_body(target: Target) -> str:
    """Send 400 bodies, a byte a second, until they are closed."""
    opened, begun = [], monotonic()
    for _ in range(400):
        opened.append(await target.open())
        opened[-1][1].write(_HEAD + b"Content-Length: 10000\r\n\r\n")

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended = asyncio.create_task(_read_end(reader))
        with suppress(ConnectionError):
            while not ended.done():
                writer.write(b"a")
                await asyncio.wait([ended], timeout=1.0)
        writer.close()

    await asyncio.gather(*(trickle(*each) for each in opened))
    return f"all closed after {monotonic() - begun:.1f} s"


async def flood_of_connections(target: Target) -> str:
    """Open 3,000 connections without a word, as far as this process may."""
    opened = []
    for _ in range(3_000):
        try:
            opened.append(await target.open())
        except OSError:
            break
    for _, writer in opened:
        writer.close()
    return f"{len(opened)} connections"


ATTACKS: tuple[Callable[[Target], Awaitable[str]], ...] = (
    nothing,
    endless_header,
    many_headers,
    half_open,
    slow_body,
    flood_of_connections,
)


async def _read_end(reader: asyncio.StreamReader) -> None:
    with suppress(ConnectionError):
        while await reader.read(65_536):
            pass


async def measure(target: Target, name: str) -> bool:
    """Run an attack, print what it did to the web process, and return whether that was within the bounds."""
    memory, delays, failures = target.memory_mb(), [], 0
    command = [sys.executable, "-m", "bench.attack", name, str(target.port)]
    attacker = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    running = asyncio.ensure_future(attacker.communicate())
    while not running.done():
        try:
            delays.append(await target.ask_health())
        except OSError:
            failures += 1
        await asyncio.wait([running], timeout=_PROBE_SECONDS)
    growth, worst = target.memory_mb() - memory, max(delays, default=0.0)
    passed = worst <= _MAX_STALL_MS and growth <= _MAX_GROWTH_MB and not failures
    output, _ = await running
    print(
        f"{'ok  ' if passed else 'FAIL'}  {name:22} slowest /healthz {worst:6.1f} ms of {len(delays)}, "
        f"{failures} failed, memory {growth:+.1f} MB, {output.decode().strip()}",
        flush=True,
    )
    return passed and attacker.returncode == 0


@asynccontextmanager
async def running_web() -> AsyncIterator[Target]:
    """Start an embedded server and `turngate web` on a free port."""
    with tempfile.TemporaryDirectory(prefix="tg") as folder, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        listening.close()
        redis = EmbeddedRedis(Path(folder), durable=False)
        redis.start()
        environ = {"PATH": os.environ["PATH"], "REDIS_URL": redis.url}
        command = [sys.executable, "-m", "gateway", "web", "--port", str(port)]
        process = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)  # noqa: ASYNC220
        target = Target(port, process.pid)
        try:
            await _wait_until_up(target)
            yield target
        finally:
            process.kill()
            process.wait()
            redis.stop()


async def _wait_until_up(target: Target) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                await target.ask_health()
            except OSError:
                await asyncio.sleep(0.1)
            else:
                return


async def main() -> int:
    """Run all attacks; return the exit code."""
    async with running_web() as target:
        results = [await measure(target, attack.__name__) for attack in ATTACKS]
    return 0 if all(results) else 1


async def run_attack(name: str, port: int) -> int:
    """Run one attack in this process and print what it has done."""
    attack = next(each for each in ATTACKS if each.__name__ == name)
    print(await attack(Target(port)))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run_attack(sys.argv[1], int(sys.argv[2])) if len(sys.argv) > 1 else main()))
