"""Isolation of suspect sessions: neither a crash nor a pause in them delays other sessions (L9)."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic

import pytest

import channels
from core.model import Message
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.sessions.dead_letters import DeadLetters
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome
from gateway.worker.isolation import IsolationGate
from tests.effort import FULL
from tests.gateway.environments.stack import PERSON, Stack, build_message, running_stack
from tests.gateway.environments.workers import CRASH_TEXT

INNOCENTS = 499 if FULL else 60


@asynccontextmanager
async def running_worker(stack: Stack, name: str) -> AsyncIterator[list[int]]:
    """Run a worker that is started again whenever it ends, as a supervisor does; yield the exit codes."""
    codes: list[int] = []

    async def supervise() -> None:
        while True:
            worker = await stack.start_rq(
                "worker", "--worker-class", f"tests.gateway.environments.workers.{name}", "turns"
            )
            await worker.communicate()
            codes.append(worker.returncode or 0)

    task = asyncio.create_task(supervise())
    try:
        yield codes
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(150)
async def test_a_turn_that_kills_its_worker_costs_its_neighbours_only_a_wait(stack: Stack) -> None:
    contacts = [f"+1555010{number:04d}" for number in range(INNOCENTS)]
    await stack.accept_message(0, CRASH_TEXT)
    for number, contact in enumerate(contacts, start=1):
        await stack.accept_message(number, "hi", contact)
    began = monotonic()
    async with running_worker(stack, "SlowMortalWorker") as codes:
        for contact in contacts:
            await stack.simulator.wait_for_texts(1, contact, seconds=120)
        [apology] = await stack.simulator.wait_for_texts(1, PERSON, seconds=120)
        print(f"{INNOCENTS} answered, 1 given up after {len(codes)} deaths and {monotonic() - began:.0f} s")

    letters = [letter async for letter in DeadLetters(stack.redis).list_between()]
    assert [letter.text for letter in letters] == [CRASH_TEXT]
    assert "workers died" in letters[0].reason
    assert {len(stack.simulator.received_texts(contact)) for contact in contacts} == {1}
    assert "went wrong" in apology
    assert codes == [-signal.SIGKILL] * 5


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(150)
async def test_a_reply_that_kills_its_worker_costs_its_neighbours_only_a_wait(stack: Stack) -> None:
    """The dead letter says so, and the next message of the same contact is answered."""
    others = [f"+1555010{number:04d}" for number in range(INNOCENTS)]
    await stack.accept_message(0, "hi")
    channel = channels.load("twilio", stack._environ, "http://127.0.0.1:1")
    assert channel is not None
    sender = ProactiveSender(stack.redis, {"twilio": channel}, ProtocolLimits())
    receipt = await sender.send(build_message(0, "hi").turn.session, "offer", Message(text=CRASH_TEXT))
    assert receipt.outcome is SendOutcome.QUEUED
    for number, contact in enumerate(others, start=1):
        await stack.accept_message(number, "hi", contact)
    began = monotonic()
    async with running_worker(stack, "MortalSender") as codes:
        for contact in others:
            await stack.simulator.wait_for_texts(1, contact, seconds=120)
        await stack.simulator.wait_for_texts(1, seconds=120)
        print(f"{INNOCENTS} answered, 1 given up after {len(codes)} deaths and {monotonic() - began:.0f} s")

    letters = [letter async for letter in DeadLetters(stack.redis).list_between()]
    assert [letter.text for letter in letters] == [CRASH_TEXT]
    assert "10 workers died while sending it" in letters[0].reason
    assert {len(stack.simulator.received_texts(contact)) for contact in others} == {1}
    assert codes == [-signal.SIGKILL] * 10


@pytest.mark.long
@pytest.mark.timeout(60)
async def test_a_pause_longer_than_the_lease_never_ends_in_an_apology(stack: Stack) -> None:
    stack.add_settings(TURNGATE_LEASE_SECONDS="1")
    worker = await stack.start_rq(
        "worker", "--worker-class", "tests.gateway.environments.workers.SlowWorker", "turns"
    )
    await stack.accept_message(1, "hi")
    pauses = 0
    while not stack.simulator.received_texts() and pauses < 12:
        with suppress(TimeoutError):
            await stack.simulator.wait_for_texts(1, seconds=0.8)
        worker.send_signal(signal.SIGSTOP)
        await asyncio.sleep(1.4)  # the pause
        worker.send_signal(signal.SIGCONT)
        pauses += 1
    await stack.wait_until_idle()

    assert len(stack.simulator.received_texts()) == 1
    assert "went wrong" not in stack.simulator.received_texts()[0]
    assert await stack.redis.xlen("tg:dead") == 0


@pytest.mark.long
@pytest.mark.timeout(90)
async def test_outages_of_redis_never_end_in_an_apology() -> None:
    async with running_stack(durable=True) as stack:
        stack.add_settings(TURNGATE_LEASE_SECONDS="1")
        await stack.start_rq(
            "worker", "--worker-class", "tests.gateway.environments.workers.SlowWorker", "turns"
        )
        await stack.accept_message(2, "hi", "+15550171")
        await stack.simulator.wait_for_texts(1, "+15550171")  # it runs
        await stack.accept_message(1, "hi")
        for _ in range(6):
            with suppress(TimeoutError):
                await stack.simulator.wait_for_texts(1, seconds=1.0)
            stack.server.kill()
            await asyncio.sleep(1.5)  # the outage
            await asyncio.to_thread(stack.server.start)
        [reply] = await stack.simulator.wait_for_texts(1)

        assert "went wrong" not in reply
        assert await stack.redis.xlen("tg:dead") == 0


async def test_groups_shrink_with_suspicion_and_others_wait() -> None:
    gate, running = IsolationGate(), list[int]()
    samples: list[tuple[int, ...]] = []

    async def run(level: int) -> None:
        async with gate.enter(level):
            running.append(level)
            for _ in range(3):
                await asyncio.sleep(0)
                samples.append(tuple(running))
            running.remove(level)

    async with asyncio.TaskGroup() as group:
        for level in [1] * 120 + [2] * 8 + [3] * 2 + [0] * 9:
            group.create_task(run(level))

    assert all(len(set(sample)) == 1 for sample in samples)
    largest = {level: max(len(each) for each in samples if each[0] == level) for level in (1, 2, 3)}
    assert largest == {1: 50, 2: 5, 3: 1}
    assert samples[-1][0] == 0
    assert not gate.is_active


async def test_a_started_session_is_never_held_back() -> None:
    gate = IsolationGate()
    async with gate.enter(1), asyncio.timeout(1), gate.enter(0, is_started=True):
        assert gate.is_active


async def test_a_cancelled_suspect_leaves_its_place() -> None:
    gate = IsolationGate()
    async with gate.enter(3):
        waiting = asyncio.create_task(gate.enter(3).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
    assert not gate.is_active


async def test_sessions_without_suspicion_are_left_to_others_while_suspects_run() -> None:
    gate = IsolationGate()
    assert not gate.turn_away()
    async with gate.enter(1):
        assert not gate.takes_no_more
        assert gate.turn_away()
        assert gate.takes_no_more
    assert not gate.takes_no_more
    assert not gate.turn_away()
