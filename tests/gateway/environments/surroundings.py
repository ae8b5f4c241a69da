"""Test environment of processes: a Redis server, `turngate web`, a worker, and recording simulators."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any

import httpx
from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import Response

from channels._kit.simulator import ProviderSimulator, TranscriptEntry
from gateway.local.simulator_server import SimulatorServer
from gateway.redis.server.embedded_server import EmbeddedRedis
from tests.gateway.environments.stack import API_KEY, RQ


class RecordingSimulatorServer(SimulatorServer):
    """A simulator's server that signals every call."""

    def __init__(self, simulator: ProviderSimulator, http: httpx.AsyncClient) -> None:
        super().__init__(simulator, http)
        self.called = asyncio.Event()

    async def _handle_api_request(self, request: Request) -> Response:
        answer = await super()._handle_api_request(request)
        self.called.set()
        return answer

    def list_entries(self, contact: str, direction: str = "out") -> list[TranscriptEntry]:
        return [
            line
            for line in self.simulator.list_messages(time(), person=contact)
            if line.direction == direction
        ]

    async def wait_for_entries(
        self, text: str, contact: str, seen: int, direction: str = "out"
    ) -> list[TranscriptEntry]:
        """Return the entries after the first `seen`, once they contain the words."""
        async with asyncio.timeout(30):
            while not any(text in line.text for line in self.list_entries(contact, direction)[seen:]):
                self.called.clear()
                await self.called.wait()
        return self.list_entries(contact, direction)[seen:]


async def start_gateway(
    stack: AsyncExitStack, url: str, flow: str, environ: Mapping[str, str], *, workers: int = 1
) -> str:
    """Start everything at `url` and wait until it is ready; the stack stops it.

    Returns the address of the Redis server.
    """
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="tg")))
    redis = EmbeddedRedis(folder, durable=False)
    redis.start()
    stack.callback(redis.stop)
    settings = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TURNGATE_")},
        **environ,
        "PUBLIC_URL": url,
        "PORT": url.rpartition(":")[2],
        "REDIS_URL": redis.url,
        "TURNGATE_FLOW": flow,
        "TURNGATE_API_KEY": API_KEY,
    }
    worker = (
        "worker",
        "--url",
        redis.url,
        "--worker-class",
        "gateway.worker.AsyncWorker",
        "turns",
    )
    await _start_process(stack, settings, sys.executable, "-m", "gateway", "web")
    for _ in range(workers):
        await _start_process(stack, settings, RQ, *worker)
    await _wait_until_ready(url)
    return redis.url


@asynccontextmanager
async def expect_unanswered(redis: Redis, session: str) -> AsyncIterator[None]:
    """Wait at the end of the block until a worker has decided not to answer a turn of the session."""
    log = f"tg:{{{session}}}:log"
    last: Any = (await redis.xinfo_stream(log))["last-generated-id"]
    yield
    async with asyncio.timeout(30):
        while True:
            streams: Any = await redis.xread({log: last}, block=30_000)
            [[_, entries]] = streams
            last = entries[-1][0]
            if any(b"silent_" in fields[b"d"] for _, fields in entries):
                return


async def _start_process(stack: AsyncExitStack, environ: dict[str, str], *command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, env=environ)

    async def end() -> None:
        process.terminate()
        await process.wait()

    stack.push_async_callback(end)


async def _wait_until_ready(url: str) -> None:
    """Poll until the gateway is ready; another process offers no event to wait for."""
    async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as http:
        for wait in (0.1,) * 600:
            try:
                if (await http.get(f"{url}/readyz?workers=1")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(wait)


def find_free_url() -> str:
    """Return a loopback address with a free port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
