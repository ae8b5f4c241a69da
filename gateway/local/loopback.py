"""Ports and listening sockets, and readiness of a gateway on loopback."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
from collections.abc import Callable
from errno import EADDRINUSE
from typing import Final

import httpx

from core.errors import ConfigurationError

_READY_SECONDS = 60.0
# Below the ports that systems give to outgoing connections; the bus of a cluster's node is 10,000 above.
_FIRST_PORT: Final = 10_000
_PORTS: Final = 10_000
_taken = itertools.count()


def find_free_port() -> int:
    """Return a loopback port on which nothing listens. Raises `OSError` if there is none.

    A process is given each port only once in ten thousand calls, and another process begins elsewhere: the
    server that is to listen there may start seconds later, when the system would have given the port away.
    """
    for _ in range(_PORTS):
        port = _FIRST_PORT + (os.getpid() * 613 + next(_taken)) % _PORTS
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free loopback port: something listens on all from 10000 to 19999")


def resolve_port(host: str, port: int) -> int:
    """Resolve `port` (0: any free one). Raises `ConfigurationError` if it cannot be listened on."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            remedy = (
                "stop what uses it, or choose another with --port"
                if error.errno == EADDRINUSE
                else "HOST must be an IP address of this machine"
            )
            raise ConfigurationError(f"cannot listen on {host}:{port} ({error.strerror}); {remedy}") from None
        return int(probe.getsockname()[1])


async def wait_until_ready(url: str, check: Callable[[], None] = lambda: None) -> None:
    """Wait until the gateway at `url` is ready. Raises `TimeoutError` after a minute, or as `check` does."""
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(_READY_SECONDS):
        while True:
            if await _is_ready(http, url):
                return
            check()
            await asyncio.sleep(0.05)  # another process becomes ready; there is no event to await


async def _is_ready(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(f"{url}/readyz?workers=1")).status_code == 200
    except httpx.TransportError:
        return False


def open_listener(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """Open a listening socket; port 0 takes a free one. Raises `OSError` if the port is taken.

    The socket names its protocol, unlike that of `socket.create_server`: only then does asyncio disable
    Nagle's algorithm. Otherwise each response is delayed by up to 40 ms.
    """
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    return listener
