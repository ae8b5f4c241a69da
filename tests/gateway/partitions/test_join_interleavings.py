"""Joins of a contact's sessions in two partitions, with another process between any two of their calls.

A request that shows that two names are one contact's is stopped before its n-th call of the server, for every
n: another process handles a request of the same contact meanwhile, or the process ends there and the provider
repeats the request.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from core.errors import StorageUnavailable
from core.model import ControlAction, ControlReceived, Event, TurnReceived
from core.ports import AcceptResult
from gateway.partitions import joining
from gateway.partitions.inbox import PartitionedInbox
from gateway.partitions.layout import admit_layout
from gateway.redis.connection.connect import open_partitions
from gateway.redis.records.session_keys import session_key
from gateway.redis.records.sessions.log.session_log import read_log
from tests.fakes import ADDRESS, build_turn
from tests.gateway.partitions.conftest import PARTITIONS
from tests.gateway.partitions.inboxes import build_inbox
from tests.gateway.partitions.test_directory import find_names
from tests.gateway.stopped_process import StoppedCalls

FIRST, SECOND = find_names(2)[0], find_names(1)[0]
JOINING_MS, LONG_JOINING_MS = 300, 2_000
WAIT_SECONDS = 0.05
"""Time in which the other process may wait for the one that is stopped, which then goes on."""


def build_message(number: int, *names: str) -> TurnReceived:
    return TurnReceived(turn=build_turn(number, names[0]), aliases=names)


def build_control(act: ControlAction, name: str) -> ControlReceived:
    return ControlReceived(id=f"{act}-{name}", session=name, address=ADDRESS, act=act, aliases=(name,))


@pytest.fixture(autouse=True)
def shorten_joining(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a session that is left half joined take messages again soon."""
    monkeypatch.setattr(joining, "_JOINING_MS", JOINING_MS)


