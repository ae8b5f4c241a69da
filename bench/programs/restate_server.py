"""A Restate server with its Python SDK, the durable reference of `POST /turn`; installed at the first run.

Server from npm (`@restatedev/restate-server`), SDK from PyPI (`restate-sdk`, under hypercorn), both in a
folder of their own.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from gateway.local.loopback import find_free_port

FOLDER = Path(__file__).parent.parent.parent / "var" / "bench-restate"
VERSIONS = {"@restatedev/restate-server": "1.7.12", "restate-sdk": "1.3.0", "hypercorn": "0.18.0"}
_READY_SECONDS = 60


def install() -> tuple[Path, Path]:
    """Return the server's binary and the Python that has the SDK. Needs npm."""
    server, python = FOLDER / "node_modules" / ".bin" / "restate-server", FOLDER / "venv" / "bin" / "python"
    if not server.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        package = f"@restatedev/restate-server@{VERSIONS['@restatedev/restate-server']}"
        subprocess.run(
            ["npm", "install", "--silent", "--no-fund", "--no-audit", package], cwd=FOLDER, check=True
        )
    if not python.exists():
        uv = str(Path(sys.executable).with_name("uv"))
        subprocess.run([uv, "venv", "-q", str(FOLDER / "venv")], check=True)
        names = [f"{name}=={VERSIONS[name]}" for name in ("restate-sdk", "hypercorn")]
        environ = {**os.environ, "VIRTUAL_ENV": str(FOLDER / "venv"), "UV_SYSTEM_CERTS": "1"}
        subprocess.run([uv, "pip", "install", "-q", *names], env=environ, check=True)
    return server, python


@asynccontextmanager
async def running_restate() -> AsyncIterator[int]:
    """Run the server and the service, register it, and yield the port that takes requests."""
    server, python = await asyncio.to_thread(install)
    ingress, admin, node, service = (find_free_port() for _ in range(4))
    command = [str(python), "-m", "hypercorn", "--bind", f"127.0.0.1:{service}", "restate_app:app"]
    with (
        TemporaryDirectory(prefix="restate") as data,
        _running(command, {"PYTHONPATH": str(Path(__file__).parent)}),
        _running([str(server)], _server_environ(ingress, admin, node, data)),
    ):
        async with asyncio.timeout(_READY_SECONDS), httpx.AsyncClient(trust_env=False) as http:
            await _until_answered(http, f"http://127.0.0.1:{admin}/health")
            await _register(http, f"http://127.0.0.1:{admin}/deployments", service)
        yield ingress


def _server_environ(ingress: int, admin: int, node: int, data: str) -> dict[str, str]:
    return {
        "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
        "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}",
        "RESTATE_BIND_ADDRESS": f"127.0.0.1:{node}",
        "RESTATE_ADVERTISED_ADDRESS": f"http://127.0.0.1:{node}",
        "RESTATE_BASE_DIR": data,
        "RESTATE_LOG_FILTER": "error",
        "DO_NOT_TRACK": "1",
    }


async def _register(http: httpx.AsyncClient, url: str, service: int) -> None:
    while True:
        answer = await http.post(url, json={"uri": f"http://127.0.0.1:{service}"}, timeout=30)
        if answer.status_code < 300:
            return
        await asyncio.sleep(0.3)  # the service is not listening yet


async def _until_answered(http: httpx.AsyncClient, url: str) -> None:
    while True:
        try:
            if (await http.get(url)).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)


@contextmanager
def _running(command: list[str], environ: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        command, env={**os.environ, **environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()
