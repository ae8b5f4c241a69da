"""Generation of load: conversations of many contacts through the simulated provider."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import count
from time import perf_counter

from channels._kit.simulator import UserMessage
from gateway.load.plan import LoadPlan
from gateway.load.provider import LoadSimulator
from gateway.load.result import LoadResult, MessageOutcome
from gateway.local.simulator_server import SimulatorServer

_PROGRESS_SECONDS = 5.0
_BACKLOG_SECONDS = 600.0


class LoadGenerator:
    """Sends messages of contacts and waits for their replies, on one event loop."""

    def __init__(self, server: SimulatorServer, simulator: LoadSimulator) -> None:
        self._server = server
        self._simulator = simulator
        self.sent = 0
        """Number of messages that were sent, in all tests."""

    async def send(self, contact: str, text: str, patience: float = 30.0) -> MessageOutcome:
        """Send one message, and wait for the webhook's response and the first reply or a timeout."""
        self.sent += 1
        reply = self._simulator.expect_reply(contact)
        began = perf_counter()
        message_id, webhooks = self._server.send_user_message(
            UserMessage(surface="sms", person=contact, text=text)
        )
        await asyncio.gather(*webhooks)
        status, answered_at = self._simulator.take_response(message_id)
        if not 200 <= status < 300:
            self._simulator.forget_reply(contact)
            return MessageOutcome(status, (answered_at - began) * 1000, None)
        try:
            async with asyncio.timeout(max(patience - (perf_counter() - began), 0.0)):
                replied_at = await reply
        except TimeoutError:
            self._simulator.forget_reply(contact)
            return MessageOutcome(status, (answered_at - began) * 1000, None)
        return MessageOutcome(status, (answered_at - began) * 1000, (replied_at - began) * 1000)

    async def run(self, plan: LoadPlan, report: Callable[[str], None] = lambda line: None) -> LoadResult:
        """Send all messages of a plan at its rate; `report` gets a line of progress every few seconds."""
        conversations = _Conversations(plan)
        tasks: list[asyncio.Task[MessageOutcome]] = []
        began = reported = perf_counter()
        for number in range(plan.messages):
            await asyncio.sleep(max(0.0, began + number / plan.rate - perf_counter()))
            tasks.append(asyncio.create_task(self._continue(conversations, plan)))
            if perf_counter() - reported >= _PROGRESS_SECONDS:
                reported = perf_counter()
                done = sum(task.done() for task in tasks)
                report(f"{len(tasks):,} of {plan.messages:,} messages sent, {done:,} answered")
        outcomes = await asyncio.gather(*tasks)
        return LoadResult(outcomes, perf_counter() - began)

    async def wait_for_backlog(self, plan: LoadPlan) -> None:
        """Wait, for at most ten minutes, until a new contact is answered: then the backlog is processed."""
        contact = f"+1556{plan.first_contact:07d}"
        await self.send(contact, plan.texts[0], patience=_BACKLOG_SECONDS)

    async def _continue(self, conversations: _Conversations, plan: LoadPlan) -> MessageOutcome:
        contact, position = conversations.take()
        outcome = await self.send(contact, plan.texts[position], plan.patience)
        if outcome.reply_ms is not None:
            conversations.mark_answered(contact, position)
        return outcome


class _Conversations:
    """Contacts that are ready for their next text; a new contact when none is."""

    def __init__(self, plan: LoadPlan) -> None:
        self._texts = len(plan.texts)
        self._numbers = count(plan.first_contact)
        self._ready: deque[tuple[str, int]] = deque()

    def take(self) -> tuple[str, int]:
        """Return a contact and the position of its next text."""
        return self._ready.popleft() if self._ready else (f"+1555{next(self._numbers):07d}", 0)

    def mark_answered(self, contact: str, position: int) -> None:
        """Make a contact ready for its next text, if it has one."""
        if position + 1 < self._texts:
            self._ready.append((contact, position + 1))
