"""A Redis Cluster by TLS: of nodes that have it, and of nodes behind proxies that add it, as services do."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from gateway.local.loopback import find_free_port
from gateway.redis.connection.cluster.partition import Partition
from gateway.redis.connection.connect import open_redis, open_sync_redis
from gateway.redis.server.embedded_server import find_server_binary
from gateway.storm.servers.cluster_group import ClusterGroup, NodePlace
from tests.gateway.environments.inbound import InboundGateway
from tests.gateway.environments.stack import build_message

SLOT = Partition().slot
_BUS_OFFSET = 10_000
_FIRST_BYTE_OF_TLS = b"\x16"


@dataclass(frozen=True, slots=True)
class SecureCluster:
    """A cluster, and the URL by which clients reach it."""

    group: ClusterGroup
    url: str


class Certificates:
    """An authority, and the files of every node."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.server = authority.issue_cert("127.0.0.1")
        self.authority, self.key, self.chain = (folder / name for name in ("ca.pem", "key.pem", "chain.pem"))
        authority.cert_pem.write_to_path(str(self.authority))
        self.server.private_key_pem.write_to_path(str(self.key))
        self.server.cert_chain_pems[0].write_to_path(str(self.chain))

    def url(self, ports: list[int]) -> str:
        nodes = ",".join(f"127.0.0.1:{port}" for port in ports)
        return f"rediss+cluster://{nodes}?ssl_ca_certs={self.authority}"


def has_tls() -> bool:
    """Return whether the server program was built with TLS: it then misses a key."""
    command = [find_server_binary(), "--port", "0", "--tls-port", "1", "--tls-cert-file", "/nowhere"]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    return "No tls-key-file" in said.stdout


@asynccontextmanager
async def nodes_with_tls(folder: Path, files: Certificates) -> AsyncIterator[SecureCluster]:
    """Start nodes that speak TLS, also among each other; the test's own commands go to another port."""
    secure: dict[int, int] = {}

    def place(port: int) -> NodePlace:
        tls_port = secure.setdefault(port, find_node_port())
        options = {
            "tls-port": tls_port,
            "tls-cluster": "yes",
            "tls-replication": "yes",
            "tls-auth-clients": "no",
            "tls-cert-file": files.chain,
            "tls-key-file": files.key,
            "tls-ca-cert-file": files.authority,
        }
        return NodePlace(tls_port, tls_port + _BUS_OFFSET, options)

    group = ClusterGroup(folder, primaries=3, replicas=0, place=place)
    try:
        await group.start()
        yield SecureCluster(group, files.url([secure[port] for port in group.ports[:2]]))
    finally:
        group.stop()


@asynccontextmanager
async def nodes_behind_tls(folder: Path, files: Certificates) -> AsyncIterator[SecureCluster]:
    """Start nodes that announce the ports of proxies, which take TLS and the test's plain connections."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    files.server.configure_cert(context)
    servers: dict[int, int] = {}

    def place(port: int) -> NodePlace:
        own = servers.setdefault(port, find_node_port())
        bus = own + _BUS_OFFSET
        options = {"port": own, "cluster-announce-port": port, "cluster-announce-bus-port": bus}
        return NodePlace(port, bus, options)

    group = ClusterGroup(folder, primaries=3, replicas=0, place=place)
    async with AsyncExitStack() as stack:
        relays = Relays()
        stack.push_async_callback(relays.close)
        for port in group.ports:
            place(port)
            secure = await relays.listen(servers[port], context=context)
            await relays.listen(servers[port], port=port, secure=secure)
        stack.callback(group.stop)
        await group.start()
        yield SecureCluster(group, files.url(group.ports[:2]))


def find_node_port() -> int:
    """Return a free port whose port of the bus exists."""
    while (port := find_free_port()) > 65_535 - _BUS_OFFSET:
        pass
    return port


class Relays:
    """Proxies, and their connections."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(
        self, target: int, *, port: int = 0, secure: int = 0, context: ssl.SSLContext | None = None
    ) -> int:
        """Relay connections to a port; those that begin TLS to the port `secure`. Return the own port."""

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._tasks.add(asyncio.create_task(relay(reader, writer, target, secure)))

        server = await asyncio.start_server(accept, "127.0.0.1", port, ssl=context)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int, secure: int) -> None:
    with closing(writer), suppress(OSError):  # the server may not be there yet
        first = await reader.read(1)
        port = secure if secure and first == _FIRST_BYTE_OF_TLS else target
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", port)
        with closing(behind_writer):
            behind_writer.write(first)
            await asyncio.gather(copy(reader, behind_writer), copy(behind_reader, writer))


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


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
    async with nodes_with_tls(tmp_path, Certificates(tmp_path)) as cluster:
        await answer_turns(cluster)


@pytest.mark.long
async def test_a_cluster_behind_tls_is_followed(tmp_path: Path) -> None:
    async with nodes_behind_tls(tmp_path, Certificates(tmp_path)) as cluster:
        await answer_turns(cluster)
