"""Run of a chaos test: many contacts write through the simulator while faults are injected."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from random import Random
from time import monotonic

from redis.exceptions import RedisError

from gateway.redis.records.sessions.log.session_log import LogEntry
from gateway.storm.conversation_checker import ConversationChecker, check_log
from gateway.storm.conversations import STOP_TEXT, MessageGroup, PlannedConversation
from gateway.storm.environment import ACCOUNT, BUSINESS_NUMBER, CHANNEL, StormEnvironment, running_environment
from gateway.storm.faults import FaultInjector
from gateway.storm.provider import Recipient, StormServer
from gateway.storm.scenario import StormScenario
from gateway.storm.verdict.invariants import FinishedConversation, build_session_id, is_idle
from gateway.storm.verdict.result import StormResult, Violation

_REPORT_SECONDS = 5.0
_POLL_SECONDS = 0.5
_START_STAGGER_SECONDS = 0.02
_CHECKERS = 16

WriteLine = Callable[[str], None]


class StormRunner:
    """One run. Server, processes and loopback HTTP are real; only the provider is simulated."""

    def __init__(self, scenario: StormScenario, write_line: WriteLine) -> None:
        self._scenario = scenario
        self._write_line = write_line
        self._sent_count = 0
        self._next_user = 0
        self.result = StormResult(scenario.seed)

    async def run(self) -> StormResult:
        """Run until every message was sent and every conversation was checked; return the result."""
        async with running_environment(self._scenario) as environment:
            began = monotonic()
            injector = FaultInjector(self._scenario, environment)
            checker = ConversationChecker(self._scenario, environment, self.result)
            injecting = asyncio.create_task(injector.run())
            contacts = [
                asyncio.create_task(
                    self._run_user_slot(environment, injector, checker, after=index * _START_STAGGER_SECONDS)
                )
                for index in range(self._scenario.people)
            ]
            conversations = asyncio.gather(*contacts)
            checkers = [asyncio.create_task(checker.run(conversations)) for _ in range(_CHECKERS)]
            reporting = asyncio.create_task(self._report(injector, began))
            try:
                await asyncio.wait((conversations, injecting), return_when=asyncio.FIRST_COMPLETED)
                if injecting.done():
                    await injecting  # a run whose fault injection failed proves nothing
                await conversations
                self.result.duration_seconds = monotonic() - began
                await _stop_faults(injecting, injector)
                await asyncio.gather(*checkers)
            finally:
                started = (injecting, reporting, *checkers, *contacts)
                for task in started:
                    task.cancel()
                await asyncio.gather(*started, conversations, return_exceptions=True)
            self.result.fault_counts = sum((link.counts for link in environment.links), injector.counts)
            self.result.counts["delivered twice"] = (
                environment.simulator_server.simulator.duplicate_deliveries
            )
            self._write_line(self._format_progress(injector, monotonic() - began))
            for process in (environment.web, *environment.workers):
                await process.stop()
            check_log(environment.log_path, self.result)
        return self.result

    async def _run_user_slot(
        self,
        environment: StormEnvironment,
        injector: FaultInjector,
        checker: ConversationChecker,
        after: float,
    ) -> None:
        """Run one conversation after another until enough messages were sent."""
        await asyncio.sleep(after)
        while self._sent_count < self._scenario.messages:
            number, self._next_user = self._next_user, self._next_user + 1
            plan = await environment.generator.generate(number)
            self._sent_count += plan.turn_count
            conversation = await self._run_conversation(plan, environment, injector)
            checker.add(conversation)

    async def _run_conversation(
        self, plan: PlannedConversation, environment: StormEnvironment, injector: FaultInjector
    ) -> FinishedConversation:
        """Send each message group after a pause, and wait for all replies it must bring."""
        random = Random(f"{self._scenario.seed}:{plan.contact}")  # noqa: S311 - repeatable on purpose
        server = environment.simulator_server
        recipient = server.simulator.recipient(plan.contact)
        turn_ids, expected_count, uncancelled, erased_log = list[str](), 0, 0, list[LogEntry]()
        after_erasure = None if plan.erased_at is None else plan.erased_at + 1
        session = build_session_id(CHANNEL, ACCOUNT, BUSINESS_NUMBER, plan.contact)
        for index, group in enumerate(plan.groups):
            await asyncio.sleep(random.uniform(0.0, 2.0) * self._scenario.think)
            if random.random() < self._scenario.forgeries:
                await self._send_forged(server, plan.contact)
            began = monotonic()
            recipient.had_fault, recipient.is_silenced = False, index == plan.silent_from
            message_ids = await server.send_in_order(plan.contact, group.texts, swapped=group.is_swapped)
            turn_ids += [sid for sid, text in zip(message_ids, group.texts, strict=True) if text != STOP_TEXT]
            expected_count += len(group.expected_replies) + group.has_offer
            if index in (plan.agent_at, plan.erased_at):
                await asyncio.sleep(random.uniform(0.0, 2.0) * self._scenario.turn_delay)
            if index == plan.erased_at:
                erased_log = await environment.operator.erase(session)
                self.result.counts["erased"] += len(turn_ids)
                turn_ids = []
                continue
            if plan.has_deadly and index == 0:
                await environment.operator.send_deadly(session)
            if group.has_offer:
                is_too_late = await self._send_offer(environment, session, index, recipient, random)
                uncancelled += is_too_late
                expected_count += is_too_late
            if index == plan.agent_at:
                await environment.operator.say_as_agent(session)
            if self._scenario.burst or index in (plan.agent_at, after_erasure):
                await self._wait_until_idle(environment, session, began)
            else:
                await self._await_replies(recipient, group, expected_count, began, injector)
        return FinishedConversation(session, plan, turn_ids, erased_log, uncancelled)

    async def _send_offer(
        self, environment: StormEnvironment, session: str, index: int, recipient: Recipient, random: Random
    ) -> bool:
        """Send a message of the business, or schedule it and withdraw another one.

        Returns whether the withdrawal was too late.
        """
        if random.random() < 0.5:
            await environment.operator.send_offer(session, index)
            return False
        recipient.had_fault = True  # a killed releaser's message is released again half a minute later
        await environment.operator.schedule_offer(session, index)
        self.result.counts["withdrawals"] += 1
        return await environment.operator.withdraw(session, index, random.uniform(0.0, 1.0))

    async def _send_forged(self, server: StormServer, contact: str) -> None:
        status = await server.send_forged(contact)
        self.result.counts["forged"] += status is not None
        self.result.record_violation(Violation.FORGED_ACCEPTED, status is not None and status < 300, contact)

    async def _await_replies(
        self,
        recipient: Recipient,
        group: MessageGroup,
        expected_count: int,
        began: float,
        injector: FaultInjector,
    ) -> None:
        if not group.expected_replies and not group.has_offer:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._scenario.patience):
                while len(recipient.received) < expected_count:
                    recipient.message_received.clear()
                    await recipient.message_received.wait()
        ended = monotonic()
        faults = injector.times_between(began, ended)
        has_single_cause = len(faults) == 1 and not recipient.had_fault and not self._scenario.deadly
        self.result.record_wait(ended - began, ended - faults[0] if has_single_cause else None)

    async def _wait_until_idle(self, environment: StormEnvironment, session: str, began: float) -> None:
        """Wait until everything sent was answered, however it was merged."""
        idle = False
        while not idle and monotonic() < began + self._scenario.patience:
            await asyncio.sleep(_POLL_SECONDS / 5)
            with suppress(RedisError, OSError):  # the server is being restarted
                idle = await is_idle(await environment.operator.find_store(session), session)
        self.result.record_wait(monotonic() - began, None)

    async def _report(self, injector: FaultInjector, began: float) -> None:
        while True:
            await asyncio.sleep(_REPORT_SECONDS)
            self._write_line(self._format_progress(injector, monotonic() - began))

    def _format_progress(self, injector: FaultInjector, seconds: float) -> str:
        checked = self.result.counts["acknowledged"]
        return (
            f"{seconds:.0f} s: {checked:,} of {self._scenario.messages:,} messages checked, "
            f"{self._sent_count / seconds:.0f}/s, {injector.counts.total()} faults, "
            f"{self.result.violations.total()} violations"
        )


async def _stop_faults(injecting: asyncio.Task[None], injector: FaultInjector) -> None:
    """Stop injecting faults; afterwards the server runs and no worker is paused."""
    injecting.cancel()
    with suppress(asyncio.CancelledError):
        await injecting
    await injector.recover()
