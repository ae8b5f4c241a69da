"""A primary, replicas and Sentinels as real processes."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from gateway.local.loopback import find_free_port
from gateway.redis.server.embedded_server import find_server_binary, terminate_with_parent

SERVICE = "mymaster"
_AGREE_SECONDS = 120.0


class SentinelGroup:
    """The processes by port; `sentinel_ports` are where clients ask for the primary."""

    def __init__(self, folder: Path, replicas: int = 1, sentinels: int = 1) -> None:
        self._folder = folder
        self.primary_gone = asyncio.Event()
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        ports = [find_free_port() for _ in range(1 + replicas + sentinels)]
        self.primary_port, self.replica_ports = ports[0], ports[1 : 1 + replicas]
        self.sentinel_ports = ports[1 + replicas :]

    @property
    def sentinel_port(self) -> int:
        """The first Sentinel."""
        return self.sentinel_ports[0]

    @property
    def url(self) -> str:
        """The value of REDIS_URL."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.sentinel_ports)
        return f"redis+sentinel://{hosts}/{SERVICE}"

    async def start(self) -> None:
        """Start all processes and wait until the Sentinels know the replicas and each other."""
        self._start(self.primary_port)
        for port in self.replica_ports:
            self._start(port, "--replicaof", "127.0.0.1", str(self.primary_port))
        for port in self.replica_ports:
            await self._wait_for(port, "replication", "'master_link_status': 'up'")
        for port in self.sentinel_ports:
            self._start_sentinel(port)
        others = len(self.sentinel_ports)
        for port in self.sentinel_ports:
            text = f"'slaves': {len(self.replica_ports)}, 'sentinels': {others}"
            await self._wait_for(port, "sentinel", text)

    async def fail_over(self, signal_number: signal.Signals = signal.SIGKILL) -> int:
        """End or stop the primary, and wait until the Sentinels have promoted a replica; return its port."""
        async with asyncio.timeout(60), Redis(port=self.sentinel_port) as client, client.pubsub() as events:
            await events.subscribe("+switch-master")
            self._processes[self.primary_port].send_signal(signal_number)
            self.primary_gone.set()
            async for event in events.listen():
                if event["type"] == "message":
                    return int(event["data"].split()[-1])
        raise RedisConnectionError("the Sentinel closed the connection")

    async def replace_primary(self) -> None:
        """Kill the primary, start it again as a replica of the promoted one; wait until all follow that."""
        former = await self._wait_until_agreed()  # on a busy machine they promote a replica by themselves
        self._processes[former].kill()
        self._processes[former].wait()
        async with asyncio.timeout(_AGREE_SECONDS):
            promoted = former
            while promoted in (0, former):  # any Sentinel may announce it; this is what they tell clients
                promoted = await self._named_primary(self.sentinel_port)
                await asyncio.sleep(0.05)
        self._spawn_server(former, "--replicaof", "127.0.0.1", str(promoted))
        await self._wait_until_agreed()

    async def _wait_until_agreed(self) -> int:
        """Wait until all Sentinels name one primary that all replicas follow; return its port."""
        async with asyncio.timeout(_AGREE_SECONDS):
            while True:
                named = {await self._named_primary(port) for port in self.sentinel_ports}
                if len(named) == 1 and (port := named.pop()) and await self._is_complete(port):
                    return port
                await asyncio.sleep(0.1)

    async def _named_primary(self, sentinel_port: int) -> int:
        with suppress(RedisError):
            async with Redis(port=sentinel_port) as client:
                named: Any = await client.sentinel_get_master_addr_by_name(SERVICE)
                return int(named[1])
        return 0

    async def _is_complete(self, port: int) -> bool:
        with suppress(RedisError):
            async with Redis(port=port) as client:
                found: Any = await client.info("replication")
                states = [each["state"] for each in found.values() if isinstance(each, dict)]
                return found["role"] == "master" and states == ["online"] * len(self.replica_ports)
        return False

    def stall(self, port: int) -> None:
        """Stop a server without ending it."""
        self._processes[port].send_signal(signal.SIGSTOP)

    async def cut_replicas_off(self) -> None:
        """Stop the replicas and break their connections, so that what is written now reaches none."""
        for port in self.replica_ports:
            self.stall(port)
        async with Redis(port=self.primary_port) as client:
            await client.client_kill_filter(_type="replica")

    def resume(self, port: int) -> None:
        """Let a stopped server go on."""
        self._processes[port].send_signal(signal.SIGCONT)

    async def wait_until_replica(self, port: int) -> None:
        """Wait until a former primary follows the new one."""
        await self._wait_for(port, "replication", "'role': 'slave'")

    def stop(self) -> None:
        """Kill every process."""
        for process in self._processes.values():
            process.kill()
            process.wait()

    def _start(self, port: int, *options: str) -> None:
        (self._folder / str(port)).mkdir()
        self._spawn_server(port, *options)

    def _spawn_server(self, port: int, *options: str) -> None:
        place = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(self._folder / str(port)))
        policy = ("--maxmemory-policy", "noeviction")
        self._spawn(port, *place, *policy, "--save", "", "--repl-diskless-sync-delay", "0", *options)

    def _start_sentinel(self, port: int) -> None:
        folder = self._folder / str(port)
        folder.mkdir()
        quorum = len(self.sentinel_ports) // 2 + 1
        config = folder / "sentinel.conf"
        config.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {folder}\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {self.primary_port} {quorum}\n"
            f"sentinel down-after-milliseconds {SERVICE} 1000\nsentinel failover-timeout {SERVICE} 5000\n"
        )
        self._spawn(port, str(config), "--sentinel")

    def _spawn(self, port: int, *arguments: str) -> None:
        self._processes[port] = subprocess.Popen(
            [find_server_binary(), *arguments],
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=terminate_with_parent,
        )

    async def _wait_for(self, port: int, section: str, text: str) -> None:
        """Wait until the information of the server at `port` contains a text."""
        async with asyncio.timeout(30), Redis(port=port) as client:
            while True:
                with suppress(RedisError):
                    if text in repr(await client.info(section)):
                        return
                await asyncio.sleep(0.05)  # the servers offer no event


@asynccontextmanager
async def running_sentinel_group(replicas: int = 1, sentinels: int = 1) -> AsyncIterator[SentinelGroup]:
    """Start the group for the duration of the block."""
    with TemporaryDirectory(prefix="tg") as folder:
        group = SentinelGroup(Path(folder), replicas, sentinels)
        try:
            await group.start()
            yield group
        finally:
            group.stop()
