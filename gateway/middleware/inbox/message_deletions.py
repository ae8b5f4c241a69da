"""Inbox decorator that redacts the messages that contacts or agents deleted at the provider."""

from __future__ import annotations

from collections.abc import Sequence

from redis.exceptions import RedisError

from core.errors import StorageUnavailable
from core.model import Activity, ActivityReceived, Event
from core.ports import AcceptResult, Inbox
from gateway.redis.records.redaction.message_redaction import MessageRedaction
from gateway.redis.records.sessions.search.word_index import WordIndex


class MessageDeletions:
    """Redacts before the event is stored, so that the provider's retry completes an interrupted redaction."""

    def __init__(self, inbox: Inbox, redaction: MessageRedaction, words: WordIndex | None = None) -> None:
        """Decorate an inbox; pending `words` are indexed before a redaction, never after it."""
        self._inbox = inbox
        self._redaction = redaction
        self._words = words

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        """Store a request's events; see `core.ports.inbox.Inbox`."""
        if not any(map(_is_deletion, events)):
            return await self._inbox.accept(events)
        try:
            return await self._inbox.accept([await self._redact(event) for event in events])
        except (RedisError, OSError) as error:
            raise StorageUnavailable(f"a message was not redacted: {type(error).__name__}") from error

    async def _redact(self, event: Event) -> Event:
        if not isinstance(event, ActivityReceived) or not _is_deletion(event):
            return event
        if self._words is not None:
            await self._words.flush()
        done = await self._redaction.redact(event.session, event.message_id)
        return event.model_copy(update={"redacted": bool(done.sessions)})


def _is_deletion(event: Event) -> bool:
    return isinstance(event, ActivityReceived) and event.activity is Activity.DELETED
