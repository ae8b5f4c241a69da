"""The storm: many people write at once through the twin while everything else goes wrong."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from time import monotonic

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.redis.records.session_log import read_log
from gateway.storm.burst_invariant import taken
from gateway.storm.conversations import STOP, Breath, Script
from gateway.storm.environment import ACCOUNT, CHANNEL, OURS, Grounds, standing
from gateway.storm.faults import Chaos
from gateway.storm.invariants import Talk, at_rest, forget, judge, session_of
from gateway.storm.provider import Ear, StormServer
from gateway.storm.result import Breach, Verdict
from gateway.storm.scenario import Weather

_TELL_SECONDS = 5.0
_LOOK_SECONDS = 0.5
_RAMP_SECONDS = 0.02
_LOG_ENTRIES = 1_000
_JUDGES = 16

Say = Callable[[str], None]


class Storm:
    """One run. All is real: the server, the processes, HTTP on loopback; only the provider is played."""

    def __init__(self, weather: Weather, say: Say) -> None:
        self._weather = weather
        self._say = say
        self._said = 0
        self._next = 0
        self._ended: deque[tuple[float, Talk]] = deque()
        self.verdict = Verdict(weather.seed)

    async def run(self) -> Verdict:
        """Storm until every message was said and its conversation has ended, and judge."""
        async with standing(self._weather) as grounds:
            began = monotonic()
            chaos = Chaos(self._weather, grounds.server, grounds.web, grounds.workers)
            striking = asyncio.create_task(chaos.run())
            people = [
                asyncio.create_task(self._people(grounds, chaos, after=place * _RAMP_SECONDS))
                for place in range(self._weather.people)
            ]
            talking = asyncio.gather(*people)
            judges = [asyncio.create_task(self._judge(grounds, talking)) for _ in range(_JUDGES)]
            telling = asyncio.create_task(self._tell(chaos, began))
            try:
                await talking
                self.verdict.took = monotonic() - began
                await _finish(striking, chaos)
                await asyncio.gather(*judges)
            finally:
                started = (striking, telling, *judges, *people)
                for task in started:
                    task.cancel()
                await asyncio.gather(*started, return_exceptions=True)
            self.verdict.blows = dict(chaos.blows)
            self.verdict.counts["delivered twice"] = grounds.host.twin.twice
            self._say(self._progress(chaos, monotonic() - began))
            for process in (grounds.web, *grounds.workers):
                await process.stop()
            self._read(grounds.log)
        return self.verdict

    async def _people(self, grounds: Grounds, chaos: Chaos, after: float) -> None:
        """One place in the crowd: a person after the other, until enough was said."""
        await asyncio.sleep(after)
        while self._said < self._weather.messages:
            number, self._next = self._next, self._next + 1
            script = await grounds.scripts.write(number)
            self._said += script.says
            talk = await self._talk(script, grounds, chaos)
            self._ended.append((monotonic(), talk))

    async def _talk(self, script: Script, grounds: Grounds, chaos: Chaos) -> Talk:
        """Think, say a breath, wait for all that it must bring."""
        chance = Random(f"{self._weather.seed}:{script.person}")  # noqa: S311 - repeatable on purpose
        host, ear, ids, due = grounds.host, grounds.host.twin.ear(script.person), list[str](), 0
        session = session_of(CHANNEL, ACCOUNT, OURS, script.person)
        for place, breath in enumerate(script.breaths):
            await asyncio.sleep(chance.uniform(0.0, 2.0) * self._weather.think)
            if chance.random() < self._weather.forgeries:
                await self._forge(host, script.person)
            began = monotonic()
            ear.troubled, ear.silent = False, place == script.silent_from
            taken = await host.write(script.person, breath.says, swapped=breath.swapped)
            ids += [sid for sid, text in zip(taken, breath.says, strict=True) if text != STOP]
            due += len(breath.hears)
            if self._weather.burst:
                await self._rest(grounds.redis, session, began)
            else:
                await self._hear(ear, breath, due, began, chaos)
        return Talk(session, script, ids)

    async def _forge(self, host: StormServer, person: str) -> None:
        status = await host.forge(person)
        self.verdict.counts["forged"] += status is not None
        self.verdict.breach(Breach.FORGED, status is not None and status < 300, person)

    async def _hear(self, ear: Ear, breath: Breath, due: int, began: float, chaos: Chaos) -> None:
        if not breath.hears:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._weather.patience):
                while len(ear.heard) < due:
                    ear.told.clear()
                    await ear.told.wait()
        ended = monotonic()
        hits = chaos.between(began, ended)
        one_to_blame = len(hits) == 1 and not ear.troubled
        self.verdict.waited(ended - began, ended - hits[0] if one_to_blame else None)

    async def _rest(self, redis: Redis, session: str, began: float) -> None:
        """Wait until all that was said has been answered, however it was taken."""
        rests = False
        while not rests and monotonic() < began + self._weather.patience:
            await asyncio.sleep(_LOOK_SECONDS / 5)
            with suppress(RedisError, OSError):  # the server is being restarted
                rests = await at_rest(redis, session)
        self.verdict.waited(monotonic() - began, None)

    async def _judge(self, grounds: Grounds, talking: asyncio.Future[list[None]]) -> None:
        """Judge conversations some time after their end, so that a late second copy is heard too."""
        while self._ended or not talking.done():
            if not self._ended or self._ended[0][0] + self._weather.settle > monotonic():
                await asyncio.sleep(_LOOK_SECONDS)
                continue
            ended, talk = self._ended.popleft()
            try:
                judged = await self._judge_one(grounds, talk, monotonic() - ended)
            except (RedisError, OSError):  # the server is being restarted
                judged = False
            if not judged:
                self._ended.append((ended, talk))
                await asyncio.sleep(_LOOK_SECONDS / 10)

    async def _judge_one(self, grounds: Grounds, talk: Talk, since: float) -> bool:
        """Judge a conversation that ended `since` seconds ago; False while its session has work to do."""
        rests = await at_rest(grounds.redis, talk.session)
        if not rests and since < self._weather.patience:
            return False
        twin, person = grounds.host.twin, talk.script.person
        log = await read_log(grounds.redis, talk.session, count=_LOG_ENTRIES)
        await forget(talk.session, grounds.redis)
        self.verdict.breach(Breach.STRANDED, not rests, person)
        weather = self._weather
        if weather.burst:
            heard = Breath((), await grounds.scripts.hears(person, taken(log)))
            talk = replace(talk, script=replace(talk.script, breaths=(heard,)))
        judge(talk, log, twin.ear(person), self.verdict, window=weather.burst, cap=weather.burst_cap)
        twin.forget(person)
        return True

    async def _tell(self, chaos: Chaos, began: float) -> None:
        while True:
            await asyncio.sleep(_TELL_SECONDS)
            self._say(self._progress(chaos, monotonic() - began))

    def _progress(self, chaos: Chaos, seconds: float) -> str:
        judged = self.verdict.counts["acknowledged"]
        return (
            f"{seconds:.0f} s: {judged:,} of {self._weather.messages:,} messages judged, "
            f"{self._said / seconds:.0f}/s, {chaos.blows.total()} blows, "
            f"{self.verdict.breaches.total()} breaches"
        )

    def _read(self, log: Path) -> None:
        """Law L12: no line of any process names a person or what was said."""
        with log.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                self.verdict.counts["logged"] += 1
                self.verdict.breach(Breach.TOLD, "+1555" in line or "forged" in line)


async def _finish(striking: asyncio.Task[None], chaos: Chaos) -> None:
    """End the blows; nobody is left standing still, and the server runs."""
    striking.cancel()
    await asyncio.gather(striking, return_exceptions=True)
    await chaos.calm()
