"""A Redis Cluster as real processes: primaries, each with replicas, whose slots can be moved."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from gateway.local.loopback import find_free_port
from gateway.storm.servers.cluster_node import (
    STEP_SECONDS,
    is_healthy,
    is_responding,
    port_of,
    primaries_with_replica,
    read_node_id,
    read_owners,
    run_command,
    run_with_replicas,
    start_node,
    wait_until,
)

_SLOTS: Final = 16_384
_BUS_OFFSET: Final = 10_000


@dataclass(frozen=True, slots=True)
class NodePlace:
    """The ports at which other nodes reach a node, and further options of its server."""

    port: int
    bus_port: int
    options: Mapping[str, object] = field(default_factory=dict)


def _place_at(port: int) -> NodePlace:
    return NodePlace(port, port + _BUS_OFFSET)


class ClusterGroup:
    """The processes by port. Nodes are named by port; the first primary owns the first slots."""

    def __init__(
        self,
        folder: Path,
        primaries: int = 3,
        replicas: int = 1,
        place: Callable[[int], NodePlace] = _place_at,
    ) -> None:
        """Create a group; `place` returns the further ports and options of a node by its port without TLS."""
        self._place = place
        self._folder = folder
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._replicas = replicas
        self.ports = [find_free_port() for _ in range(primaries * (1 + replicas))]
        self._primaries = primaries

    @property
    def url(self) -> str:
        """The value of REDIS_URL."""
        return "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in self.ports)

    @property
    def process_ids(self) -> list[int]:
        """The process IDs of the nodes."""
        return [process.pid for process in self._processes.values()]

    async def start(self) -> None:
        """Start the nodes, divide the slots, and wait until every node agrees and every replica follows."""
        for port in self.ports:
            self._spawn(port)
        for port in self.ports:
            await wait_until(port, is_responding)
        first, *others = self.ports
        for port in others:
            await self._meet(first, port)
        primaries = self.ports[: self._primaries]
        bounds = [_SLOTS * number // self._primaries for number in range(self._primaries + 1)]
        for port, (begin, end) in zip(primaries, pairwise(bounds), strict=True):
            await run_command(port, "CLUSTER", "ADDSLOTS", *range(begin, end))
        for port in self.ports:
            await wait_until(port, self._knows_all)
        for number, port in enumerate(self.ports[self._primaries :]):
            await self._replicate(port, primaries[number % self._primaries])
        for port in self.ports:
            await wait_until(port, is_healthy)

    async def find_owner(self, slot: int) -> int:
        """Return the port of the primary that owns a slot, as soon as all nodes that answer agree."""
        async with asyncio.timeout(STEP_SECONDS):
            while True:
                named = await read_owners(slot, self.ports)
                if len(named) == 1:
                    return named.pop()
                await asyncio.sleep(0.05)  # the servers offer no event

    async def replace_owner(self, slot: int) -> int:
        """Kill the owner of a slot, wait for a replica to take over, and return that one.

        The former owner is started again, and follows it at the end.
        """
        former = await self.find_owner(slot)
        self.kill(former)
        async with asyncio.timeout(STEP_SECONDS):
            owner = former
            while owner == former:
                owner = await self._find_other_owner(slot, former)
                await asyncio.sleep(0.05)  # the servers offer no event
        self._spawn(former)
        await wait_until(former, is_healthy)
        return owner

    async def move_slot(self, slot: int, target: int, keys_per_call: int = 10) -> None:
        """Move a slot to the primary at `target`, as resharding tools do: some keys at a time, under load."""
        source = await self.find_owner(slot)
        if source == target:
            return
        await self.begin_move(slot, source, target)
        while keys := await self.keys_in_slot(slot, source, keys_per_call):
            await self.move_keys(keys, source, target)
        await self.finish_move(slot, source, target)

    async def begin_move(self, slot: int, source: int, target: int) -> None:
        """Let keys of a slot be at either of two primaries."""
        await run_command(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", await read_node_id(source))
        await run_command(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", await read_node_id(target))

    async def keys_in_slot(self, slot: int, port: int, count: int) -> list[bytes]:
        """Return up to `count` keys of a slot that a primary has."""
        keys: list[bytes] = await run_command(port, "CLUSTER", "GETKEYSINSLOT", slot, count)
        return keys

    async def move_keys(self, keys: Sequence[bytes], source: int, target: int) -> None:
        """Move keys of a slot that is being moved."""
        port = self._place(target).port
        await run_command(source, "MIGRATE", "127.0.0.1", port, "", 0, 5_000, "KEYS", *keys)

    async def finish_move(self, slot: int, source: int, target: int) -> None:
        """Give a slot whose keys were moved to its new owner."""
        name = await read_node_id(target)
        await run_with_replicas(target, "CLUSTER", "SETSLOT", slot, "NODE", name)
        try:
            await run_with_replicas(source, "CLUSTER", "SETSLOT", slot, "NODE", name)
        except ResponseError as error:  # a primary that has given its last slot away follows the new owner
            if "only with masters" not in str(error):
                raise

    async def move_slot_elsewhere(self, slot: int, random: Random) -> None:
        """Move a slot to another of the primaries that have a replica."""
        owner = await self.find_owner(slot)
        names = (await run_command(owner, "CLUSTER", "NODES")).decode()
        await self.move_slot(slot, random.choice(sorted(primaries_with_replica(names) - {owner})))

    async def move_slot_to_new_primary(self, slot: int) -> None:
        """Add a primary with a replica and move a slot there."""
        primary = await self.add_node()
        replica = await self.add_node()
        await self._replicate(replica, primary)
        await wait_until(replica, is_healthy)
        await self.move_slot(slot, primary)

    async def add_node(self) -> int:
        """Start another node, without slots; return its port once every node knows it."""
        port = find_free_port()
        self._spawn(port)
        await wait_until(port, is_responding)
        await self._meet(self.ports[0], port)
        self.ports.append(port)
        for each in self.ports:
            await wait_until(each, self._knows_all)
        await wait_until(port, is_healthy)
        return port

    def kill(self, port: int) -> None:
        """End a node at once (SIGKILL)."""
        self._processes[port].kill()
        self._processes[port].wait()

    def stall(self, port: int) -> None:
        """Stop a node without ending it."""
        self._processes[port].send_signal(signal.SIGSTOP)

    def resume(self, port: int) -> None:
        """Let a stopped node go on."""
        self._processes[port].send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Kill every process."""
        for port in self._processes:
            self.kill(port)

    async def _meet(self, port: int, other: int) -> None:
        place = self._place(other)
        await run_command(port, "CLUSTER", "MEET", "127.0.0.1", place.port, place.bus_port)

    async def _find_other_owner(self, slot: int, former: int) -> int:
        """Return the owner that every other node names; `former` while they do not agree."""
        named = await read_owners(slot, [port for port in self.ports if port != former])
        return named.pop() if len(named) == 1 else former

    async def _replicate(self, port: int, primary: int) -> None:
        name = await read_node_id(primary)
        async with asyncio.timeout(STEP_SECONDS):
            while True:
                try:
                    await run_command(port, "CLUSTER", "REPLICATE", name)
                except ResponseError:  # it does not know the primary yet
                    await asyncio.sleep(0.05)
                else:
                    return

    async def _knows_all(self, client: Redis) -> bool:
        nodes = (await run_command(port_of(client), "CLUSTER", "NODES")).decode()
        return len(nodes.splitlines()) == len(self.ports) and "handshake" not in nodes

    def _spawn(self, port: int) -> None:
        self._processes[port] = start_node(port, self._folder / str(port), self._place(port).options)


@asynccontextmanager
async def running_cluster(primaries: int = 3, replicas: int = 1) -> AsyncIterator[ClusterGroup]:
    """Start a cluster for the duration of the block."""
    with TemporaryDirectory(prefix="tg") as folder:
        group = ClusterGroup(Path(folder), primaries, replicas)
        try:
            await group.start()
            yield group
        finally:
            group.stop()
