"""Disposable environment of a chaos test: Redis, web, workers and provider in a temporary folder."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from redis.asyncio import Redis

from channels.twilio import create_channel
from flows.document import Flow
from flows.engine import DialogMachine
from flows.library import FLOW_LIBRARY
from gateway.http.clients import provider_client
from gateway.local.loopback import find_free_port, wait_until_ready
from gateway.local.simulator_server import serve
from gateway.redis.connection.connect import open_redis
from gateway.redis.embedded_server import EmbeddedRedis
from gateway.storm.conversations import ConversationGenerator
from gateway.storm.forked_process import ForkedProcess
from gateway.storm.operator import StormOperator
from gateway.storm.provider import StormServer, StormSimulator
from gateway.storm.scenario import StormScenario

ACCOUNT = "AC" + "0" * 31 + "1"
BUSINESS_NUMBER = "+15550100"
CHANNEL = "twilio"
_ENVIRONMENT_PREFIXES = ("TURNGATE_", "TWILIO_", "OPENAI_", "REDIS_URL")


@dataclass(frozen=True, slots=True)
class StormEnvironment:
    """Everything that runs, and the file that web and workers log to."""

    server: EmbeddedRedis
    redis: Redis
    simulator_server: StormServer
    web: ForkedProcess
    workers: list[ForkedProcess]
    generator: ConversationGenerator
    operator: StormOperator
    log_path: Path


@asynccontextmanager
async def running_environment(scenario: StormScenario) -> AsyncIterator[StormEnvironment]:
    """Start the environment and stop it at the end of the block; only the provider is simulated."""
    token, port = secrets.token_hex(16), find_free_port()
    url = f"http://127.0.0.1:{port}"
    simulator = StormSimulator(
        account_sid=ACCOUNT,
        auth_token=token,
        webhook_url=f"{url}/webhooks/{CHANNEL}#rc=5&rp=all",
        seed=scenario.seed,
        business_number=BUSINESS_NUMBER,
    )
    simulator.set_faults(scenario.faults)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="storm")))
        server = EmbeddedRedis(folder / "data")
        server.start()
        stack.callback(server.stop)
        redis = open_redis(server.url)
        stack.push_async_callback(redis.aclose)
        simulator_server = StormServer(
            simulator, await stack.enter_async_context(provider_client()), concurrency=200
        )
        account = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": token}
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(_ENVIRONMENT_PREFIXES)
        }
        environ |= account | {"TWILIO_API_URL": await stack.enter_async_context(serve(simulator_server))}
        environ |= {"PUBLIC_URL": url, "REDIS_URL": server.url, "TURNGATE_FLOW": "kyc"}
        environ |= {"PORT": str(port), "HOST": "127.0.0.1"}
        limits = ("CONTACT_MESSAGES", "CONTACT_DAILY_MESSAGES", "CONTACT_REPLIES", "LOOP_ROUNDS")
        environ |= {f"TURNGATE_{name}": "0" for name in limits}  # the storm's contacts write much
        environ["TURNGATE_API_KEY"] = secrets.token_urlsafe(32)
        environ["TURNGATE_LEASE_SECONDS"] = str(scenario.lease_seconds)
        if scenario.burst:
            environ["TURNGATE_CONFIG"] = str(_write_burst_config(folder / "turngate.toml", scenario))
        log_path = folder / "gateway.log"
        web = ForkedProcess("web", environ, log_path)
        clock_offsets = [scenario.clock_off, *[0.0] * (scenario.workers - 1)]
        workers = [
            ForkedProcess("worker", environ, log_path, clock_off=clock_off, turn_delay=scenario.turn_delay)
            for clock_off in clock_offsets
        ]
        for process in (web, *workers):
            await process.start()
            stack.push_async_callback(process.stop)
        await wait_until_ready(url)
        channel = create_channel(account, url)
        assert channel is not None
        dialog = DialogMachine(Flow.load(FLOW_LIBRARY / "kyc.json"))
        generator = ConversationGenerator(scenario, dialog, channel, BUSINESS_NUMBER, ACCOUNT)
        operator = StormOperator(redis, channel)
        yield StormEnvironment(server, redis, simulator_server, web, workers, generator, operator, log_path)


def _write_burst_config(file: Path, scenario: StormScenario) -> Path:
    policy = f'policy = "burst"\nwindow = {scenario.burst}\ncap = {scenario.burst_cap}\n'
    file.write_text(f"[channels.{CHANNEL}.concurrency]\n{policy}", encoding="utf-8")
    return file
