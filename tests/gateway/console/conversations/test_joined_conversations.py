"""Links between the conversations of one contact that were joined."""

from __future__ import annotations

from redis.asyncio import Redis

from core.model import TurnReceived
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.contacts.identities import IdentityResolver
from gateway.redis.records.sessions.conversation_ids import ConversationIds
from tests.fakes import build_turn
from tests.gateway.console.console_client import open_console


async def test_joined_conversations_link_to_each_other(redis: Redis) -> None:
    inbox = IdentityResolver(redis, RedisInbox(redis))
    for number, names in enumerate([["fake:1"], ["fake:2"], ["fake:2", "fake:1"]], 1):
        turn = build_turn(number, names[0], f"words {number}")
        await inbox.accept([TurnReceived(turn=turn, aliases=names)])
    ids = ConversationIds(redis)
    await ids.load()
    former, present = ids.encode("fake:1"), ids.encode("fake:2")

    async with open_console(redis, "agent") as http:
        ended = await http.get(f"/console/conversations/{former}")
        going_on = await http.get(f"/console/conversations/{present}")
        answered = await http.get(f"/console/desk?conversation={present}")

    assert f'<a href="/console/conversations/{present}">the present conversation' in ended.text
    for page in (going_on, answered):
        assert f'<a href="/console/conversations/{former}">an earlier conversation' in page.text
