"""Check of a storm's conversations after their end, and of the log of its processes."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from pathlib import Path
from time import monotonic

from redis.exceptions import RedisError

from gateway.redis.records.sessions.log.session_log import read_log
from gateway.storm.conversations import MessageGroup
from gateway.storm.environment import StormEnvironment
from gateway.storm.scenario import StormScenario
from gateway.storm.verdict.burst_invariant import answered_texts
from gateway.storm.verdict.invariants import FinishedConversation, check_conversation, delete_session, is_idle
from gateway.storm.verdict.result import StormResult, Violation

_POLL_SECONDS = 0.5
_MAX_LOG_ENTRIES = 1_000


class ConversationChecker:
    """Checks conversations some time after their end, so that a late duplicate is noticed too."""

    def __init__(self, scenario: StormScenario, environment: StormEnvironment, result: StormResult) -> None:
        self._scenario = scenario
        self._environment = environment
        self._result = result
        self._finished: deque[tuple[float, FinishedConversation]] = deque()

    def add(self, conversation: FinishedConversation) -> None:
        """Add a conversation that has just ended."""
        self._finished.append((monotonic(), conversation))

    async def run(self, conversations: asyncio.Future[list[None]]) -> None:
        """Check what was added until `conversations` is done and none is left; several may run at a time."""
        while self._finished or not conversations.done():
            if not self._finished or self._finished[0][0] + self._scenario.settle > monotonic():
                await asyncio.sleep(_POLL_SECONDS)
                continue
            ended, conversation = self._finished.popleft()
            try:
                is_checked = await self._check(conversation, monotonic() - ended)
            except (RedisError, OSError):  # the server is being restarted
                is_checked = False
            if not is_checked:
                self._finished.append((ended, conversation))
                await asyncio.sleep(_POLL_SECONDS / 10)

    async def _check(self, conversation: FinishedConversation, since: float) -> bool:
        """Check a conversation that ended `since` seconds ago; return False while work is left."""
        environment = self._environment
        redis = await environment.operator.find_store(conversation.session)
        idle = await is_idle(redis, conversation.session)
        if not idle and since < self._scenario.patience:
            return False
        simulator, contact = environment.simulator_server.simulator, conversation.plan.contact
        log = await read_log(redis, conversation.session, count=_MAX_LOG_ENTRIES)
        await delete_session(conversation.session, redis)
        self._result.record_violation(Violation.STRANDED, not idle, contact)
        scenario = self._scenario
        if scenario.burst:
            group = MessageGroup(
                (), await environment.generator.compute_replies(contact, answered_texts(log))
            )
            conversation = replace(conversation, plan=replace(conversation.plan, groups=(group,)))
        check_conversation(
            conversation,
            log,
            simulator.recipient(contact),
            self._result,
            window=scenario.burst,
            cap=scenario.burst_cap,
        )
        simulator.forget(contact)
        return True


def check_log(log: Path, result: StormResult) -> None:
    """Check guarantee L12: no log line of any process contains a contact's number or text."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            result.counts["logged"] += 1
            result.record_violation(Violation.LEAKED, "+1555" in line or "forged" in line)
