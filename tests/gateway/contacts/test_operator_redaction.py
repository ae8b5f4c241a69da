"""An operator redacts a message of the business by the id of its sender, with all its parts."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from core.model import Message
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.redaction.message_redaction import MessageRedaction
from gateway.redis.records.redaction.operator_redaction import OperatorRedaction
from gateway.redis.sending.outbox import ProactiveSender
from tests.core.rig import SESSION, Rig

PREFIX = "secret-"


async def words_left(redis: Redis) -> list[str]:
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

    assert (result.sessions, await words_left(redis)) == ((SESSION,), ["gamma"])
    assert (await rig.log_kinds()).count("activity") == 1
    await rig.mailbox.aclose()
