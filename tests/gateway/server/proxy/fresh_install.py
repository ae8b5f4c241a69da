"""A fresh install: `turngate web` as a process in a folder of its own, with the settings of a test."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from gateway.local.loopback import find_free_port
from tests.paths import ROOT

TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 31 + "1",
    "TWILIO_AUTH_TOKEN": "0123456789abcdef0123456789abcdef",
}
PUBLIC = {"PUBLIC_URL": "https://bots.example.com"}
READS = ("/console", "/console/desk/sessions", "/console/desk/log?session=x", "/metrics", "/openapi.json")
WRITES = ("/messages", "/broadcasts", "/turn", "/console/desk/act", "/contacts/x/opt-out")


class WebProcess:
    """A `turngate web` process in a folder of its own."""

    def __init__(self, url: str, process: asyncio.subprocess.Process) -> None:
        self.url, self.process = url, process

    async def read_line(self, text: str) -> str:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            if text in line.decode():
                return line.decode()
        raise AssertionError(f"never said {text}")

    async def ask(self, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self.url, trust_env=False) as http:
            body = {"session": "web:ada", "text": "Sale!", "act": "take_over", "session_id": "ada"}
            return await http.request(method, path, headers=headers, json=body if method == "POST" else None)

    async def wait_until_alive(self) -> None:
        async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as http:
            while True:
                try:
                    await http.get(f"{self.url}/healthz")
                    return
                except httpx.TransportError:
                    await asyncio.sleep(0.05)  # another process starts; there is no event to await


@asynccontextmanager
async def running_web(folder: Path, redis_url: str, **settings: str) -> AsyncIterator[WebProcess]:
    port = find_free_port()
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "web", "--port", str(port)),
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "REDIS_URL": redis_url, **settings},
        stdout=asyncio.subprocess.PIPE,
    )
    running = WebProcess(f"http://127.0.0.1:{port}", process)
    try:
        await running.wait_until_alive()
        yield running
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()
