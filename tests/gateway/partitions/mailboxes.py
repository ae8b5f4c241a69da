"""Mailbox of one partition, and a reply in it."""

from __future__ import annotations

from collections.abc import Sequence

from redis.asyncio import Redis

from core.model import Reply
from core.ports import Claim, Commit, RateLimit
from gateway.partitions.inbox import PartitionedInbox
from gateway.partitions.mailbox import HomePace, PartitionMailbox
from gateway.partitions.message_pointers import MessagePointers
from gateway.redis.lua import ProtocolLimits
from tests.fakes import ADDRESS


def build_mailbox(
    stores: Sequence[Redis], inbox: PartitionedInbox, number: int, rates: dict[str, RateLimit]
) -> PartitionMailbox:
    pace = HomePace(stores[0], rates, ProtocolLimits())
    pointers = MessagePointers(stores)
    return PartitionMailbox(number, inbox, pointers, pace, redis=stores[number])


async def commit_reply(mailbox: PartitionMailbox, session: str) -> tuple[Claim, Reply]:
    claim = await mailbox.claim(session)
    assert claim is not None
    reply = Reply(key="M1.1", address=ADDRESS, body="hello")
    await mailbox.commit(claim.lease, Commit(turns=claim.view.turns, replies=(reply,), state={}))
    return claim, reply
