"""Daily budgets of accounts hold over all partitions, with a delay of one round of sharing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from core.processing import AbuseLimits, SessionProcessor
from gateway.bootstrap import open_runtimes
from gateway.config.settings import Settings
from gateway.partitions.shared_budgets import SharedBudgets
from gateway.redis.inbox import RedisInbox
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.sessions.log.session_log import read_log
from tests.fakes import CostlyDialog, FakeChannel
from tests.gateway.partitions.inboxes import build_message
from tests.gateway.partitions.test_directory import find_names


async def run_turn(store: Redis, partition: int, number: int, limits: AbuseLimits) -> str:
    """Take and answer one message of a contact of a partition; return the turn's outcome."""
    session, abuse = find_names(partition)[0], {"fake": limits}
    await RedisInbox(store, abuse=abuse).accept([build_message(number, session)])
    mailbox = RedisMailbox(store, abuse=abuse)
    channels = {"fake": FakeChannel()}
    await SessionProcessor(mailbox=mailbox, dialog=CostlyDialog(), channels=channels, http=None).run(session)
    await mailbox.aclose()
    commits = [entry.data for entry in await read_log(store, session) if entry.kind == "committed"]
    return str(commits[-1]["outcome"])


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (AbuseLimits(account_messages_per_day=6), "silent_account_messages_per_day"),
        (AbuseLimits(account_tokens_per_day=600), "silent_account_tokens_per_day"),
    ],
)
async def test_what_other_partitions_spend_counts(
    stores: Sequence[Redis], limits: AbuseLimits, reason: str
) -> None:
    budgets = SharedBudgets(stores)
    for number, store in enumerate(stores[:3]):
        for time in range(2):
            assert await run_turn(store, number, 10 * number + time, limits) == "stay"
    await budgets.share()

    for number in (0, 3):
        await run_turn(stores[number], number, 30 + number, limits)  # gets the notice
        assert await run_turn(stores[number], number, 40 + number, limits) == reason
    assert await stores[3].hexists("tg:alarms", "fake:A1")


async def test_a_share_that_is_lost_is_stored_again(stores: Sequence[Redis]) -> None:
    limits, budgets = AbuseLimits(account_messages_per_day=9), SharedBudgets(stores)
    await run_turn(stores[0], 0, 1, limits)
    await budgets.share()
    [told] = await stores[1].keys("tg:spent_elsewhere:*")
    assert await stores[1].hgetall(told) == {b"spent:fake:A1": b"1", b"spent_tokens:fake:A1": b"100"}
    assert not await stores[0].exists(told)  # the others have spent nothing

    await stores[1].delete(told)  # what a failover may lose
    await budgets.share()
    assert await stores[1].hget(told, "spent:fake:A1") == b"1"


async def test_a_worker_shares_where_an_account_has_a_budget(
    cluster_url: str, stores: Sequence[Redis], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", cluster_url)
    monkeypatch.setenv("TURNGATE_PARTITIONS", str(len(stores)))
    async with open_runtimes(Settings.load(), stores) as [first, *_]:
        assert first.budgets is None
    monkeypatch.setenv("TURNGATE_ACCOUNT_DAILY_MESSAGES", "6")
    await run_turn(stores[0], 0, 1, AbuseLimits(account_messages_per_day=6))
    async with open_runtimes(Settings.load(), stores) as [first, *_]:
        assert first.budgets
        sharing = asyncio.create_task(first.budgets.run())
        async with asyncio.timeout(10):
            while not await stores[1].keys("tg:spent_elsewhere:*"):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
        sharing.cancel()
