"""Virtual hosts on one machine: network namespaces on a bridge, whose links and routes can be cut.

Needs root and `ip` of iproute2 (ip-netns(8)). A host that is cut off keeps its connections, as in a real
partition: packets vanish without an error.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigurationError
from gateway.redis.server.embedded_server import EmbeddedRedis

_NAMESPACES = Path("/var/run/netns")
_NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of setns(2)."""
_REDIS_PORT = 6379


@dataclass(frozen=True, slots=True)
class VirtualHost:
    """One host: its namespace, the name of its link at the bridge, its address."""

    namespace: str
    link: str
    address: str


class VirtualNetwork:
    """A bridge with this process at `address`, and the hosts that were added."""

    def __init__(self) -> None:
        number = os.getpid() % 60_000
        self._tag = f"tg{number:x}"
        self._subnet = f"10.{77 + number // 250 % 100}.{number % 250}"
        self.address = f"{self._subnet}.1"
        self._hosts: list[VirtualHost] = []

    def open(self) -> None:
        """Create the bridge. Raises `ConfigurationError` where this is not permitted or not possible."""
        if shutil.which("ip") is None:
            raise ConfigurationError("network partitions need the command `ip`; install the package iproute2")
        try:
            _ip("link", "add", self._tag, "type", "bridge")
        except OSError as error:
            raise ConfigurationError(
                f"network partitions need root and network namespaces: {error}"
            ) from None
        _ip("addr", "add", f"{self.address}/24", "dev", self._tag)
        _ip("link", "set", self._tag, "up")

    def close(self) -> None:
        """Remove the hosts and the bridge, as far as they still exist."""
        for host in self._hosts:
            with suppress(OSError):
                _ip("netns", "del", host.namespace)
        with suppress(OSError):
            _ip("link", "del", self._tag)

    def add_host(self) -> VirtualHost:
        """Add a host, connected to all others."""
        number = len(self._hosts) + 2
        host = VirtualHost(f"{self._tag}n{number}", f"{self._tag}h{number}", f"{self._subnet}.{number}")
        _ip("netns", "add", host.namespace)
        self._hosts.append(host)
        _ip("link", "add", host.link, "type", "veth", "peer", "name", "eth0", "netns", host.namespace)
        _ip("link", "set", host.link, "master", self._tag)
        _ip("link", "set", host.link, "up")
        for command in (f"addr add {host.address}/24 dev eth0", "link set lo up", "link set eth0 up"):
            _ip("-n", host.namespace, *command.split())
        return host

    def cut(self, host: VirtualHost) -> None:
        """Cut a host off from all others."""
        _ip("link", "set", host.link, "down")

    def drop_packets(self, sender: VirtualHost, receiver: VirtualHost) -> None:
        """Lose everything that one host sends to another; the other direction still works."""
        _ip("-n", sender.namespace, "route", "replace", "blackhole", f"{receiver.address}/32")

    def heal(self, host: VirtualHost, server: VirtualHost) -> None:
        """Undo all cuts between a host and a server, and of the host's link."""
        _ip("link", "set", host.link, "up")
        for sender, receiver in ((host, server), (server, host)):
            with suppress(OSError):  # there is no such route
                _ip("-n", sender.namespace, "route", "del", "blackhole", f"{receiver.address}/32")


class ServerOnHost(EmbeddedRedis):
    """The embedded server on a virtual host: other hosts reach it by TCP, this process by its socket."""

    def __init__(self, folder: Path, host: VirtualHost) -> None:
        super().__init__(folder)
        self._host = host

    @property
    def network_url(self) -> str:
        """The value of REDIS_URL on other hosts."""
        return f"redis://{self._host.address}:{_REDIS_PORT}"

    def _command(self) -> list[str]:
        listen = ["--port", str(_REDIS_PORT), "--bind", self._host.address, "--protected-mode", "no"]
        return ["ip", "netns", "exec", self._host.namespace, *super()._command(), *listen]


@dataclass(frozen=True, slots=True)
class StormNetwork:
    """The virtual hosts of a run with network partitions."""

    network: VirtualNetwork
    server: VirtualHost
    web: VirtualHost
    workers: tuple[VirtualHost, ...]


@contextmanager
def open_network(workers: int) -> Iterator[StormNetwork]:
    """Create the hosts for the duration of the block."""
    network = VirtualNetwork()
    try:
        network.open()
        hosts = [network.add_host() for _ in range(workers + 2)]
        yield StormNetwork(network, hosts[0], hosts[1], tuple(hosts[2:]))
    finally:
        network.close()


def enter_namespace(name: str) -> None:
    """Move this process to a network namespace. Raises `OSError` if it may not."""
    library = ctypes.CDLL(None, use_errno=True)
    with (_NAMESPACES / name).open("rb") as file:
        if library.setns(file.fileno(), _NEW_NETWORK):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"`ip {' '.join(arguments)}` failed: {done.stderr.strip()}")
