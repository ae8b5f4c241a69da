"""The guarantees under arbitrary interleavings of holders, crashes and sweeps, on the real scripts.

A step is one atomic step of the protocol. A crash means that the next step is never taken: any holder may
stop for ever, or continue after its lease has expired.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.errors import LeaseLost
from core.model import Reply, TurnReceived
from core.ports import AcceptResult, Claim, Commit, SessionView
from gateway.redis.connection.connect import open_redis
from gateway.redis.inbox import RedisInbox
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.sweeper import Sweeper
from tests.effort import example_count
from tests.fakes import ADDRESS, build_turn

SESSION = "s"
KEY = "tg:{s}"


async def _await_step(step: Awaitable[Any]) -> Any:
    return await step


class LeaseHolder:
    """Memory of one worker about the session: it acts on the last values read, however stale."""

    def __init__(self, claim: Claim) -> None:
        self.lease = claim.lease
        self.view: SessionView = claim.view
        self.marked: Reply | None = None


class ProtocolMachine(RuleBasedStateMachine):
    """Drives the scripts and checks them against invariants in plain Python."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.redis = open_redis(self.url)
        self.wait(self.redis.flushall())
        self.inbox, self.mailbox = RedisInbox(self.redis), RedisMailbox(self.redis)
        self.sweeper = Sweeper(self.redis)
        self.accepted: list[str] = []
        self.committed: list[str] = []
        self.provider: list[str] = []
        self.holders: list[LeaseHolder] = []

    def wait(self, step: Any) -> Any:
        return self.runner.run(_await_step(step))

    def teardown(self) -> None:
        try:
            self.work_that_everybody_forgot_is_found()
        finally:
            self.wait(self.redis.aclose())
            self.runner.close()

    def work_that_everybody_forgot_is_found(self) -> None:
        self.the_lease_runs_out()
        self.the_queue_is_lost()
        self.time_comes_and_a_sweeper_looks()
        work = self.wait(self.redis.exists(f"{KEY}:mail", f"{KEY}:out"))
        assert self.wait(self.redis.llen("rq:queue:turns")) == min(work, 1)

    @rule(number=st.integers(1, 6))
    def deliver(self, number: int) -> None:
        [verdict] = self.wait(self.inbox.accept([TurnReceived(turn=build_turn(number, SESSION))]))
        assert (verdict is AcceptResult.NEW) == (f"M{number}" not in self.accepted)
        if verdict is AcceptResult.NEW:
            self.accepted.append(f"M{number}")

    @rule()
    def claim(self) -> None:
        claim = self.wait(self.mailbox.claim(SESSION))
        if claim is not None:
            assert all(claim.lease.fence != holder.lease.fence for holder in self.holders)
            self.holders.append(LeaseHolder(claim))

    @rule()
    def the_lease_runs_out(self) -> None:
        if self.wait(self.redis.hexists(KEY, "lease")):
            self.wait(self.redis.hset(KEY, "lease", 1))

    @rule()
    def the_queue_is_lost(self) -> None:
        self.wait(self.redis.delete("rq:queue:turns"))

    @rule()
    def time_comes_and_a_sweeper_looks(self) -> None:
        if self.wait(self.redis.zscore("tg:due", SESSION)) is not None:
            self.wait(self.redis.zadd("tg:due", {SESSION: 1}))
        self.wait(self.sweeper.sweep())

    def holder(self, index: int) -> LeaseHolder:
        return self.holders[index % len(self.holders)]

    def newest(self, holder: LeaseHolder) -> bool:
        number, nonce, lease = self.wait(self.redis.hmget(KEY, "fence", "nonce", "lease"))
        if lease is None or int(lease) <= 1:
            return False
        return f"{number.decode()}:{nonce.decode()}" == holder.lease.fence

    @precondition(lambda self: self.holders)
    @rule(index=st.integers(0, 9))
    def commit(self, index: int) -> None:
        holder = self.holder(index)
        if holder.view.outbox or not holder.view.turns:
            return
        first = holder.view.turns[0]
        reply = Reply(key=f"{first.id}.1", address=ADDRESS, body=first.id)
        allowed = self.newest(holder)
        try:
            holder.view = self.wait(
                self.mailbox.commit(holder.lease, Commit(turns=(first,), state={}, replies=(reply,)))
            )
        except LeaseLost:
            assert not allowed
            return
        assert allowed
        self.committed.append(first.id)

    @precondition(lambda self: self.holders)
    @rule(index=st.integers(0, 9))
    def mark(self, index: int) -> None:
        holder = self.holder(index)
        if not holder.view.outbox:
            return
        first = holder.view.outbox[0]
        known_ids = holder.view.send_mark
        try:
            if known_ids is not None and known_ids.key == first.key and first.key in self.provider:
                self.wait(self.mailbox.record_sent(holder.lease, first, f"P{first.key}"))  # found by look-up
                holder.view = self.wait(self.mailbox.read_session(holder.lease))
            elif self.wait(self.mailbox.mark_sending(holder.lease, first)):
                holder.marked = first
        except LeaseLost:
            assert not self.newest(holder)

    @precondition(lambda self: self.holders)
    @rule(index=st.integers(0, 9), crash=st.booleans())
    def send(self, index: int, crash: bool) -> None:
        holder = self.holder(index)
        if holder.marked is None or not self.newest(holder):
            return
        reply, holder.marked = holder.marked, None
        self.provider.append(reply.key)
        if crash:
            self.the_lease_runs_out()
            return
        self.wait(self.mailbox.record_sent(holder.lease, reply, f"P{reply.key}"))
        holder.view = self.wait(self.mailbox.read_session(holder.lease))

    @precondition(lambda self: self.holders)
    @rule(index=st.integers(0, 9))
    def release_or_postpone(self, index: int) -> None:
        holder = self.holder(index)
        try:
            if not self.wait(self.mailbox.release(holder.lease)):
                self.wait(self.mailbox.postpone(holder.lease, 0.0, "later", settled=False))
        except LeaseLost:
            assert not self.newest(holder)

    @invariant()
    def turns_leave_the_mailbox_once_and_in_order(self) -> None:
        assert self.committed == self.accepted[: len(self.committed)]

    @invariant()
    def replies_reach_the_provider_once_and_in_order(self) -> None:
        assert self.provider == [f"{name}.1" for name in self.committed[: len(self.provider)]]

    @invariant()
    def nothing_accepted_is_lost(self) -> None:
        waiting = self.wait(self.redis.llen(f"{KEY}:mail"))
        assert len(self.committed) + waiting == len(self.accepted)

    @invariant()
    def a_session_with_work_has_a_due_time(self) -> None:
        work = self.wait(self.redis.exists(f"{KEY}:mail", f"{KEY}:out"))
        assert not work or self.wait(self.redis.zscore("tg:due", SESSION)) is not None


@pytest.mark.timeout(180)
def test_the_guarantees_hold_under_any_interleaving(redis_url: str) -> None:
    ProtocolMachine.url = redis_url
    run_state_machine_as_test(
        ProtocolMachine,
        settings=settings(
            max_examples=example_count(60),
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
