"""Test environment of a worker: its own Redis server, a simulator, and `rq` as a process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any

import httpx
from redis.asyncio import Redis
from rq.queue import Queue

from channels._kit.simulator import SimulatorRequest, SimulatorResponse, WebhookDelivery
from channels.twilio.simulator.concurrency_limit import MAX_REQUESTS
from channels.twilio.simulator.server import TwilioSimulator
from core.model import Address, Turn, TurnReceived
from gateway.config.channel_config import ConfigFile
from gateway.local.http_server import serve
from gateway.local.simulator_server import SimulatorServer
from gateway.redis.inbox import RedisInbox
from gateway.redis.server.embedded_server import EmbeddedRedis

ACCOUNT = "AC" + "0" * 31 + "1"
TOKEN = "0123456789abcdef0123456789abcdef"
API_KEY = "a-key-of-the-operator"
KEY = {"Authorization": f"Bearer {API_KEY}"}
BUSINESS_NUMBER, PERSON = "+15550100", "+15550170"
RQ = str(Path(sys.executable).with_name("rq"))


class RecordingSimulator(TwilioSimulator):
    """A simulator that signals every call, so that a test can wait for it."""

    def __init__(self, max_concurrent_requests: int = MAX_REQUESTS) -> None:
        super().__init__(
            account_sid=ACCOUNT,
            auth_token=TOKEN,
            webhook_url="http://127.0.0.1:1/webhooks/twilio",
            seed=7,
            max_concurrent_requests=max_concurrent_requests,
        )
        self._called = asyncio.Event()
        self.response_statuses: list[int] = []

    def handle(
        self, request: SimulatorRequest, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        answer = super().handle(request, now)
        self.response_statuses.append(answer[0].status)
        self._called.set()
        return answer

    def received_texts(self, contact: str = PERSON) -> list[str]:
        """Return the texts that a contact received, in order."""
        return [line.text for line in self.list_messages(time(), person=contact) if line.direction == "out"]

    async def wait_for_texts(self, count: int, contact: str = PERSON, seconds: float = 30.0) -> list[str]:
        """Wait until a contact has received `count` messages."""
        async with asyncio.timeout(seconds):
            while len(self.received_texts(contact)) < count:
                self._called.clear()
                await self._called.wait()
        return self.received_texts(contact)


def build_message(number: int, text: str, contact: str = PERSON) -> TurnReceived:
    """Build the event of a message from a contact."""
    address = Address(channel="twilio", account=ACCOUNT, ours=BUSINESS_NUMBER, theirs=contact)
    session = f"twilio:{ACCOUNT}:{BUSINESS_NUMBER}:{contact}"
    return TurnReceived(turn=Turn(id=f"SM{number:032d}", session=session, address=address, text=text))


class Stack:
    """The environment, and the actions of a test in it."""

    def __init__(
        self, server: EmbeddedRedis, redis: Redis, simulator: RecordingSimulator, api_url: str
    ) -> None:
        self.server = server
        self.url = server.url
        self.redis = redis
        self.simulator = simulator
        self.inbox = RedisInbox(redis)
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TURNGATE_")},
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_URL": api_url,
            "PUBLIC_URL": "http://127.0.0.1:1",
            "TURNGATE_FLOW": "kyc",
            "TURNGATE_LEASE_SECONDS": "2",
            "TURNGATE_API_KEY": API_KEY,
        }
        self._started: list[asyncio.subprocess.Process] = []

    def configure(self, config: Path) -> None:
        """Give the workers and the web side a configuration file."""
        self._environ |= {"TURNGATE_CONFIG": str(config)}
        self.inbox = RedisInbox(self.redis, concurrency=ConfigFile.load(config).concurrency)

    def add_settings(self, **settings: str) -> None:
        """Add settings for the workers that are started from now on."""
        self._environ |= settings

    async def accept_message(self, number: int, text: str, contact: str = PERSON) -> None:
        """Store a message as the web process would."""
        await self.inbox.accept([build_message(number, text, contact)])

    async def start_rq(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start `rq <command> --url … <arguments>` as a process."""
        return await self.start_process(RQ, arguments[0], "--url", self.url, *arguments[1:])

    async def start_process(self, *command: str) -> asyncio.subprocess.Process:
        """Start a command with the settings of the workers, in a process group of its own."""
        process = await asyncio.create_subprocess_exec(
            *command,
            env=self._environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    async def start_async_worker(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start the gateway's worker as `rq` does."""
        return await self.start_rq(
            "worker", "--worker-class", "gateway.worker.AsyncWorker", *arguments, "turns"
        )

    async def wait_until_idle(self) -> None:
        """Wait until RQ holds no job any more."""
        async with asyncio.timeout(10), self.redis.pubsub() as message:
            await self.redis.config_set("notify-keyspace-events", "Kg")
            await message.psubscribe("__keyspace@0__:rq:job:*")
            while await self.redis.keys("rq:job:*"):
                await message.get_message(timeout=1.0)

    async def stop(self) -> None:
        """Stop every process that still runs."""
        for process in self._started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.communicate()


@asynccontextmanager
async def running_stack(
    *, durable: bool = False, max_concurrent_requests: int = MAX_REQUESTS
) -> AsyncIterator[Stack]:
    """Start the environment for the duration of the block; a `durable` server may be killed and restarted."""
    with TemporaryDirectory(prefix="tg") as folder:
        server = EmbeddedRedis(Path(folder), durable=durable)
        server.start()
        simulator = RecordingSimulator(max_concurrent_requests)
        try:
            async with (
                httpx.AsyncClient() as http,
                serve(SimulatorServer(simulator, http)) as api_url,
                Redis.from_url(server.url) as redis,
            ):
                stack = Stack(server, redis, simulator, api_url)
                try:
                    yield stack
                finally:
                    await stack.stop()
        finally:
            server.stop()


async def wait_until(condition: Callable[[], Awaitable[Any]], seconds: float = 30.0) -> None:
    """Poll a condition of other processes, which offer no event."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


async def find_started_job(queue: Queue) -> str:
    """Return the only job that is registered as started, which takes a moment."""

    async def is_registered() -> bool:
        return bool(queue.started_job_registry.get_job_ids())

    await wait_until(is_registered)
    [job] = queue.started_job_registry.get_job_ids()
    return str(job)
