"""Fault injection: kills, pauses and restarts, at times chosen by a seed."""

from __future__ import annotations

import asyncio
import signal
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from random import Random
from time import monotonic

from gateway.redis.connection.cluster.partition import Partition
from gateway.redis.server.embedded_server import EmbeddedRedis
from gateway.storm.environment import StormEnvironment
from gateway.storm.scenario import StormScenario
from gateway.storm.servers.cluster_group import ClusterGroup
from gateway.storm.servers.network import StormNetwork
from gateway.storm.servers.sentinel_group import SentinelGroup

_WEB_SHARE = 0.2
_MAX_NODES = 8
_RESHARDINGS = {
    "kill": "primary of the cluster killed, replica promoted",
    "move": "slot moved to another primary",
    "grow": "slot moved to a new primary",
}


class FaultInjector:
    """Inject faults until cancelled; `counts` has their number by kind."""

    def __init__(
        self,
        scenario: StormScenario,
        environment: StormEnvironment,
    ) -> None:
        self._scenario = scenario
        self._server = environment.server
        self._web = environment.web
        self._workers = environment.workers
        self._network = environment.network
        self._group = environment.group
        self._cluster = environment.cluster
        self._times: list[float] = []
        self._restart_task: asyncio.Future[None] | None = None
        self.counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Inject each kind of fault at its own interval."""
        scenario = self._scenario
        async with asyncio.TaskGroup() as group:
            group.create_task(self._inject_periodically("kill", scenario.kill_every, self._kill))
            group.create_task(self._inject_periodically("pause", scenario.pause_every, self._pause))
            if self._server is not None:
                restart = partial(self._restart, self._server)
                group.create_task(self._inject_periodically("restart", scenario.restart_every, restart))
            if self._group is not None:
                fail_over = partial(self._fail_over, self._group)
                group.create_task(self._inject_periodically("failover", scenario.failover_every, fail_over))
            if self._cluster is not None:
                reshard = partial(self._reshard, self._cluster)
                group.create_task(self._inject_periodically("reshard", scenario.reshard_every, reshard))
            if scenario.other_release:
                seconds = scenario.upgrade_every
                group.create_task(self._inject_periodically("upgrade", seconds, self._change_release))
            if self._network is not None:
                cut = partial(self._partition, self._network)
                group.create_task(self._inject_periodically("partition", scenario.partition_every, cut))

    async def recover(self) -> None:
        """Finish a restart in progress and resume every paused worker."""
        if self._restart_task is not None:
            await self._restart_task
        for worker in self._workers:
            worker.signal(signal.SIGCONT)

    def times_between(self, began: float, ended: float) -> Sequence[float]:
        """Return the times of the faults in an interval, all in seconds of the monotonic clock."""
        return self._times[bisect_left(self._times, began) : bisect_left(self._times, ended)]

    async def _inject_periodically(
        self, kind: str, seconds: float, inject: Callable[[Random], Awaitable[str]]
    ) -> None:
        random = Random(f"{self._scenario.seed}:{kind}")  # noqa: S311 - repeatable on purpose
        while seconds > 0:
            await asyncio.sleep(random.uniform(0.3, 1.7) * seconds)
            if kind_injected := await inject(random):
                self.counts[kind_injected] += 1

    async def _kill(self, random: Random) -> str:
        kills_web = random.random() < _WEB_SHARE
        target = self._web if kills_web else random.choice(self._workers)
        if target.signal(signal.SIGKILL) is None:
            return ""
        self._times.append(monotonic())
        return f"{target.name} killed (kill -9)"

    async def _change_release(self, random: Random) -> str:
        is_web = random.random() < _WEB_SHARE
        target = self._web if is_web else random.choice(self._workers)
        if target.change_release() is None:
            return ""
        self._times.append(monotonic())
        return f"{target.name} replaced by {'the other' if target.is_other_release else 'this'} release"

    async def _pause(self, random: Random) -> str:
        """Pause a worker past its lease. If it is killed meanwhile, its replacement is left alone."""
        target = random.choice(self._workers)
        pid = target.signal(signal.SIGSTOP)
        if pid is None:
            return ""
        self._times.append(monotonic())
        await asyncio.sleep(self._scenario.lease_seconds * random.uniform(1.1, 1.6))
        if target.pid == pid:
            target.signal(signal.SIGCONT)
        return "worker paused past its lease (SIGSTOP)"

    async def _partition(self, hosts: StormNetwork, random: Random) -> str:
        """Cut a process off for about a lease: from everybody, or one direction between it and the server."""
        is_web = random.random() < _WEB_SHARE
        host, name = (hosts.web, "web") if is_web else (random.choice(hosts.workers), "worker")
        kind = random.choice(("cut off", "deaf to Redis", "unheard by Redis"))
        self._times.append(monotonic())
        if kind == "cut off":
            hosts.network.cut(host)
        elif kind == "deaf to Redis":
            hosts.network.drop_packets(hosts.server, host)
        else:
            hosts.network.drop_packets(host, hosts.server)
        try:
            await asyncio.sleep(self._scenario.lease_seconds * random.uniform(0.5, 1.6))
        finally:
            hosts.network.heal(host, hosts.server)
            self._times.append(monotonic())
        return f"{name} {kind} (network partition)"

    async def _fail_over(self, group: SentinelGroup, random: Random) -> str:
        self._times.append(monotonic())
        self._restart_task = asyncio.ensure_future(group.replace_primary())
        await asyncio.shield(self._restart_task)
        self._times.append(monotonic())
        return "primary killed, replica promoted"

    async def _reshard(self, cluster: ClusterGroup, random: Random) -> str:
        slot = Partition(random.choice(range(self._scenario.partitions))).slot
        self._times.append(monotonic())
        kind = random.choice(("kill", "move", "grow"))
        if kind == "kill":
            action: Coroutine[None, None, object] = cluster.replace_owner(slot)
        elif kind == "move" or len(cluster.ports) >= _MAX_NODES:
            kind, action = "move", cluster.move_slot_elsewhere(slot, random)
        else:
            action = cluster.move_slot_to_new_primary(slot)
        self._restart_task = asyncio.ensure_future(_ignore_result(action))
        await asyncio.shield(self._restart_task)
        self._times.append(monotonic())
        return _RESHARDINGS[kind]

    async def _restart(self, server: EmbeddedRedis, random: Random) -> str:
        self._times.append(monotonic())
        self._restart_task = asyncio.ensure_future(asyncio.to_thread(_restart_server, server))
        await asyncio.shield(self._restart_task)
        self._times.append(monotonic())
        return "server restarted with its append-only file"


async def _ignore_result(action: Coroutine[None, None, object]) -> None:
    await action


def _restart_server(server: EmbeddedRedis) -> None:
    if not server.is_alive:  # its effects would look like a loss by the gateway
        raise RuntimeError("the Redis server exited or was killed from outside: the run proves nothing")
    server.stop()
    server.start()
