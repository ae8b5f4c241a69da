"""`POST /turn`: the embedded session worker and the gateway against the reference's session worker.

The same flow, an instant model, 16 connections, 1,000 conversations from their first turn on.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench.engine import engine_comparison
from bench.measuring import load_generator
from bench.measuring.load_generator import Load
from bench.programs.restate_server import VERSIONS, running_restate
from gateway.local.child_process import SupervisedProcess
from gateway.local.loopback import find_free_port, wait_until_ready
from gateway.redis.server.embedded_server import EmbeddedRedis

SESSIONS = 1_000
CONNECTIONS = 16
REQUESTS = 6_000
ROUNDS = 5
REFERENCE, FASTER = "superdialog's SessionWorker, as installed", "the same with uvloop and httptools"
EMBEDDED, GATEWAY = "our SessionWorker", "through the gateway"
DURABLE_REFERENCE = "a Restate virtual object, durable"
_USER_TEXTS = ("go on", "hm, let me think")
INSTANT_MODEL_SETTINGS = {
    "TURNGATE_LLM": "openai/none",
    "TURNGATE_TOOLS": "bench.programs.instant_model",
    "OPENAI_API_KEY": "none",
}


def render_section() -> str:
    """Measure and render the page's section."""
    runs = asyncio.run(measure())
    theirs, gateway, durable = runs[REFERENCE], runs[GATEWAY], runs[DURABLE_REFERENCE]
    rows = "\n".join(
        f"| {name} | {run.per_second:,.0f} | {run.per_second / theirs.per_second:.1f} × "
        f"| {run.percentile(0.5):.1f} | {run.percentile(0.99):.1f} | {run.errors} |"
        for name, run in runs.items()
    )
    return f"""
## `POST /turn`

The same three-node flow, a model that answers at once, {CONNECTIONS} connections, {SESSIONS:,} conversations
from their first turn on, {REQUESTS:,} turns, every second of which moves on. The middle of {ROUNDS} rounds;
each server is one process, the gateway is a web process, a worker and a durable Redis. superdialog uses
the FastAPI route of its documentation, with the server of its `fastapi` extra and with the server that we
use.

| server | turns/s | against the reference | p50, ms | p99, ms | errors |
|---|---|---|---|---|---|
{rows}

The Restate server ({VERSIONS["@restatedev/restate-server"]}) with its Python SDK under hypercorn keeps one
virtual object per session, which reads its state, adds one and writes it; no dialog runs there.

Goals: our session worker at least 3 × the reference with a p99 of at most a third; the gateway, where every
turn is durable, at least 2.5 × Restate with at most half of its p99. Reached:
{gateway.per_second / durable.per_second:.1f} × and {gateway.percentile(0.99) / durable.percentile(0.99):.2f}.
"""


async def measure() -> dict[str, Load]:
    """Measure each server separately in several interleaved rounds; return the median round of each.

    A shared machine varies from minute to minute; interleaving spreads that over all servers.
    """
    results: dict[str, list[Load]] = {}
    servers: dict[str, Callable[[], AbstractAsyncContextManager[int]]] = {
        REFERENCE: lambda: _running_reference("--http", "h11", "--loop", "asyncio"),
        FASTER: _running_reference,
        EMBEDDED: _running_embedded,
        DURABLE_REFERENCE: running_restate,
        GATEWAY: lambda: running_gateway(INSTANT_MODEL_SETTINGS),
    }
    for _ in range(ROUNDS):
        for name, serving in servers.items():
            async with serving() as port:
                is_restate = name == DURABLE_REFERENCE
                warm_up = list(build_requests(port, 4 * CONNECTIONS, "warm", restate=is_restate))
                await load_generator.run(port, warm_up, CONNECTIONS)
                requests = list(build_requests(port, REQUESTS, restate=is_restate))
                run = await load_generator.run(port, requests, CONNECTIONS)
            assert run.errors == 0, f"{name}: {run.errors} turns were not answered with 200"
            results.setdefault(name, []).append(run)
            print(f"· {name}: {run.per_second:.0f} turns/s", flush=True)
    return {name: sorted(runs, key=lambda run: run.per_second)[ROUNDS // 2] for name, runs in results.items()}


def build_requests(port: int, count: int, who: str = "s", *, restate: bool = False) -> Iterator[bytes]:
    """Build the requests of as many turns, one conversation after the other."""
    for number in range(count):
        text, session = _USER_TEXTS[number // SESSIONS % len(_USER_TEXTS)], f"{who}{number % SESSIONS}"
        body = json.dumps(text if restate else {"text": text, "session_id": session}).encode()
        path = f"/Session/{session}/turn" if restate else "/turn"
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


def _load_flow() -> str:
    return json.dumps(engine_comparison.build_plan()["small"])


@asynccontextmanager
async def _running_reference(*options: str) -> AsyncIterator[int]:
    python = await asyncio.to_thread(engine_comparison.install_reference)
    command = [str(python), "-m", "uvicorn", "--factory", "bench.programs.superdialog_app:create", *options]
    with _running_server(command, {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "OPENAI_API_KEY": "none"}) as port:
        await _wait_until_listening(port)
        yield port


@asynccontextmanager
async def _running_embedded() -> AsyncIterator[int]:
    with _running_server(
        [sys.executable, "-m", "uvicorn", "--factory", "bench.programs.embedded_app:create"], {}
    ) as port:
        await _wait_until_listening(port)
        yield port


@contextmanager
def _running_server(command: list[str], environ: Mapping[str, str]) -> Iterator[int]:
    port = find_free_port()
    process = subprocess.Popen(
        [*command, "--port", str(port), "--log-level", "error"],
        env={**os.environ, **environ, "BENCH_FLOW": _load_flow()},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


async def _wait_until_listening(port: int) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as http:
        while True:
            try:
                await http.get(f"http://127.0.0.1:{port}/")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return


@asynccontextmanager
async def running_gateway(extra_environ: Mapping[str, str] | None = None) -> AsyncIterator[int]:
    """Run a web process, a worker and a durable server; yield the port."""
    with TemporaryDirectory(prefix="bench") as folder:
        server = EmbeddedRedis(Path(folder) / "data")
        server.start()
        try:
            async with running_processes(server.url, extra_environ or {}) as port:
                yield port
        finally:
            server.stop()


@asynccontextmanager
async def running_processes(redis_url: str, extra_environ: Mapping[str, str]) -> AsyncIterator[int]:
    """Run a web process and a worker on a server; yield the port."""
    port = find_free_port()
    with TemporaryDirectory(prefix="bench") as folder:
        flow = Path(folder) / "flow.json"
        flow.write_text(_load_flow(), encoding="utf-8")
        environ = {
            **os.environ,
            "REDIS_URL": redis_url,
            "PORT": str(port),
            "TURNGATE_FLOW": str(flow),
            "TURNGATE_LLM": "rules",
            **extra_environ,
        }
        children = [SupervisedProcess("worker", environ), SupervisedProcess("web", environ)]
        try:
            for child in children:
                await child.start()
            await wait_until_ready(f"http://127.0.0.1:{port}")
            yield port
        finally:
            for child in children:
                await child.stop(10)
