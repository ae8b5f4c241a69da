"""The storm: many people write at once through the simulator while everything else goes wrong."""

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
from gateway.storm.burst_invariant import answered_texts
from gateway.storm.conversations import STOP_TEXT, MessageGroup, PlannedConversation
from gateway.storm.environment import ACCOUNT, BUSINESS_NUMBER, CHANNEL, StormEnvironment, running_environment
from gateway.storm.faults import FaultInjector
from gateway.storm.invariants import (
    FinishedConversation,
    build_session_id,
    check_conversation,
    delete_session,
    is_idle,
)
from gateway.storm.provider import Recipient, StormServer
from gateway.storm.result import StormResult, Violation
from gateway.storm.scenario import StormScenario

_REPORT_SECONDS = 5.0
_POLL_SECONDS = 0.5
_START_STAGGER_SECONDS = 0.02
_MAX_LOG_ENTRIES = 1_000
_CHECKERS = 16

WriteLine = Callable[[str], None]


class StormRunner:
    """One run. All is real: the server, the processes, HTTP on loopback; only the provider is played."""

    def __init__(self, weather: StormScenario, say: WriteLine) -> None:
        self._scenario = weather
        self._write_line = say
        self._sent_count = 0
        self._next_user = 0
        self._finished: deque[tuple[float, FinishedConversation]] = deque()
        self.result = StormResult(weather.seed)

    async def run(self) -> StormResult:
        """Storm until every message was said and its conversation has ended, and judge."""
        async with running_environment(self._scenario) as grounds:
            began = monotonic()
            chaos = FaultInjector(self._scenario, grounds.server, grounds.web, grounds.workers)
            striking = asyncio.create_task(chaos.run())
            people = [
                asyncio.create_task(self._run_user_slot(grounds, chaos, after=place * _START_STAGGER_SECONDS))
                for place in range(self._scenario.people)
            ]
            talking = asyncio.gather(*people)
            judges = [asyncio.create_task(self._check_finished(grounds, talking)) for _ in range(_CHECKERS)]
            telling = asyncio.create_task(self._report(chaos, began))
            try:
                await talking
                self.result.duration_seconds = monotonic() - began
                await _stop_faults(striking, chaos)
                await asyncio.gather(*judges)
            finally:
                started = (striking, telling, *judges, *people)
                for task in started:
                    task.cancel()
                await asyncio.gather(*started, return_exceptions=True)
            self.result.fault_counts = dict(chaos.counts)
            self.result.counts["delivered twice"] = grounds.simulator_server.simulator.duplicate_deliveries
            self._write_line(self._format_progress(chaos, monotonic() - began))
            for process in (grounds.web, *grounds.workers):
                await process.stop()
            self._scan_log(grounds.log_path)
        return self.result

    async def _run_user_slot(self, grounds: StormEnvironment, chaos: FaultInjector, after: float) -> None:
        """One place in the crowd: a person after the other, until enough was said."""
        await asyncio.sleep(after)
        while self._sent_count < self._scenario.messages:
            number, self._next_user = self._next_user, self._next_user + 1
            script = await grounds.generator.generate(number)
            self._sent_count += script.turn_count
            talk = await self._run_conversation(script, grounds, chaos)
            self._finished.append((monotonic(), talk))

    async def _run_conversation(
        self, script: PlannedConversation, grounds: StormEnvironment, chaos: FaultInjector
    ) -> FinishedConversation:
        """Think, say a breath, wait for all that it must bring."""
        chance = Random(f"{self._scenario.seed}:{script.person}")  # noqa: S311 - repeatable on purpose
        host, ear, ids, due = (
            grounds.simulator_server,
            grounds.simulator_server.simulator.recipient(script.person),
            list[str](),
            0,
        )
        session = build_session_id(CHANNEL, ACCOUNT, BUSINESS_NUMBER, script.person)
        for place, breath in enumerate(script.groups):
            await asyncio.sleep(chance.uniform(0.0, 2.0) * self._scenario.think)
            if chance.random() < self._scenario.forgeries:
                await self._send_forged(host, script.person)
            began = monotonic()
            ear.had_fault, ear.is_silenced = False, place == script.silent_from
            taken = await host.send_in_order(script.person, breath.texts, swapped=breath.is_swapped)
            ids += [sid for sid, text in zip(taken, breath.texts, strict=True) if text != STOP_TEXT]
            due += len(breath.expected_replies)
            if self._scenario.burst:
                await self._wait_until_idle(grounds.redis, session, began)
            else:
                await self._await_replies(ear, breath, due, began, chaos)
        return FinishedConversation(session, script, ids)

    async def _send_forged(self, host: StormServer, person: str) -> None:
        status = await host.send_forged(person)
        self.result.counts["forged"] += status is not None
        self.result.record_violation(Violation.FORGED_ACCEPTED, status is not None and status < 300, person)

    async def _await_replies(
        self, ear: Recipient, breath: MessageGroup, due: int, began: float, chaos: FaultInjector
    ) -> None:
        if not breath.expected_replies:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._scenario.patience):
                while len(ear.received) < due:
                    ear.message_received.clear()
                    await ear.message_received.wait()
        ended = monotonic()
        hits = chaos.times_between(began, ended)
        one_to_blame = len(hits) == 1 and not ear.had_fault
        self.result.record_wait(ended - began, ended - hits[0] if one_to_blame else None)

    async def _wait_until_idle(self, redis: Redis, session: str, began: float) -> None:
        """Wait until all that was said has been answered, however it was taken."""
        rests = False
        while not rests and monotonic() < began + self._scenario.patience:
            await asyncio.sleep(_POLL_SECONDS / 5)
            with suppress(RedisError, OSError):  # the server is being restarted
                rests = await is_idle(redis, session)
        self.result.record_wait(monotonic() - began, None)

    async def _check_finished(self, grounds: StormEnvironment, talking: asyncio.Future[list[None]]) -> None:
        """Judge conversations some time after their end, so that a late second copy is heard too."""
        while self._finished or not talking.done():
            if not self._finished or self._finished[0][0] + self._scenario.settle > monotonic():
                await asyncio.sleep(_POLL_SECONDS)
                continue
            ended, talk = self._finished.popleft()
            try:
                judged = await self._check_conversation(grounds, talk, monotonic() - ended)
            except (RedisError, OSError):  # the server is being restarted
                judged = False
            if not judged:
                self._finished.append((ended, talk))
                await asyncio.sleep(_POLL_SECONDS / 10)

    async def _check_conversation(
        self, grounds: StormEnvironment, talk: FinishedConversation, since: float
    ) -> bool:
        """Judge a conversation that ended `since` seconds ago; False while its session has work to do."""
        rests = await is_idle(grounds.redis, talk.session)
        if not rests and since < self._scenario.patience:
            return False
        simulator, person = grounds.simulator_server.simulator, talk.plan.person
        log = await read_log(grounds.redis, talk.session, count=_MAX_LOG_ENTRIES)
        await delete_session(talk.session, grounds.redis)
        self.result.record_violation(Violation.STRANDED, not rests, person)
        weather = self._scenario
        if weather.burst:
            heard = MessageGroup((), await grounds.generator.compute_replies(person, answered_texts(log)))
            talk = replace(talk, plan=replace(talk.plan, groups=(heard,)))
        check_conversation(
            talk, log, simulator.recipient(person), self.result, window=weather.burst, cap=weather.burst_cap
        )
        simulator.forget(person)
        return True

    async def _report(self, chaos: FaultInjector, began: float) -> None:
        while True:
            await asyncio.sleep(_REPORT_SECONDS)
            self._write_line(self._format_progress(chaos, monotonic() - began))

    def _format_progress(self, chaos: FaultInjector, seconds: float) -> str:
        judged = self.result.counts["acknowledged"]
        return (
            f"{seconds:.0f} s: {judged:,} of {self._scenario.messages:,} messages judged, "
            f"{self._sent_count / seconds:.0f}/s, {chaos.counts.total()} blows, "
            f"{self.result.violations.total()} breaches"
        )

    def _scan_log(self, log: Path) -> None:
        """Law L12: no line of any process names a person or what was said."""
        with log.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                self.result.counts["logged"] += 1
                self.result.record_violation(Violation.LEAKED, "+1555" in line or "forged" in line)


async def _stop_faults(striking: asyncio.Task[None], chaos: FaultInjector) -> None:
    """End the blows; nobody is left standing still, and the server runs."""
    striking.cancel()
    await asyncio.gather(striking, return_exceptions=True)
    await chaos.recover()
