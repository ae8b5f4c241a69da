"""Parts of proactive messages have unique keys, whatever the caller's ids."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from core.errors import Rejected
from core.model import Message
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.sessions.log.message_timeline import original_key
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages, part_keys
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome
from tests.core.rig import SESSION, Rig

ids = st.text("a.~t1", max_size=8).map("own-{}".format)


@given(one=ids, other=ids, count=st.integers(1, 3), other_count=st.integers(1, 3), resends=st.integers(0, 2))
def test_no_two_messages_share_a_key(
    one: str, other: str, count: int, other_count: int, resends: int
) -> None:
    if one == other:
        return
    keys, others = part_keys(one, count), part_keys(other, other_count)
    suffix = f"~{resends}" if resends else ""

    assert not {f"{key}{suffix}" for key in keys} & set(others)
    assert [original_key(f"{key}~1", keys) for key in keys] == keys


async def test_a_message_named_like_a_part_of_another_has_its_own_outcome(redis: Redis) -> None:
    rig = Rig(redis)
    sender = ProactiveSender(redis, {"fake": rig.channel}, ProtocolLimits())
    await rig.accept_turns(1)
    await rig.process()
    rig.channel.planned_failures = [None, (Rejected("no such number"), False)]

    await sender.send(SESSION, "own-a.1", Message(text="first"))
    await sender.send(SESSION, "own-a", Message(text="lost\nsecond"))
    await rig.process()
    reports = [await ProactiveMessages(redis).find(name) for name in ("a.1", "a")]
    repeated = await sender.send(SESSION, "own-a.1", Message(text="first"))

    assert [str(each.outcome) for each in reports if each] == ["sent", "dead_letter"]
    assert repeated.outcome is SendOutcome.DUPLICATE
    assert rig.channel.bodies[1:] == ["first", "second"]
    await rig.mailbox.aclose()
