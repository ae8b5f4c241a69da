"""A Redis Cluster by TLS: of nodes that have it, and of nodes behind proxies that add it, as services do."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.local.loopback import find_free_port
from gateway.redis.connection.cluster.partition import Partition
from gateway.redis.connection.connect import open_redis, open_sync_redis
from gateway.redis.server.embedded_server import find_server_binary
from gateway.storm.servers.cluster_group import ClusterGroup, NodePlace
from tests.gateway.environments.inbound import InboundGateway
from tests.gateway.environments.stack import build_message
from tests.gateway.environments.tls import Certificates, Relays

SLOT = Partition().slot
_BUS_OFFSET = 10_000


@dataclass(frozen=True, slots=True)
class SecureCluster:
    """A cluster, and the URL by which clients reach it."""

    group: ClusterGroup
    url: str


def build_url(files: Certificates, ports: list[int]) -> str:
    nodes = ",".join(f"127.0.0.1:{port}" for port in ports)
    return f"rediss+cluster://{nodes}?ssl_ca_certs={files.ca}"


def has_tls() -> bool:
    """Return whether the server program was built with TLS: it then misses a key."""
    command = [find_server_binary(), "--port", "0", "--tls-port", "1", "--tls-cert-file", "/nowhere"]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    return "No tls-key-file" in said.stdout


@asynccontextmanager
async def running_tls_nodes(folder: Path, files: Certificates) -> AsyncIterator[SecureCluster]:
    """Start nodes that speak TLS, also among each other; the test's own commands go to another port."""
    secure: dict[int, int] = {}

    def place(port: int) -> NodePlace:
        tls_port = secure.setdefault(port, find_free_port())
        options = {
            "tls-port": tls_port,
            "tls-cluster": "yes",
            "tls-replication": "yes",
            "tls-auth-clients": "no",
            "tls-cert-file": files.server_chain,
            "tls-key-file": files.server_key,
            "tls-ca-cert-file": files.ca,
        }
        return NodePlace(tls_port, tls_port + _BUS_OFFSET, options)

    group = ClusterGroup(folder, primaries=3, replicas=0, place=place)
    try:
        await group.start()
        yield SecureCluster(group, build_url(files, [secure[port] for port in group.ports[:2]]))
    finally:
        group.stop()


@asynccontextmanager
async def running_nodes_behind_tls(folder: Path, files: Certificates) -> AsyncIterator[SecureCluster]:
    """Start nodes that announce the ports of proxies, which take TLS and the test's plain connections."""
    servers: dict[int, int] = {}

    def place(port: int) -> NodePlace:
        own = servers.setdefault(port, find_free_port())
        bus = own + _BUS_OFFSET
        options = {"port": own, "cluster-announce-port": port, "cluster-announce-bus-port": bus}
        return NodePlace(port, bus, options)

    group = ClusterGroup(folder, primaries=3, replicas=0, place=place)
    async with AsyncExitStack() as stack:
        relays = Relays()
        stack.push_async_callback(relays.close)
        for port in group.ports:
            place(port)
            await relays.listen_for_both(servers[port], port, files.build_context())
        stack.callback(group.stop)
        await group.start()
        yield SecureCluster(group, build_url(files, group.ports[:2]))


async def answer_turns(cluster: SecureCluster) -> None:
    """Accept and answer a turn, before and after the slot has moved; RQ's client follows as well."""
    async with open_redis(cluster.url) as redis:
        gateway = InboundGateway(redis, ["twilio"])
        with open_sync_redis(cluster.url) as blocking:
            for number in (1, 2):
                event = build_message(number, "hi")
                await gateway.receive([event], event.turn.session)

                assert gateway.channel.bodies[-1].endswith("hi")
                assert len(gateway.channel.bodies) == number
                assert await asyncio.to_thread(blocking.exists, f"tg:{{{event.turn.session}}}")
                owner = await cluster.group.find_owner(SLOT)
                other = next(port for port in cluster.group.ports if port != owner)
                await cluster.group.move_slot(SLOT, other)
        await gateway.mailbox.aclose()


async def test_a_cluster_of_nodes_with_tls_is_followed(tmp_path: Path) -> None:
    if not has_tls():
        pytest.skip("this server was built without TLS; `make test-servers` has one with it")
    async with running_tls_nodes(tmp_path, Certificates(tmp_path, "127.0.0.1")) as cluster:
        await answer_turns(cluster)


@pytest.mark.long
async def test_a_cluster_behind_tls_is_followed(tmp_path: Path) -> None:
    async with running_nodes_behind_tls(tmp_path, Certificates(tmp_path, "127.0.0.1")) as cluster:
        await answer_turns(cluster)
