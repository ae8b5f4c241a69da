"""One node of a Redis Cluster, named by its port: its process, commands to it, waits for its state."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from gateway.redis.server.embedded_server import find_server_binary, terminate_with_parent

STEP_SECONDS: Final = 60.0
"""Time limit of one step, such as a failover."""

_NODE_TIMEOUT_MS: Final = 2_000


def start_node(port: int, folder: Path, options: Mapping[str, object]) -> subprocess.Popen[bytes]:
    """Start the server of a node with its data in `folder`; `options` come after the usual ones."""
    folder.mkdir(exist_ok=True)
    settings = {
        "port": port,
        "bind": "127.0.0.1",
        "dir": folder,
        "save": "",
        "appendonly": "yes",
        "maxmemory-policy": "noeviction",
        "repl-diskless-sync-delay": 0,
        "cluster-enabled": "yes",
        "cluster-node-timeout": _NODE_TIMEOUT_MS,
        "cluster-require-full-coverage": "no",
        **options,
    }
    arguments = [text for name, value in settings.items() for text in (f"--{name}", str(value))]
    return subprocess.Popen(
        [find_server_binary(), *arguments],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=terminate_with_parent,
    )


async def run_command(port: int, *arguments: Any) -> Any:
    """Return the answer of a node to a command, as the server sends it."""
    async with Redis(port=port, socket_timeout=5.0) as client:
        # redis-py would turn the answers of CLUSTER commands into dictionaries
        client.response_callbacks.clear()
        return await client.execute_command(*arguments)  # type: ignore[no-untyped-call]


async def run_with_replicas(port: int, *arguments: Any) -> None:
    """Run a command that a primary refuses while its replica does not follow."""
    async with asyncio.timeout(STEP_SECONDS):
        while True:
            try:
                await run_command(port, *arguments)
            except ResponseError as error:
                if not str(error).startswith("NOREPLICAS"):
                    raise
                await asyncio.sleep(0.05)  # the server offers no event
            else:
                return


async def read_node_id(port: int) -> str:
    """Return the ID by which other nodes know a node."""
    return str((await run_command(port, "CLUSTER", "MYID")).decode())


async def read_owners(slot: int, ports: Sequence[int]) -> set[int]:
    """Return the owners of a slot that nodes name."""
    named = set()
    for port in ports:
        with suppress(RedisError, OSError):
            rows = await run_command(port, "CLUSTER", "SLOTS")
            named |= {int(row[2][1]) for row in rows if row[0] <= slot <= row[1]}
    return named


def primaries_with_replica(nodes: str) -> set[int]:
    """Return the ports of the primaries that a replica follows, from the answer of CLUSTER NODES."""
    rows = [line.split() for line in nodes.splitlines()]
    ports = {row[0]: int(row[1].partition("@")[0].rpartition(":")[2]) for row in rows}
    followed = {row[3] for row in rows if "slave" in row[2] and "fail" not in row[2]}
    return {
        ports[row[0]] for row in rows if "master" in row[2] and "fail" not in row[2] and row[0] in followed
    }


def port_of(client: Redis) -> int:
    """Return the port of the node that a client is for."""
    return int(client.connection_pool.connection_kwargs["port"])


async def is_responding(client: Redis) -> bool:
    """Return whether a node answers."""
    return bool(await client.ping())


async def is_healthy(client: Redis) -> bool:
    """Return whether a node sees all slots served, and follows its primary if it is a replica."""
    state = (await run_command(port_of(client), "CLUSTER", "INFO")).decode()
    role: Any = await client.info("replication")
    follows = role["role"] == "master" or role["master_link_status"] == "up"
    return "cluster_state:ok" in state and follows


async def wait_until(port: int, is_reached: Callable[[Redis], Any]) -> None:
    """Wait until a node has reached a state."""
    async with asyncio.timeout(STEP_SECONDS), Redis(port=port) as client:
        while True:
            with suppress(RedisError, OSError):
                if await is_reached(client):
                    return
            await asyncio.sleep(0.05)  # the servers offer no event
