"""Redaction of a message of the business by the caller's id, with all its parts."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from core.model import Message
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.redaction.message_redaction import MessageRedaction
from gateway.redis.records.redaction.operator_redaction import OperatorRedaction
from gateway.redis.sending.outbox import ProactiveSender
from tests.core.rig import SESSION, Rig

PREFIX = "secret-"


async def find_words(redis: Redis) -> list[str]:
    """Return the secret words that the session's log still has."""
    rows = str(await redis.xrange(f"tg:{{{SESSION}}}:log"))
    return [word for word in ("alpha", "beta", "gamma") if f"{PREFIX}{word}" in rows]


@pytest.mark.parametrize(("voice", "has_record"), [("bot", True), ("person", False)])
async def test_all_parts_of_the_named_message_leave_and_no_other(
    redis: Redis, voice: str, *, has_record: bool
) -> None:
    rig, limits = Rig(redis), ProtocolLimits()
    await rig.accept_turns(1)
    await rig.process()
    prefix = "own-" if voice == "bot" else "agent-"
    sender = ProactiveSender(redis, {"fake": rig.channel}, limits)
    for name, text in (("a", f"{PREFIX}alpha\n{PREFIX}beta"), ("a.1", f"{PREFIX}gamma")):
        await sender.send(SESSION, f"{prefix}{name}", Message(text=text), voice)  # type: ignore[arg-type]
    await rig.process()
    if not has_record:  # it expires after eight days, the log after thirty
        await redis.delete(*await redis.keys("tg:proactive*"))

    redaction = OperatorRedaction(redis, rig.inbox, MessageRedaction(redis, limits))
    result = await redaction.redact("a", SESSION)

    assert (result.sessions, await find_words(redis)) == ((SESSION,), ["gamma"])
    assert (await rig.log_kinds()).count("activity") == 1
    await rig.mailbox.aclose()


async def test_an_id_may_look_like_the_end_of_a_session(redis: Redis) -> None:
    rig, limits = Rig(redis), ProtocolLimits()
    await rig.accept_turns(1, text=f"{PREFIX}alpha")
    await rig.process()
    sender = ProactiveSender(redis, {"fake": rig.channel}, limits)
    seconds, _ = await redis.time()
    message = Message(text=f"you said {PREFIX}alpha")
    await sender.send(SESSION, "own-a}:b", message, at_ms=(seconds + 3600) * 1000)

    await OperatorRedaction(redis, rig.inbox, MessageRedaction(redis, limits)).redact("M1", SESSION)

    scheduled = await redis.hgetall(f"tg:scheduled:{{{SESSION}}}:own-a}}:b")
    assert b"alpha" not in scheduled[b"message"]
    await redis.delete(f"tg:{{{SESSION}}}:scheduled")  # as if only the record were left
    assert (await ContactErasure(redis).erase(SESSION)).is_complete
    assert await redis.keys("tg:scheduled:*") == []
    await rig.mailbox.aclose()
