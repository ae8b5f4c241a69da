"""Finds conversations by identifiers of the contact or a message, and by words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.records.contacts.contact_spelling import query_terms
from gateway.redis.records.session_keys import session_key
from gateway.redis.records.sessions.conversation_list import (
    PAGE_ROWS,
    ConversationList,
    ConversationRow,
    Cursor,
)


class ConversationSearch:
    """Searches the conversations. Nothing depends on their number."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._list = ConversationList(redis)

    async def search(
        self, query: str, channels: Sequence[str], words: Sequence[str] = ()
    ) -> list[ConversationRow]:
        """Return the conversations of a number, address, ID, name, session or sent message, newest first.

        With `words`, the digests of the query's words, also those in which the contact wrote all of them.
        """
        text = query.strip()
        terms = query_terms(text)
        sealer = await cipher_of(self._redis).sealer()
        if sealer.is_on:  # names are found by their digests; older ones are clear
            terms += sealer.hidden_terms(terms)
        async with self._redis.pipeline(transaction=False) as pipeline:
            for term in terms:
                pipeline.zrevrange(f"tg:term:{term}", 0, PAGE_ROWS - 1, withscores=True)
            pipeline.hexists(session_key(text), "address")
            pipeline.get(f"tg:proactive_session:own-{text}")
            for channel in channels:
                pipeline.hget(f"tg:message:{channel}:{text}", "session")
            answers: list[Any] = await pipeline.execute()
        count = len(terms)
        scores = {name.decode(): float(score) for found in answers[:count] for name, score in found}
        named = [text] if answers[count] else []
        named += [each.decode() for each in answers[count + 1 :] if each]
        for session in named:
            scores.setdefault(session, float(await self._redis.zscore("tg:conversations", session) or 0))
        for session, score in (await self._find_by_words(words)).items():
            scores.setdefault(session, score)
        ordered = sorted((Cursor(score, session) for session, score in scores.items()), reverse=True)
        return await self._list.read_places(ordered[:PAGE_ROWS])

    async def _find_by_words(self, words: Sequence[str]) -> dict[str, float]:
        """Return the sessions with all of these words, each with the time of its newest one.

        Each word leads to a bounded number of the newest sessions (keys.lua).
        """
        async with self._redis.pipeline(transaction=False) as pipeline:
            for word in words:
                pipeline.zrevrange(f"tg:term:{word}", 0, -1, withscores=True)
            answers: list[Any] = await pipeline.execute() if words else []
        found = [{name.decode(): float(score) for name, score in answer} for answer in answers]
        common = set.intersection(*(set(each) for each in found)) if found else set[str]()
        return {session: max(each[session] for each in found) for session in common}
