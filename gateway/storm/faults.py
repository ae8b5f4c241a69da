"""The blows: what is killed, stopped and restarted, and when, chosen by a seed."""

from __future__ import annotations

import asyncio
import signal
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from time import monotonic

from gateway.redis.embedded_server import EmbeddedServer
from gateway.storm.forked_process import Forked
from gateway.storm.scenario import Weather

_WEB_SHARE = 0.2


class Chaos:
    """Deals blows until cancelled. `blows` counts them by kind."""

    def __init__(
        self, weather: Weather, server: EmbeddedServer, web: Forked, workers: Sequence[Forked]
    ) -> None:
        self._weather = weather
        self._server = server
        self._web = web
        self._workers = workers
        self._times: list[float] = []
        self._restarting: asyncio.Future[None] | None = None
        self.blows: Counter[str] = Counter()

    async def run(self) -> None:
        """Every kind of blow at its own pace."""
        weather = self._weather
        async with asyncio.TaskGroup() as group:
            group.create_task(self._every("kill", weather.kill_every, self._kill))
            group.create_task(self._every("pause", weather.pause_every, self._pause))
            group.create_task(self._every("restart", weather.restart_every, self._restart))

    async def calm(self) -> None:
        """After the last blow: the server runs, and nobody is left standing still."""
        if self._restarting is not None:
            await self._restarting
        for worker in self._workers:
            worker.signal(signal.SIGCONT)

    def between(self, began: float, ended: float) -> Sequence[float]:
        """When blows fell within a span, all in seconds of the monotonic clock."""
        return self._times[bisect_left(self._times, began) : bisect_left(self._times, ended)]

    async def _every(self, kind: str, seconds: float, blow: Callable[[Random], Awaitable[str]]) -> None:
        chance = Random(f"{self._weather.seed}:{kind}")  # noqa: S311 - repeatable on purpose
        while seconds > 0:
            await asyncio.sleep(chance.uniform(0.3, 1.7) * seconds)
            if struck := await blow(chance):
                self.blows[struck] += 1

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
        await asyncio.sleep(self._weather.lease_seconds * chance.uniform(1.1, 1.6))
        if victim.pid == pid:
            victim.signal(signal.SIGCONT)
        return "worker stood still past its lease (SIGSTOP)"

    async def _restart(self, chance: Random) -> str:
        self._times.append(monotonic())
        self._restarting = asyncio.ensure_future(asyncio.to_thread(self._stop_and_start))
        await asyncio.shield(self._restarting)
        self._times.append(monotonic())
        return "server restarted with its append-only file"

    def _stop_and_start(self) -> None:
        self._server.stop()
        self._server.start()
