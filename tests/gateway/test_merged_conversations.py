"""Conversations that Zendesk merges go on as one, with its agent, its opt-out and its contact's data."""

from __future__ import annotations

import json
from typing import Any

from redis.asyncio import Redis

from gateway.redis.records.contacts.erasure import ContactErasure
from tests.channels.sunshine import builders as sunshine
from tests.gateway.test_participants import Gateway

MERGED = "69b43c860000"


def merge_conversations(number: str = "e9", at: str = "") -> dict[str, object]:
    """Return Zendesk's webhook: the talk of user u1 was merged into that of u2."""
    payload = {
        "mergedUsers": {"surviving": {"id": "u2"}, "discarded": {"id": "u1"}},
        "mergedConversations": {"surviving": {"id": MERGED}, "discarded": {"id": sunshine.TALK}},
    }
    return {"id": number, "type": "user:merge", "payload": payload, **({"createdAt": at} if at else {})}


class MergedThread:
    """Two conversations of one person, before and after Zendesk merged them."""

    def __init__(self, redis: Redis) -> None:
        self.redis, self.gateway = redis, Gateway(redis)
        self.sessions = {talk: f"sunshine:{sunshine.APP}:{talk}" for talk in (sunshine.TALK, MERGED)}

    async def receive(self, event: dict[str, object], *, runs: str = "") -> None:
        """Accept an event; then a worker processes the session of the talk `runs`."""
        await self.gateway.inbox.accept(sunshine.channel().parse(sunshine.hook(event)))
        if runs:
            await self.gateway.processor.run(self.sessions[runs])

    async def say(self, number: int, text: str, talk: str, user: str, *, runs: str = "") -> None:
        author = {"type": "user", "userId": user, "displayName": "Ada"}
        at = f"2026-11-28T12:00:{number:02}.000Z"
        event = sunshine.said({"type": "text", "text": text}, talk=talk, number=f"m{number}", author=author)
        await self.receive({**event, "createdAt": at}, runs=runs or talk)

    async def field(self, talk: str, name: str) -> str:
        stored: Any = await self.redis.hget(f"tg:{{{self.sessions[talk]}}}", name)
        return (stored or b"").decode()


async def test_a_merged_conversation_goes_on_in_the_surviving_one(redis: Redis) -> None:
    thread = MergedThread(redis)
    await thread.say(1, "hi", sunshine.TALK, "u1")
    await thread.receive(merge_conversations())
    await thread.say(2, "4321", MERGED, "u2", runs=sunshine.TALK)

    assert (await thread.gateway.state(thread.sessions[sunshine.TALK]))["slots"] == {"last_four": "4321"}
    assert json.loads(await thread.field(sunshine.TALK, "address"))["theirs"] == MERGED
    assert thread.gateway.receivers[-1] == MERGED
    assert await redis.exists(f"tg:{{{thread.sessions[MERGED]}}}") == 0
    await thread.gateway.mailbox.aclose()


async def test_two_sessions_of_merged_conversations_are_one_with_its_agent_and_opt_out(redis: Redis) -> None:
    thread = MergedThread(redis)
    await thread.say(1, "hi", MERGED, "u2")
    held = thread.sessions[MERGED]
    await redis.hset(f"tg:{{{held}}}", mapping={"owner": "human", "optout": "1", "inactivity": "1"})
    await thread.say(2, "hi", sunshine.TALK, "u1")
    await thread.receive(merge_conversations())
    await thread.receive(merge_conversations())  # a redelivery
    await thread.say(3, "4321", MERGED, "u2", runs=sunshine.TALK)

    assert [await thread.field(sunshine.TALK, name) for name in ("owner", "optout")] == ["human", "1"]
    assert [await thread.field(MERGED, name) for name in ("owner", "optout", "inactivity")] == [
        "closed",
        "0",
        "",
    ]
    receipt = await ContactErasure(redis).erase("u2")
    assert receipt.is_complete
    assert await redis.keys("tg:{sunshine:*") == []
    await thread.gateway.mailbox.aclose()
