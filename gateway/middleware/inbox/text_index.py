"""Inbox decorator that indexes the words of contacts' messages for the console's search."""

from __future__ import annotations

from collections.abc import Sequence

from core.model import Event, ParticipantMessage, TurnReceived
from core.ports import AcceptResult, Inbox
from gateway.redis.records.sessions.search.word_index import WordIndex

_STORED = (AcceptResult.NEW, AcceptResult.SILENCED)


class TextIndex:
    """Indexes stored messages in the background; the acknowledgement does not wait for it."""

    def __init__(self, inbox: Inbox, words: WordIndex) -> None:
        self._inbox = inbox
        self._words = words

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        """Store a request's events; see `core.ports.inbox.Inbox`."""
        results = await self._inbox.accept(events)
        for event, result in zip(events, results, strict=True):
            if result in _STORED and isinstance(event, TurnReceived | ParticipantMessage):
                self._words.add(event.turn.session, (event.turn.text,), "contact")
        return results
