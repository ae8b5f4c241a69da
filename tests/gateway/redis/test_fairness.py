"""Fairness: a flood at one account does not delay the contacts of another."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from core.model import Address, Message, Turn, TurnReceived
from core.ports import Commit
from core.processing import SessionProcessor
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sweeper import Sweeper
from tests.fakes import EchoDialog, FakeChannel

QUEUE = "rq:queue:turns"
FEW = ProtocolLimits(max_jobs_per_account=3)


async def accept_messages(redis: Redis, account: str, *contacts: int) -> None:
    address = Address(channel="fake", account=account, ours="us", theirs="them")
    turns = [Turn(id="1", session=f"{account}-{contact}", address=address, text="hi") for contact in contacts]
    await RedisInbox(redis, FEW).accept([TurnReceived(turn=turn) for turn in turns])


async def list_queued_sessions(redis: Redis) -> list[str]:
    jobs = await cast("Any", redis.lrange(QUEUE, 0, -1))
    data = [await cast("Any", redis.hget(b"rq:job:" + job, "data")) for job in jobs]
    return [json.loads(each)[2][0] for each in data]


async def process_next_job(redis: Redis, mailbox: RedisMailbox) -> str:
    """Process the job at the head of the queue, as a worker does."""
    job = await cast("Any", redis.lpop(QUEUE))
    session: str = json.loads(await cast("Any", redis.hget(b"rq:job:" + job, "data")))[2][0]
    claim = await mailbox.claim(session)
    assert claim is not None
    await mailbox.commit(claim.lease, Commit(turns=claim.view.turns))
    assert await mailbox.release(claim.lease)
    return session


async def test_a_flood_does_not_delay_the_first_job_of_another_account(redis: Redis) -> None:
    await accept_messages(redis, "flood", *range(10))
    await accept_messages(redis, "calm", 1)

    assert await list_queued_sessions(redis) == ["flood-0", "flood-1", "flood-2", "calm-1"]


async def test_a_flood_is_processed_completely_and_in_order(redis: Redis) -> None:
    await accept_messages(redis, "flood", *range(10))
    mailbox = RedisMailbox(redis, FEW)

    processed = [await process_next_job(redis, mailbox) for _ in range(10)]

    assert processed == [f"flood-{contact}" for contact in range(10)]
    assert await redis.keys("tg:ready:*") == await redis.keys("tg:backlog:*") == []
    assert await redis.zcard("tg:due") == 0


async def test_backlogged_sessions_are_found_after_jobs_are_lost(redis: Redis) -> None:
    await accept_messages(redis, "flood", *range(6))
    await redis.delete(QUEUE)
    mailbox, enqueued = RedisMailbox(redis, FEW), []
    while due := cast("list[bytes]", await redis.zrange("tg:due", 0, -1)):
        await redis.zadd("tg:due", dict.fromkeys(due, 1))
        await Sweeper(redis, FEW).sweep()
        while await redis.llen(QUEUE):
            enqueued.append(await process_next_job(redis, mailbox))

    assert sorted(enqueued) == [f"flood-{contact}" for contact in range(6)]
    assert await redis.zcard("tg:due") == 0


async def send_offer(redis: Redis, limits: ProtocolLimits, *contacts: int) -> None:
    """Queue a message of the business for each contact; all have written before."""
    channels: Any = {"fake": FakeChannel()}
    sender = ProactiveSender(redis, channels, limits)
    for contact in contacts:
        receipt = await sender.send(f"flood-{contact}", "own-offer", Message(text="offer"))
        assert receipt.outcome == "queued"


@pytest.mark.long
async def test_answers_do_not_wait_behind_messages_of_the_business(redis: Redis) -> None:
    limits = ProtocolLimits(max_jobs_per_account=4, max_bulk_jobs_per_account=2)
    await accept_messages(redis, "flood", *range(6))
    mailbox = RedisMailbox(redis, limits)
    while await redis.llen(QUEUE):
        await process_next_job(redis, mailbox)

    await send_offer(redis, limits, *range(6))
    assert await list_queued_sessions(redis) == ["flood-0", "flood-1"]
    turn = Turn(
        id="2",
        session="flood-4",
        address=Address(channel="fake", account="flood", ours="us", theirs="them"),
        text="a question",
    )
    await RedisInbox(redis, limits).accept([TurnReceived(turn=turn)])
    assert await list_queued_sessions(redis) == ["flood-0", "flood-1", "flood-4"]

    processor = SessionProcessor(
        mailbox=mailbox, dialog=EchoDialog(), channels={"fake": FakeChannel()}, http=None
    )
    order = []
    while await redis.llen(QUEUE):
        job = await cast("Any", redis.lpop(QUEUE))
        session = json.loads(await cast("Any", redis.hget(b"rq:job:" + job, "data")))[2][0]
        order.append(session)
        await processor.run(session)
    assert sorted(set(order)) == [f"flood-{contact}" for contact in range(6)]
    assert order.index("flood-4") == 2
