"""Disposable environment of a chaos test: Redis, web, workers and provider in a temporary folder."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
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
from gateway.storm.cluster_group import ClusterGroup, running_cluster
from gateway.storm.conversations import ConversationGenerator
from gateway.storm.forked_process import ForkedProcess
from gateway.storm.network import ServerOnHost, VirtualHost, VirtualNetwork
from gateway.storm.operator import StormOperator
from gateway.storm.provider import StormServer, StormSimulator
from gateway.storm.scenario import StormScenario
from gateway.storm.sentinel_group import SentinelGroup, running_sentinel_group
from gateway.storm.slow_link import SlowLink

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


@dataclass(frozen=True, slots=True)
class StormNetwork:
    """The virtual hosts of a run with network partitions."""

    network: VirtualNetwork
    server: VirtualHost
    web: VirtualHost
    workers: tuple[VirtualHost, ...]


@contextmanager
def _open_network(workers: int) -> Iterator[StormNetwork]:
    network = VirtualNetwork()
    try:
        network.open()
        hosts = [network.add_host() for _ in range(workers + 2)]
        yield StormNetwork(network, hosts[0], hosts[1], tuple(hosts[2:]))
    finally:
        network.close()


@asynccontextmanager
async def running_environment(scenario: StormScenario) -> AsyncIterator[StormEnvironment]:
    """Start the environment and stop it at the end of the block; only the provider is simulated."""
    token, port = secrets.token_hex(16), find_free_port()
    async with AsyncExitStack() as stack:
        hosts = stack.enter_context(_open_network(scenario.workers)) if scenario.partition_every else None
        address = hosts.web.address if hosts else "127.0.0.1"
        url = f"http://{address}:{port}"
        simulator = StormSimulator(
            account_sid=ACCOUNT,
            auth_token=token,
            webhook_url=f"{url}/webhooks/{CHANNEL}#rc=5&rp=all",
            seed=scenario.seed,
            business_number=BUSINESS_NUMBER,
        )
        simulator.set_faults(scenario.faults)
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="storm")))
        server, group, cluster = None, None, None
        if scenario.failover_every:
            group = await stack.enter_async_context(running_sentinel_group(_REPLICAS, sentinels=3))
        elif scenario.reshard_every:
            cluster = await stack.enter_async_context(running_cluster())
        else:
            server = ServerOnHost(folder / "data", hosts.server) if hosts else EmbeddedRedis(folder / "data")
            server.start()
            stack.callback(server.stop)
        store = server or group or cluster
        stores = open_partitions(store.url if store else "", scenario.partitions)
        for each in stores:
            stack.push_async_callback(each.aclose)
        simulator_server = StormServer(
            simulator, await stack.enter_async_context(provider_client()), concurrency=200
        )
        account = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": token}
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(_ENVIRONMENT_PREFIXES)
        }
        provider_address = hosts.network.address if hosts else "127.0.0.1"
        api_url = await stack.enter_async_context(serve(simulator_server, host=provider_address))
        redis_url = _find_url(store)
        environ |= account | {"TWILIO_API_URL": api_url}
        environ |= {"PUBLIC_URL": url, "REDIS_URL": redis_url, "TURNGATE_FLOW": "kyc"}
        environ |= {"PORT": str(port), "HOST": address}
        replicas = _REPLICAS if group else _CLUSTER_REPLICAS if cluster else 0
        if replicas:
            environ |= {"TURNGATE_DURABILITY": "replicated", "TURNGATE_REPLICAS": str(replicas)}
        environ["TURNGATE_PARTITIONS"] = str(scenario.partitions)
        limits = ("CONTACT_MESSAGES", "CONTACT_DAILY_MESSAGES", "CONTACT_REPLIES", "LOOP_ROUNDS")
        environ |= {f"TURNGATE_{name}": "0" for name in limits}  # the storm's contacts write much
        environ["TURNGATE_API_KEY"] = secrets.token_urlsafe(32)
        environ["TURNGATE_LEASE_SECONDS"] = str(scenario.lease_seconds)
        if scenario.burst:
            environ["TURNGATE_CONFIG"] = str(_write_burst_config(folder / "turngate.toml", scenario))
        log_path = folder / "gateway.log"
        links: list[SlowLink] = []

        async def connect(name: str) -> dict[str, str]:
            """Return the environment of a process, with its own link to the server if links are slow."""
            if server is None or not scenario.latency:
                return environ
            link = SlowLink(str(server.socket), scenario.latency, f"{scenario.seed}:{name}")
            links.append(link)
            return environ | {"REDIS_URL": await stack.enter_async_context(link.open())}

        other = scenario.other_release
        web_host = hosts.web if hosts else None
        web = ForkedProcess("web", await connect("web"), log_path, host=web_host, other_release=other)
        workers = [
            ForkedProcess(
                "worker",
                await connect(f"worker {number}"),
                log_path,
                clock_off=0.0 if number else scenario.clock_off,
                turn_delay=scenario.turn_delay,
                host=hosts.workers[number] if hosts else None,
                other_release=other,
            )
            for number in range(scenario.workers)
        ]
        stack.push_async_callback(_stop_all, (web, *workers))
        for process in (web, *workers):
            await process.start()
        await wait_until_ready(url)
        channel = create_channel(account, url)
        assert channel is not None
        dialog = DialogMachine(Flow.load(FLOW_LIBRARY / "kyc.json"))
        generator = ConversationGenerator(scenario, dialog, channel, BUSINESS_NUMBER, ACCOUNT)
        operator = StormOperator(stores, channel, replicas)
        yield StormEnvironment(
            server,
            stores[0],
            simulator_server,
            web,
            workers,
            generator,
            operator,
            log_path,
            hosts,
            group,
            cluster,
            tuple(links),
        )


async def _stop_all(processes: Sequence[ForkedProcess]) -> None:
    await asyncio.gather(*(each.stop() for each in processes))


def _find_url(store: EmbeddedRedis | SentinelGroup | ClusterGroup | None) -> str:
    """Return the value of REDIS_URL for web and workers."""
    if isinstance(store, ServerOnHost):
        return store.network_url
    return store.url if store else ""


def _write_burst_config(file: Path, scenario: StormScenario) -> Path:
    policy = f'policy = "burst"\nwindow = {scenario.burst}\ncap = {scenario.burst_cap}\n'
    file.write_text(f"[channels.{CHANNEL}.concurrency]\n{policy}", encoding="utf-8")
    return file