class StoppedProcess(StoppedCalls):
    """A web process that is stopped before its `limit`-th call of the server, and then runs `meanwhile`."""

    def __init__(self, url: str, limit: int, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self.stores = open_partitions(url, PARTITIONS)
        super().__init__(self.stores, limit, meanwhile)
        self.inbox = build_inbox(self.stores)

    async def aclose(self) -> None:
        for each in self.stores:
            await each.aclose()


OTHERS: dict[str, Sequence[Event]] = {
    "a message by the second name": [build_message(4, SECOND)],
    "a message by the first name": [build_message(4, FIRST)],
    "a message by both": [build_message(4, FIRST, SECOND)],
    "a message by both, the other way round": [build_message(4, SECOND, FIRST)],
    "an opt-out by the second name": [build_control(ControlAction.OPT_OUT, SECOND)],
    "an opt-out by the first name": [build_control(ControlAction.OPT_OUT, FIRST)],
    "an agent takes the second session": [build_control(ControlAction.TAKE_OVER, SECOND)],
}
BEFORE: dict[str, Sequence[Event]] = {
    "both wait": [],
    "an agent has the second": [build_control(ControlAction.TAKE_OVER, SECOND)],
    "the second opted out": [build_control(ControlAction.OPT_OUT, SECOND)],
}


async def prepare(stores: Sequence[Redis], inbox: PartitionedInbox, before: Sequence[Event]) -> None:
    """Let both names be known in partitions of their own."""
    await stores[0].flushall()
    await admit_layout(stores[0], PARTITIONS)
    await inbox.accept([build_message(1, FIRST), build_message(2, SECOND), *before])


async def accept_until_stored(inbox: PartitionedInbox, events: Sequence[Event]) -> list[AcceptResult]:
    """Accept events as a provider sends them: again while the answer is an error."""
    while True:
        with suppress(StorageUnavailable):
            return await inbox.accept(events)


async def find_accepted(stores: Sequence[Redis]) -> list[str]:
    """Return the turns that all sessions of all partitions have accepted."""
    found = []
    for store in stores:
        async for key in store.scan_iter("tg:{*}:log", count=1_000):
            session = key.decode()[4:-5]
            found += [
                entry.data["turn"] for entry in await read_log(store, session) if entry.kind == "accepted"
            ]
    return sorted(map(str, found))


async def check(stores: Sequence[Redis], inbox: PartitionedInbox, events: Sequence[Event]) -> None:
    """Assert that no event was lost or counted twice, and that both names lead to one session."""
    turns = [each.turn.id for each in events if isinstance(each, TurnReceived)]
    assert await find_accepted(stores) == sorted(turns), "each message is accepted once"
    assert set(await inbox.accept(events)) == {AcceptResult.DUPLICATE}, "each event is recognized"
    assert await find_accepted(stores) == sorted(turns), "a repetition changes nothing"
    places = {await inbox.directory.find(name) for name in (FIRST, SECOND)}
    sessions = {await inbox.find_session(name) for name in (FIRST, SECOND)}
    assert (len(places), len(sessions)) == (1, 1), "both names lead to one session"
    [place], [session] = places, sessions
    owner, optout = await stores[place].hmget(session_key(session), ["owner", "optout"])
    acts = {each.act for each in events if isinstance(each, ControlReceived)}
    assert (ControlAction.OPT_OUT in acts) == (optout == b"1"), "the opt-out counts"
    assert owner != b"closed", "the session that stays is open"
    for store in stores:
        async for key in store.scan_iter("tg:{*}:mail", count=1_000):
            name = key.decode()[4:-6]
            assert await store.zscore("tg:due", name) is not None, "what waits is looked at"
            assert await store.hget(session_key(name), "owner") != b"closed", "what waits is answered"


SHORT = {("both wait", "an opt-out by the second name"), ("an agent has the second", "a message by both")}


def list_cases() -> list[Any]:
    """Return what was before, and what another process does: two of them in the short run of the tests."""
    cases = itertools.product(BEFORE, OTHERS)
    return [pytest.param(*case, marks=() if case in SHORT else pytest.mark.long) for case in cases]


@pytest.mark.parametrize(("before", "other"), list_cases())
async def test_another_process_between_two_calls_of_a_join(
    stores: Sequence[Redis],
    inbox: PartitionedInbox,
    cluster_url: str,
    monkeypatch: pytest.MonkeyPatch,
    before: str,
    other: str,
) -> None:
    monkeypatch.setattr(
        joining, "_JOINING_MS", LONG_JOINING_MS
    )  # also on a busy machine the join ends before
    both = build_message(3, FIRST, SECOND)
    for limit in range(1, 100):
        await prepare(stores, inbox, BEFORE[before])
        others: list[asyncio.Task[list[AcceptResult]]] = []

        async def interfere(tasks: list[asyncio.Task[list[AcceptResult]]] = others) -> None:
            tasks.append(asyncio.create_task(accept_until_stored(inbox, OTHERS[other])))
            await asyncio.wait(tasks, timeout=WAIT_SECONDS)

        process = StoppedProcess(cluster_url, limit, interfere)
        await accept_until_stored(process.inbox, [both])
        await process.aclose()
        if not others:
            return
        await asyncio.gather(*others)
        events = [build_message(1, FIRST), build_message(2, SECOND), *BEFORE[before], both, *OTHERS[other]]
        try:
            await check(stores, inbox, events)
        except AssertionError as error:
            raise AssertionError(f"before call {limit} of {process.calls}: {error}") from error
    raise AssertionError("the join does not end")


@pytest.mark.parametrize(
    "before", [pytest.param(each, marks=() if each == "both wait" else pytest.mark.long) for each in BEFORE]
)
async def test_a_process_that_ends_between_two_calls_of_a_join(
    stores: Sequence[Redis], inbox: PartitionedInbox, cluster_url: str, before: str
) -> None:
    both, later = build_message(3, FIRST, SECOND), build_message(4, SECOND)

    async def end() -> None:
        raise RedisConnectionError("the process ended")

    for limit in range(1, 100):
        await prepare(stores, inbox, BEFORE[before])
        process = StoppedProcess(cluster_url, limit, end)
        with suppress(StorageUnavailable):
            await process.inbox.accept([both])
        await process.aclose()
        if not process.was_stopped:
            return
        await accept_until_stored(inbox, [later])
        await accept_until_stored(inbox, [both])
        events = [build_message(1, FIRST), build_message(2, SECOND), *BEFORE[before], both, later]
        try:
            await check(stores, inbox, events)
        except AssertionError as error:
            raise AssertionError(f"ended before call {limit}: {error}") from error
    raise AssertionError("the join does not end")


@pytest.mark.parametrize("other", ["a message by the second name", "an opt-out by the second name"])
async def test_a_request_that_stands_still_while_its_contact_is_joined(
    stores: Sequence[Redis],
    inbox: PartitionedInbox,
    cluster_url: str,
    monkeypatch: pytest.MonkeyPatch,
    other: str,
) -> None:
    monkeypatch.setattr(joining, "_JOINING_MS", 1)
    both = build_message(3, FIRST, SECOND)
    for limit in range(1, 100):
        await prepare(stores, inbox, [])
        process = StoppedProcess(cluster_url, limit, lambda: inbox.accept([both]))
        await accept_until_stored(process.inbox, OTHERS[other])
        await process.aclose()
        if not process.was_stopped:
            return
        events = [build_message(1, FIRST), build_message(2, SECOND), both, *OTHERS[other]]
        try:
            await check(stores, inbox, events)
        except AssertionError as error:
            raise AssertionError(f"before call {limit} of {process.calls}: {error}") from error
    raise AssertionError("the request does not end")
