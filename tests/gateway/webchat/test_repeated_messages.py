"""A message ID stands for one message, whatever a client makes of it."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from gateway.redis.inbox import RedisInbox
from gateway.webchat.conversations import MessageIdUsed, WebConversations
from gateway.webchat.sessions.session_tokens import WebSession

ADA = WebSession(id="ada")


async def test_an_id_is_not_taken_for_another_message(redis: Redis) -> None:
    conversations = WebConversations(redis, RedisInbox(redis))
    first = await conversations.submit(ADA, "1", "hi", "greeting")
    again = await conversations.submit(ADA, "1", "hi", "greeting")
    assert (first.is_new, again.is_new) == (True, False)

    for text, payload in (("bye", "greeting"), ("hi", "other"), ("hi", "")):
        with pytest.raises(MessageIdUsed):
            await conversations.submit(ADA, "1", text, payload)
    assert (await conversations.submit(WebSession(id="grace"), "1", "bye")).is_new
    assert await redis.llen("tg:{web:ada}:mail") == 1
    await conversations.aclose()
