"""The storm: many people write at once through the twin while workers are killed at random moments."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic, time

from pydantic import Field

from channels._kit.twin import Faults, Line, Said
from channels.twilio import connect
from channels.twilio.twin import TwilioTwin
from core.value import Value
from flows.document import Flow
from flows.machine import DialogMachine
from gateway.children import Child
from gateway.embedded import EmbeddedServer
from gateway.http import provider_client
from gateway.loopback import free_port, until_ready
from gateway.settings import LIBRARY
from gateway.storm.script import Script, write_script
from gateway.storm.verdict import Verdict
from gateway.twins import TwinServer, serve

ACCOUNT = "AC" + "0" * 31 + "1"
OURS = "+15550100"
_LOOK_SECONDS = 0.02

Say = Callable[[str], None]


class Weather(Value):
    """How hard it storms. Times are in seconds, chances from 0 to 1."""

    seed: int
    conversations: int = 200
    at_once: int = 40
    workers: int = 2
    kill_every: float = 5.0
    think: float = 2.0
    lease_seconds: float = 6.0
    patience: float = 60.0
    faults: Faults = Field(
        default_factory=lambda: Faults(webhooks_twice=0.1, statuses_twice=0.1, answer_delay=0.05)
    )


class Storm:
    """One run. All is real: the server, the processes, HTTP on loopback; only the provider is played."""

    def __init__(self, weather: Weather, say: Say) -> None:
        self._weather = weather
        self._say = say
        self._random = Random(weather.seed)  # noqa: S311 - repeatable on purpose
        self._token = secrets.token_hex(16)
        self._port = free_port()
        self._url = f"http://127.0.0.1:{self._port}"
        self._kills: list[float] = []
        self.verdict = Verdict(weather.seed)

    async def run(self) -> Verdict:
        """Storm until every conversation has ended, and judge."""
        scripts = await self._scripts()
        async with self._gateway() as (twin, workers):
            killing = asyncio.create_task(self._kill(workers))
            room = asyncio.Semaphore(self._weather.at_once)
            talks = [asyncio.create_task(self._talk(script, twin, room)) for script in scripts]
            for number, talk in enumerate(asyncio.as_completed(talks), start=1):
                await talk
                if number % 20 == 0 or number == len(talks):
                    self._say(
                        f"{number} of {len(talks)} conversations, {self.verdict.kills} kills, "
                        f"longest recovery {self.verdict.recovery:.1f} s"
                    )
            killing.cancel()
            await asyncio.gather(killing, return_exceptions=True)
            for script in scripts:  # at the very end, so that a late second copy is seen too
                self.verdict.judge(script, _heard(twin, script.person))
        return self.verdict

    async def _scripts(self) -> list[Script]:
        channel = connect(self._environ("http://127.0.0.1:1"), self._url)
        assert channel is not None
        dialog = DialogMachine(Flow.load(LIBRARY / "kyc.json"))
        weather = self._weather
        return [
            await write_script(number, weather.seed, dialog, channel, OURS, ACCOUNT)
            for number in range(weather.conversations)
        ]

    def _environ(self, api_url: str) -> dict[str, str]:
        return {
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": self._token,
            "TWILIO_API_URL": api_url,
            "PUBLIC_URL": self._url,
        }

    @asynccontextmanager
    async def _gateway(self) -> AsyncIterator[tuple[TwinServer, list[Child]]]:
        twin = TwilioTwin(
            account_sid=ACCOUNT,
            auth_token=self._token,
            webhook_url=f"{self._url}/webhooks/twilio#rc=3&rp=all",
            seed=self._weather.seed,
            sms_number=OURS,
        )
        twin.tell(self._weather.faults)
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(TemporaryDirectory(prefix="storm"))
            server = EmbeddedServer(Path(folder) / "data")
            server.start()
            stack.callback(server.stop)
            http = await stack.enter_async_context(provider_client())
            host = TwinServer(twin, http)
            api_url = await stack.enter_async_context(serve(host))
            environ = {**os.environ, **self._environ(api_url), "REDIS_URL": server.url}
            environ |= {"TURNGATE_FLOW": "kyc", "PORT": str(self._port), "HOST": "127.0.0.1"}
            environ["TURNGATE_LEASE_SECONDS"] = str(self._weather.lease_seconds)
            children = [
                Child("web", environ),
                *(Child("worker", environ) for _ in range(self._weather.workers)),
            ]
            for child in children:
                await child.start()
                stack.push_async_callback(child.stop, 15.0)
            await until_ready(self._url)
            yield host, children[1:]

    async def _talk(self, script: Script, host: TwinServer, room: asyncio.Semaphore) -> None:
        """Think, say a line, wait for all that it must bring; now and then say two lines at once."""
        random = Random(f"{self._weather.seed}:{script.person}")  # noqa: S311
        async with room:
            said = 0
            while said < len(script.says):
                await asyncio.sleep(random.uniform(0.0, 2.0) * self._weather.think)
                together = min(random.choice((1, 1, 1, 2)), len(script.says) - said)
                began = monotonic()
                for text in script.says[said : said + together]:
                    await self._deliver(host, script.person, text)
                said += together
                await self._hear(host, script, said, began)

    async def _deliver(self, host: TwinServer, person: str, text: str) -> None:
        """One message, whose webhook has been answered when this returns, so that the next is after it."""
        _, webhooks = host.say(Said(surface="sms", person=person, text=text))
        await asyncio.wait(webhooks, return_when=asyncio.FIRST_COMPLETED)

    async def _hear(self, host: TwinServer, script: Script, said: int, began: float) -> None:
        expected = sum(len(bodies) for bodies in script.hears[:said])
        while len(_heard(host, script.person)) < expected:
            if monotonic() - began > self._weather.patience:
                break
            await asyncio.sleep(_LOOK_SECONDS)
        self.verdict.took(began, monotonic(), self._kills)

    async def _kill(self, workers: list[Child]) -> None:
        while self._weather.kill_every > 0:
            await asyncio.sleep(self._random.uniform(0.3, 1.7) * self._weather.kill_every)
            victim = self._random.choice(workers)
            if victim.pid is not None:
                victim.kill()
                self._kills.append(monotonic())
                self.verdict.kills += 1


def _heard(host: TwinServer, person: str) -> list[str]:
    lines: list[Line] = host.twin.lines(time(), person=person)
    return [line.text for line in lines if line.direction == "out"]
