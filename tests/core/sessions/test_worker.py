"""Contract tests of session stores, and the session worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from core.ports import HeldSession, SessionStore, State
from core.sessions import InMemorySessionStore, NullSessionStore, SessionWorker
from flows.document import Flow
from flows.engine import DialogMachine
from flows.llm import TransitionDecision, TransitionRequest
from flows.llm.rules import RulesModel
from gateway.redis.records.sessions.session_store import RedisSessionStore
from tests.flows.conversation import LIBRARY

KYC = Flow.load(LIBRARY / "kyc.json")


class DictStore:
    """Custom store, as an embedding application might implement it."""

    def __init__(self) -> None:
        self.states: dict[str, State | None] = {}
        self.locks: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def hold(self, session_id: str) -> AsyncIterator[HeldSession]:
        async with self.locks.setdefault(session_id, asyncio.Lock()):
            outer = self

            class DictSession:
                state = outer.states.get(session_id)

                async def save(self, state: State | None) -> None:
                    outer.states[session_id] = state

            yield DictSession()


@pytest.fixture(params=["memory", "redis", "own"])
async def store(request: pytest.FixtureRequest, redis: Any, redis_url: str) -> AsyncIterator[SessionStore]:
    if request.param == "redis":
        made = RedisSessionStore(redis_url)
        yield made
        await made.aclose()
    else:
        yield InMemorySessionStore() if request.param == "memory" else DictStore()


def build_worker(store: SessionStore | None = None, **options: Any) -> SessionWorker[DialogMachine]:
    return SessionWorker(lambda: DialogMachine(KYC), store, **options)


async def test_a_conversation_continues_in_another_worker(store: SessionStore) -> None:
    async with build_worker(store).acquire("ada") as session:
        first = await session.turn("hi")
    async with build_worker(store).acquire("ada") as session:
        second = await session.turn("4321")

    assert "last four digits" in first.text
    assert "date of birth" in second.text


async def test_sessions_are_isolated(store: SessionStore) -> None:
    people = build_worker(store)
    async with people.acquire("ada") as session:
        await session.turn("hi")
        await session.turn("4321")
    async with people.acquire("grace") as session:
        assert "last four digits" in (await session.turn("hi")).text


async def test_one_session_is_serial_and_others_run_concurrently(store: SessionStore) -> None:
    people, running, most, beside = build_worker(store), 0, 0, asyncio.Event()

    async def one(number: int) -> None:
        nonlocal running, most
        async with people.acquire("ada") as session:
            running += 1
            most = max(most, running)
            await session.turn(f"message {number}")
            if number == 0:
                await beside.wait()
            running -= 1

    async def other() -> None:
        async with people.acquire("grace") as session:
            await session.turn("hi")
        beside.set()

    async with asyncio.timeout(20):
        await asyncio.gather(*(one(number) for number in range(10)), other())
    assert most == 1


async def test_a_failed_turn_leaves_the_old_state(store: SessionStore) -> None:
    people = build_worker(store)
    async with people.acquire("ada") as session:
        await session.turn("hi")

    class FailingModel(RulesModel):
        async def decide(self, question: TransitionRequest) -> TransitionDecision:
            raise RuntimeError("a bug")

    broken = SessionWorker(lambda: DialogMachine(KYC, FailingModel()), store)
    with pytest.raises(RuntimeError):
        await _say(broken, "ada", "4321")
    async with people.acquire("ada") as session:
        assert "date of birth" in (await session.turn("4321")).text


async def test_a_cancelled_turn_leaves_the_old_state_and_releases_the_session(store: SessionStore) -> None:
    begun = asyncio.Event()

    class SlowModel(RulesModel):
        async def decide(self, question: TransitionRequest) -> TransitionDecision:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError("never")

    async def turn() -> None:
        async with SessionWorker(lambda: DialogMachine(KYC, SlowModel()), store).acquire("ada") as session:
            await session.turn("4321")

    task = asyncio.create_task(turn())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10), build_worker(store).acquire("ada") as session:
        assert "last four digits" in (await session.turn("hi")).text


async def test_a_reset_deletes_the_conversation(store: SessionStore) -> None:
    people = build_worker(store)
    async with people.acquire("ada") as session:
        await session.turn("hi")
        await session.turn("4321")
        await session.reset()
    async with people.acquire("ada") as session:
        assert "last four digits" in (await session.turn("hi")).text


async def test_a_note_is_saved_at_the_end_of_the_block(store: SessionStore) -> None:
    async with build_worker(store).acquire("ada") as session:
        session.assist("They are a guest.")
    async with build_worker(store).acquire("ada") as session:
        assert "They are a guest." in str(session.state)


async def test_a_stream_holds_the_session_until_it_has_been_read(store: SessionStore) -> None:
    people = build_worker(store)
    async with people.acquire("ada") as session:
        stream = await session.turn("hi", stream=True)
    waiting = asyncio.create_task(_say(people, "ada", "4321"))
    await asyncio.sleep(0)
    assert not waiting.done()

    told = "".join([chunk.text async for chunk in stream])
    assert "last four digits" in told
    assert "date of birth" in await waiting


async def test_an_abandoned_stream_ends_its_turn(store: SessionStore) -> None:
    people = build_worker(store)
    async with people.acquire("ada") as session:
        stream = (await session.turn("hi", stream=True)).__aiter__()
        await anext(stream)
        await stream.aclose()
    async with asyncio.timeout(10):
        assert "last four digits" in await _say(people, "ada", "hi")


async def _say(people: SessionWorker[Any], session_id: str, text: str) -> str:
    async with people.acquire(session_id) as session:
        said: str = (await session.turn(text)).text
        return said


async def test_with_the_null_store_every_turn_is_the_first() -> None:
    people = build_worker(NullSessionStore())

    assert "last four digits" in await _say(people, "ada", "hi")
    assert "last four digits" in await _say(people, "ada", "hi")


async def test_the_least_recently_used_agents_are_evicted_but_never_one_in_use() -> None:
    made = 0

    def build_machine() -> DialogMachine:
        nonlocal made
        made += 1
        return DialogMachine(KYC)

    people = SessionWorker(build_machine, max_sessions=2)
    async with people.acquire("in use"):
        for name in ("a", "b", "c", "d"):
            await _say(people, name, "hi")
        assert len(people) == 2
        await _say(people, "d", "4321")
        assert made == 5
    assert len(people) == 2
    assert "date of birth" in await _say(people, "a", "4321")


async def test_memory_is_bounded_and_idle_sessions_hold_no_lock() -> None:
    store = InMemorySessionStore(max_sessions=10)
    people = build_worker(store, max_sessions=5)
    for number in range(50):
        await _say(people, f"person {number}", "hi")

    assert (len(store), len(people), store._locks) == (10, 5, {})


async def test_an_expired_session_starts_over() -> None:
    people = build_worker(InMemorySessionStore(seconds=0))
    await _say(people, "ada", "hi")

    assert "last four digits" in await _say(people, "ada", "hi")


def test_the_port_is_one_method() -> None:
    assert [name for name in vars(SessionStore) if not name.startswith("_")] == ["hold"]
