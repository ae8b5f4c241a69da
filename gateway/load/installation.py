"""Installation that a load test runs against: a disposable one, or the simulated provider of another."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from redis.asyncio import Redis

from gateway.http.clients import provider_client
from gateway.load.generator import LoadGenerator
from gateway.load.process_cost import read_cpu_seconds
from gateway.load.provider import LoadSimulator
from gateway.local.child_process import SupervisedProcess, check_configured
from gateway.local.http_server import serve
from gateway.local.loopback import find_free_port, wait_until_ready
from gateway.local.simulator_server import SimulatorServer
from gateway.redis.connection.connect import open_redis
from gateway.redis.server.embedded_server import EmbeddedRedis

ACCOUNT = "AC" + "0" * 31 + "1"
_ENVIRONMENT_PREFIXES = ("TURNGATE_", "TWILIO_", "WHATSAPP_", "INTERCOM_", "ZENDESK_", "SUNSHINE_", "REDIS_")
_LIMITS = ("CONTACT_MESSAGES", "CONTACT_DAILY_MESSAGES", "CONTACT_REPLIES", "LOOP_ROUNDS")


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds of web, workers and Redis since their start, and Redis's memory in bytes.

    CPU seconds of processes are 0 where the system does not tell them.
    """

    web: float
    workers: float
    redis: float
    memory: int

    def since(self, before: Usage, messages: int) -> dict[str, float]:
        """Return the cost of each of `messages` messages: milliseconds of CPU, bytes of Redis's memory."""
        return {
            "web_cpu_ms": round((self.web - before.web) * 1000 / messages, 3),
            "worker_cpu_ms": round((self.workers - before.workers) * 1000 / messages, 3),
            "redis_cpu_ms": round((self.redis - before.redis) * 1000 / messages, 3),
            "redis_bytes": round((self.memory - before.memory) / messages),
        }


@dataclass(frozen=True, slots=True)
class DisposableInstallation:
    """A running gateway in a temporary folder, and the generator of its load."""

    generator: LoadGenerator
    redis: Redis
    web: SupervisedProcess
    workers: tuple[SupervisedProcess, ...]

    async def read_usage(self) -> Usage:
        """Return the resources that its processes have used until now."""
        cpu, memory = await self.redis.info("cpu"), await self.redis.info("memory")
        return Usage(
            read_cpu_seconds(self.web.pid),
            sum(read_cpu_seconds(worker.pid) for worker in self.workers),
            cpu["used_cpu_user"] + cpu["used_cpu_sys"],
            memory["used_memory"],
        )


@asynccontextmanager
async def running_installation(
    *, flow: str = "kyc", workers: int = 1, appendfsync: str = "everysec"
) -> AsyncIterator[DisposableInstallation]:
    """Start an append-only server, a web process and workers; the provider is simulated in this process."""
    port, token = find_free_port(), secrets.token_hex(16)
    url = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="load"))
        server = EmbeddedRedis(Path(folder) / "data")
        server.start()
        stack.callback(server.stop)
        redis = await stack.enter_async_context(open_redis(server.url))
        await redis.config_set("appendfsync", appendfsync)
        generator, provider_url = await stack.enter_async_context(simulated_provider(url, ACCOUNT, token))
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(_ENVIRONMENT_PREFIXES)
        }
        environ |= {"REDIS_URL": server.url, "PUBLIC_URL": url, "PORT": str(port), "HOST": "127.0.0.1"}
        environ |= {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": token, "TWILIO_API_URL": provider_url}
        environ |= {"TURNGATE_FLOW": flow, "TURNGATE_DATA_DIR": folder}
        environ |= {"TURNGATE_API_KEY": secrets.token_urlsafe(32), "TURNGATE_LOG_LEVEL": "warning"}
        environ |= {f"TURNGATE_{name}": "0" for name in _LIMITS}  # limits per contact do not fit a load test
        pool = tuple(SupervisedProcess("worker", environ) for _ in range(workers))
        web = SupervisedProcess("web", environ)
        for process in (*pool, web):
            await process.start()
            stack.push_async_callback(process.stop, 10.0)
        await wait_until_ready(url, partial(check_configured, (*pool, web)))
        yield DisposableInstallation(generator, redis, web, pool)


@asynccontextmanager
async def simulated_provider(
    url: str, account_sid: str, auth_token: str, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[tuple[LoadGenerator, str]]:
    """Serve the simulated provider of a gateway at `url`; yield the generator and the provider's own URL.

    Raises `OSError` if the port is in use.
    """
    simulator = LoadSimulator(
        account_sid=account_sid, auth_token=auth_token, webhook_url=f"{url}/webhooks/twilio"
    )
    async with provider_client() as http:
        server = SimulatorServer(simulator, http, concurrency=1_000)
        async with serve(server, port, host) as provider_url:
            yield LoadGenerator(server, simulator), provider_url
