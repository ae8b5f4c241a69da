"""Several sessions in one script call: the failure of one does not affect the others."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from core.errors import LeaseLost
from core.model import Address, Turn, TurnReceived
from core.ports import Claim, Commit
from gateway.redis.inbox import RedisInbox
from gateway.redis.mailbox import RedisMailbox

SESSIONS = [f"sms:a:b:+1555010{number:04d}" for number in range(5)]


async def test_a_corrupt_session_and_a_lost_lease_fail_individually(redis: Redis) -> None:
    inbox, mailbox = RedisInbox(redis), RedisMailbox(redis)
    turns = [build_turn(session) for session in SESSIONS]
    await asyncio.gather(*(inbox.accept([TurnReceived(turn=turn)]) for turn in turns))
    claims = await asyncio.gather(*(mailbox.claim(session) for session in SESSIONS))
    held = [claim for claim in claims if claim is not None]
    await redis.set(f"tg:{{{SESSIONS[1]}}}:log", "no stream")
    await redis.hset(f"tg:{{{SESSIONS[3]}}}", "fence", 99)
    ends = await asyncio.gather(
        *(mailbox.commit(claim.lease, build_commit(claim), leave=True) for claim in held),
        return_exceptions=True,
    )
    left = [await redis.llen(f"tg:{{{session}}}:mail") for session in SESSIONS]
    await mailbox.aclose()

    assert len(held) == 5
    assert [type(each).__name__ for each in ends] == [
        "SessionView",
        "ResponseError",
        "SessionView",
        "LeaseLost",
        "SessionView",
    ]
    assert isinstance(ends[1], ResponseError)
    assert isinstance(ends[3], LeaseLost)
    assert left == [0, 1, 0, 1, 0]


async def test_only_one_of_two_concurrent_claims_gets_the_lease(redis: Redis) -> None:
    inbox, mailbox = RedisInbox(redis), RedisMailbox(redis)
    await inbox.accept([TurnReceived(turn=build_turn(SESSIONS[0]))])
    claims = await asyncio.gather(mailbox.claim(SESSIONS[0]), mailbox.claim(SESSIONS[0]))
    await mailbox.aclose()

    assert [claim is None for claim in claims] == [False, True]


@pytest.mark.parametrize("count", [1, 40])
async def test_more_sessions_than_fit_one_call_are_all_claimed(redis: Redis, count: int) -> None:
    sessions = [f"sms:a:b:+1555011{number:04d}" for number in range(count)]
    inbox, mailbox = RedisInbox(redis), RedisMailbox(redis)
    await inbox.accept([TurnReceived(turn=build_turn(session)) for session in sessions])
    claims = await asyncio.gather(*(mailbox.claim(session) for session in sessions))
    await mailbox.aclose()

    assert [claim.lease.session if claim else "" for claim in claims] == sessions


def build_turn(session: str) -> Turn:
    address = Address(channel="sms", account="a", ours="b", theirs=session.rpartition(":")[2])
    return Turn(id=f"m-{session[-4:]}", session=session, address=address, text="hi")


def build_commit(claim: Claim) -> Commit:
    return Commit(turns=claim.view.turns, state={"n": 1}, outcome="stay")
