"""Links to the other conversations of a contact that were joined with one."""

from __future__ import annotations

from typing import NamedTuple

from redis.asyncio import Redis

from gateway.redis.records.sessions.conversation_ids import ConversationIds
from gateway.redis.records.sessions.conversation_list import ConversationList
from gateway.redis.records.sessions.joined_sessions import read_former_sessions, read_present_session

_MAX_LINKS = 5


class JoinedConversation(NamedTuple):
    """A conversation by its opaque ID, with the time of its last event in milliseconds since the epoch."""

    opaque: str
    last_ms: int
    is_present: bool
    """True for the one in which the contact goes on; False for one that has ended."""


async def list_joined(redis: Redis, ids: ConversationIds, session: str) -> list[JoinedConversation]:
    """Return the kept conversations that were joined with this one: the present one, then the newest."""
    present = await read_present_session(redis, session)
    others = {*await read_former_sessions(redis, session), present} - {session}
    rows = await ConversationList(redis).read_rows(sorted(others))
    found = [JoinedConversation(ids.encode(row.session), row.at_ms, row.session == present) for row in rows]
    return sorted(found, key=lambda each: (not each.is_present, -each.last_ms))[:_MAX_LINKS]
