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
from gateway.local.http_server import serve
from gateway.local.loopback import find_free_port, wait_until_ready
from gateway.redis.connection.connect import open_partitions
from gateway.redis.server.embedded_server import EmbeddedRedis
from gateway.storm.conversations import ConversationGenerator
from gateway.storm.operator import StormOperator
from gateway.storm.processes.forked_process import ForkedProcess
from gateway.storm.processes.gateway_processes import GatewayProcesses
from gateway.storm.provider import StormServer, StormSimulator
from gateway.storm.scenario import StormScenario
from gateway.storm.servers.cluster_group import ClusterGroup, running_cluster
from gateway.storm.servers.network import ServerOnHost, StormNetwork, open_network
from gateway.storm.servers.sentinel_group import SentinelGroup, running_sentinel_group
from gateway.storm.servers.slow_link import SlowLink

ACCOUNT = "AC" + "0" * 31 + "1"
BUSINESS_NUMBER = "+15550100"
CHANNEL = "twilio"
_REPLICAS = 2
_CLUSTER_REPLICAS = 1
_ENVIRONMENT_PREFIXES = ("TURNGATE_", "TWILIO_", "OPENAI_", "REDIS_URL")


@dataclass(frozen=True, slots=True)
class StormEnvironment:
    """Everything that runs, and the file that web and workers log to."""

    server: EmbeddedRedis | None
    redis: Redis
    simulator_server: StormServer
    web: ForkedProcess
    workers: list[ForkedProcess]
    generator: ConversationGenerator
    operator: StormOperator
    log_path: Path
    network: StormNetwork | None = None
    group: SentinelGroup | None = None
    cluster: ClusterGroup | None = None
    links: tuple[SlowLink, ...] = ()


@asynccontextmanager
async def running_environment(scenario: StormScenario) -> AsyncIterator[StormEnvironment]:
    """Start the environment and stop it at the end of the block; only the provider is simulated."""
    token, port = secrets.token_hex(16), find_free_port()
    account = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": token}
    async with AsyncExitStack() as stack:
        hosts = stack.enter_context(open_network(scenario.workers)) if scenario.partition_every else None
        address = hosts.web.address if hosts else "127.0.0.1"
        url = f"http://{address}:{port}"
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="storm")))
        store = await _start_store(scenario, stack, folder / "data", hosts)
        stores = open_partitions(store.url, scenario.partitions)
        for each in stores:
            stack.push_async_callback(each.aclose)
        simulator_server = StormServer(
            _build_simulator(scenario, token, url),
            await stack.enter_async_context(provider_client()),
            concurrency=200,
        )
        provider_address = hosts.network.address if hosts else "127.0.0.1"
        environ = _build_environ(scenario, store, folder) | account
        environ["TWILIO_API_URL"] = await stack.enter_async_context(
            serve(simulator_server, host=provider_address)
        )
        environ |= {"PUBLIC_URL": url, "PORT": str(port), "HOST": address}
        processes = GatewayProcesses(scenario, environ, folder / "gateway.log", hosts, stack)
        socket = str(store.socket) if isinstance(store, EmbeddedRedis) else ""
        web, *workers = await processes.start(socket)
        await wait_until_ready(url)
        channel = create_channel(account, url)
        assert channel is not None
        dialog = DialogMachine(Flow.load(FLOW_LIBRARY / "kyc.json"))
        yield StormEnvironment(
            server=store if isinstance(store, EmbeddedRedis) else None,
            redis=stores[0],
            simulator_server=simulator_server,
            web=web,
            workers=workers,
            generator=ConversationGenerator(scenario, dialog, channel, BUSINESS_NUMBER, ACCOUNT),
            operator=StormOperator(stores, channel, _count_replicas(store)),
            log_path=processes.log_path,
            network=hosts,
            group=store if isinstance(store, SentinelGroup) else None,
            cluster=store if isinstance(store, ClusterGroup) else None,
            links=tuple(processes.links),
        )


_Store = EmbeddedRedis | SentinelGroup | ClusterGroup


async def _start_store(
    scenario: StormScenario, stack: AsyncExitStack, data: Path, hosts: StormNetwork | None
) -> _Store:
    """Start the servers of the scenario: one, one with replicas under Sentinels, or a cluster."""
    if scenario.failover_every:
        return await stack.enter_async_context(running_sentinel_group(_REPLICAS, sentinels=3))
    if scenario.reshard_every:
        return await stack.enter_async_context(running_cluster())
    server = ServerOnHost(data, hosts.server) if hosts else EmbeddedRedis(data)
    server.start()
    stack.callback(server.stop)
    return server


def _count_replicas(store: _Store) -> int:
    if isinstance(store, EmbeddedRedis):
        return 0
    return _REPLICAS if isinstance(store, SentinelGroup) else _CLUSTER_REPLICAS


def _build_simulator(scenario: StormScenario, token: str, url: str) -> StormSimulator:
    simulator = StormSimulator(
        account_sid=ACCOUNT,
        auth_token=token,
        webhook_url=f"{url}/webhooks/{CHANNEL}#rc=5&rp=all",
        seed=scenario.seed,
        business_number=BUSINESS_NUMBER,
    )
    simulator.set_faults(scenario.faults)
    return simulator


def _build_environ(scenario: StormScenario, store: _Store, folder: Path) -> dict[str, str]:
    """Return the environment of web and workers, without this process's own settings."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(_ENVIRONMENT_PREFIXES)
    }
    environ |= {"REDIS_URL": _find_url(store), "TURNGATE_FLOW": "kyc"}
    if replicas := _count_replicas(store):
        environ |= {"TURNGATE_DURABILITY": "replicated", "TURNGATE_REPLICAS": str(replicas)}
    environ["TURNGATE_PARTITIONS"] = str(scenario.partitions)
    limits = ("CONTACT_MESSAGES", "CONTACT_DAILY_MESSAGES", "CONTACT_REPLIES", "LOOP_ROUNDS")
    environ |= {f"TURNGATE_{name}": "0" for name in limits}  # the contacts write more than that
    environ["TURNGATE_API_KEY"] = secrets.token_urlsafe(32)
    environ["TURNGATE_LEASE_SECONDS"] = str(scenario.lease_seconds)
    if scenario.burst:
        environ["TURNGATE_CONFIG"] = str(_write_burst_config(folder / "turngate.toml", scenario))
    return environ


def _find_url(store: _Store) -> str:
    """Return the value of REDIS_URL for web and workers."""
    if isinstance(store, ServerOnHost):
        return store.network_url
    return store.url


def _write_burst_config(file: Path, scenario: StormScenario) -> Path:
    policy = f'policy = "burst"\nwindow = {scenario.burst}\ncap = {scenario.burst_cap}\n'
    file.write_text(f"[channels.{CHANNEL}.concurrency]\n{policy}", encoding="utf-8")
    return file
