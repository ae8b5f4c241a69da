"""Servers on this machine: simulators, and gateways that are started for a storm or a benchmark."""

from __future__ import annotations

import asyncio
import socket

import httpx

_READY_SECONDS = 60.0


def find_free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def wait_until_ready(url: str) -> None:
    """Wait until the gateway at `url` would answer a message. Raises `TimeoutError` after a minute."""
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(_READY_SECONDS):
        while True:
            if await _is_ready(http, url):
                return
            await asyncio.sleep(0.05)  # another process becomes ready, and nothing tells us


async def _is_ready(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(f"{url}/readyz")).status_code == 200
    except httpx.TransportError:
        return False


def open_listener(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A socket for a server in this process; port 0 takes a free one. Raises `OSError` when it is taken.

    It names its protocol, unlike that of `socket.create_server`: only then does asyncio send without delay.
    Otherwise each answer waits for the other side's acknowledgement, 40 ms.
    """
    made = socket.socket(proto=socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(1024)
    except OSError:
        made.close()
        raise
    return made
