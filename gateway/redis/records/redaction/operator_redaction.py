"""Redaction of one message by an operator: `turngate redact`, the console and the HTTP API."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from redis.asyncio import Redis

from core.model import Activity, ActivityReceived
from core.ports import Inbox
from gateway.redis.records.redaction.message_redaction import MessageRedaction, Redaction
from gateway.redis.records.sessions.log.message_timeline import AGENT_PREFIX, OWN_PREFIX
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages, part_keys
from gateway.redis.records.sessions.session_index import SessionIndex

_MOST_PARTS: Final = 30
"""Logged for a message whose record has expired before its log."""


class OperatorRedaction:
    """Redacts a message by its ID for an operator, and records that in the session's log."""

    def __init__(self, redis: Redis, inbox: Inbox, redaction: MessageRedaction) -> None:
        self._redis = redis
        self._inbox = inbox
        self._redaction = redaction

    async def find_session(self, message_id: str) -> str:
        """Return the session of a message by the provider's ID or that of its sender; empty if unknown."""
        if proactive := await ProactiveMessages(self._redis).find(message_id):
            return proactive.session
        return await SessionIndex(self._redis).find_by_message(message_id) or ""

    async def redact(self, message_id: str, session: str = "") -> Redaction:
        """Redact a message, of a known session or the one that has it."""
        session = session or await self.find_session(message_id)
        if not session:
            return Redaction()
        for names in await self._list_names(message_id, session):
            results = [await self._redaction.redact(session, name) for name in names]
            if found := [result for result in results if result.sessions]:
                await self._record(session, names[0])
                return Redaction(
                    sessions=tuple(dict.fromkeys(each for result in found for each in result.sessions)),
                    records=sum(result.records for result in found),
                )
        return Redaction()

    async def _list_names(self, message_id: str, session: str) -> list[list[str]]:
        """Return the possible log names of the message: for each, the names of all its parts."""
        report = await ProactiveMessages(self._redis).find(message_id, session)
        if report and report.parts:
            return [[message_id], [part.key for part in report.parts]]
        keys = [f"{prefix}{message_id}" for prefix in (OWN_PREFIX, AGENT_PREFIX)]
        return [[message_id], *([key, *part_keys(key, _MOST_PARTS)] for key in keys)]

    async def _record(self, session: str, message_id: str) -> None:
        activity = ActivityReceived(
            id=f"operator:{uuid4().hex}",
            session=session,
            activity=Activity.REDACTED,
            message_id=message_id,
            redacted=True,
        )
        await self._inbox.accept([activity])
