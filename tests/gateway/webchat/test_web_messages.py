"""Messages of web clients: an ID stands for one message, and a locale goes with it."""

from __future__ import annotations

import json

import pytest
from redis.asyncio import Redis

from gateway.redis.inbox import RedisInbox
from gateway.webchat.conversations import MessageIdUsed, WebConversations, WebMessage
from gateway.webchat.sessions.session_tokens import WebSession

ADA = WebSession(id="ada")


async def test_an_id_is_not_taken_for_another_message(redis: Redis) -> None:
    conversations = WebConversations(redis, RedisInbox(redis))
    first = await conversations.submit(ADA, WebMessage("1", "hi", "greeting"))
    again = await conversations.submit(ADA, WebMessage("1", "hi", "greeting"))
    assert (first.is_new, again.is_new) == (True, False)

    for text, payload in (("bye", "greeting"), ("hi", "other"), ("hi", "")):
        with pytest.raises(MessageIdUsed):
            await conversations.submit(ADA, WebMessage("1", text, payload))
    assert (await conversations.submit(WebSession(id="grace"), WebMessage("1", "bye"))).is_new
    assert await redis.llen("tg:{web:ada}:mail") == 1
    await conversations.aclose()


async def test_a_message_carries_the_locale_of_its_client(redis: Redis) -> None:
    conversations = WebConversations(redis, RedisInbox(redis))
    for message in (WebMessage("1", "hi", locale="de-AT"), WebMessage("2", "hi")):
        await conversations.submit(ADA, message)
    turns = [json.loads(each) for each in await redis.lrange("tg:{web:ada}:mail", 0, -1)]

    assert [turn.get("details", {}).get("locale") for turn in turns] == ["de-AT", None]
    await conversations.aclose()
