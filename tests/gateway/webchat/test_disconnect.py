"""Disconnection of a client during an answer: no task remains in the web process."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from redis.asyncio import Redis

from gateway.redis.inbox import RedisInbox
from gateway.redis.records.contacts.identities import IdentityResolver
from gateway.webchat.conversations import SubmittedTurn, WebConversations


async def test_a_disconnected_client_leaves_no_waiting_task(redis: Redis) -> None:
    conversations = WebConversations(redis, IdentityResolver(redis, RedisInbox(redis)))
    never: asyncio.Task[None] = asyncio.create_task(asyncio.sleep(3600))
    pieces = conversations.stream_pieces(SubmittedTurn(session="web:ada", message_id="m"), "", never)

    async def read() -> None:
        async for _ in pieces:
            pass

    reading = asyncio.create_task(read())
    async with asyncio.timeout(10):
        while True:  # until the stream waits for the next piece
            if has_waiting_task():
                break
            await asyncio.sleep(0.001)

    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading
    await asyncio.sleep(0)

    assert not has_waiting_task()
    never.cancel()
    await conversations.aclose()


def has_waiting_task() -> bool:
    return any("Event.wait" in repr(task) for task in asyncio.all_tasks())
