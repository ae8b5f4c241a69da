"""Web process and workers of a storm."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from gateway.storm.conversations import DEADLY_TEXT
from gateway.storm.processes.forked_process import ForkedProcess
from gateway.storm.scenario import StormScenario
from gateway.storm.servers.network import StormNetwork
from gateway.storm.servers.slow_link import SlowLink


class GatewayProcesses:
    """Web and workers of an environment, each with its own link to the server if links are slow."""

    def __init__(
        self,
        scenario: StormScenario,
        environ: Mapping[str, str],
        log_path: Path,
        hosts: StormNetwork | None,
        stack: AsyncExitStack,
    ) -> None:
        self._scenario = scenario
        self._environ = dict(environ)
        self.log_path = log_path
        self._hosts = hosts
        self._stack = stack
        self.links: list[SlowLink] = []

    async def start(self, server_socket: str) -> list[ForkedProcess]:
        """Start the web process and the workers, in this order; the stack stops them."""
        scenario, hosts = self._scenario, self._hosts
        started = [
            ForkedProcess(
                "web",
                await self._connect("web", server_socket),
                self.log_path,
                host=hosts.web if hosts else None,
                other_release=scenario.other_release,
            )
        ]
        for number in range(scenario.workers):
            started.append(
                ForkedProcess(
                    "worker",
                    await self._connect(f"worker {number}", server_socket),
                    self.log_path,
                    clock_off=0.0 if number else scenario.clock_off,
                    turn_delay=scenario.turn_delay,
                    deadly_text=DEADLY_TEXT if scenario.deadly else "",
                    host=hosts.workers[number] if hosts else None,
                    other_release=scenario.other_release,
                )
            )
        self._stack.push_async_callback(_stop_all, started)
        for process in started:
            await process.start()
        return started

    async def _connect(self, name: str, server_socket: str) -> dict[str, str]:
        """Return the environment of a process."""
        scenario = self._scenario
        if not server_socket or not scenario.latency:
            return self._environ
        link = SlowLink(server_socket, scenario.latency, f"{scenario.seed}:{name}")
        self.links.append(link)
        return self._environ | {"REDIS_URL": await self._stack.enter_async_context(link.open())}


async def _stop_all(processes: Sequence[ForkedProcess]) -> None:
    await asyncio.gather(*(each.stop() for each in processes))
