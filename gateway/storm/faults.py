"""The blows: what is killed, stopped and restarted, and when, chosen by a seed."""

from __future__ import annotations

import asyncio
import signal
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from time import monotonic

from gateway.redis.embedded_server import EmbeddedRedis
from gateway.storm.forked_process import ForkedProcess
from gateway.storm.scenario import StormScenario

_WEB_SHARE = 0.2


class FaultInjector:
    """Deals blows until cancelled. `blows` counts them by kind."""

    def __init__(
        self,
        weather: StormScenario,
        server: EmbeddedRedis,
        web: ForkedProcess,
        workers: Sequence[ForkedProcess],
    ) -> None:
        self._scenario = weather
        self._server = server
        self._web = web
        self._workers = workers
        self._times: list[float] = []
        self._restart_task: asyncio.Future[None] | None = None
        self.counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Every kind of blow at its own pace."""
        weather = self._scenario
        async with asyncio.TaskGroup() as group:
            group.create_task(self._inject_periodically("kill", weather.kill_every, self._kill))
            group.create_task(self._inject_periodically("pause", weather.pause_every, self._pause))
            group.create_task(self._inject_periodically("restart", weather.restart_every, self._restart))

    async def recover(self) -> None:
        """After the last blow: the server runs, and nobody is left standing still."""
        if self._restart_task is not None:
            await self._restart_task
        for worker in self._workers:
            worker.signal(signal.SIGCONT)

    def times_between(self, began: float, ended: float) -> Sequence[float]:
        """When blows fell within a span, all in seconds of the monotonic clock."""
        return self._times[bisect_left(self._times, began) : bisect_left(self._times, ended)]

    async def _inject_periodically(
        self, kind: str, seconds: float, blow: Callable[[Random], Awaitable[str]]
    ) -> None:
        chance = Random(f"{self._scenario.seed}:{kind}")  # noqa: S311 - repeatable on purpose
        while seconds > 0:
            await asyncio.sleep(chance.uniform(0.3, 1.7) * seconds)
            if struck := await blow(chance):
                self.counts[struck] += 1

    async def _kill(self, chance: Random) -> str:
        hits_web = chance.random() < _WEB_SHARE
        victim = self._web if hits_web else chance.choice(self._workers)
        if victim.signal(signal.SIGKILL) is None:
            return ""
        self._times.append(monotonic())
        return f"{victim.name} killed (kill -9)"

    async def _pause(self, chance: Random) -> str:
        """Stop a worker past its lease. It may be killed meanwhile; then its successor is not touched."""
        victim = chance.choice(self._workers)
        pid = victim.signal(signal.SIGSTOP)
        if pid is None:
            return ""
        self._times.append(monotonic())
        await asyncio.sleep(self._scenario.lease_seconds * chance.uniform(1.1, 1.6))
        if victim.pid == pid:
            victim.signal(signal.SIGCONT)
        return "worker stood still past its lease (SIGSTOP)"

    async def _restart(self, chance: Random) -> str:
        self._times.append(monotonic())
        self._restart_task = asyncio.ensure_future(asyncio.to_thread(self._restart_server))
        await asyncio.shield(self._restart_task)
        self._times.append(monotonic())
        return "server restarted with its append-only file"

    def _restart_server(self) -> None:
        self._server.stop()
        self._server.start()
