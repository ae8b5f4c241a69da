"""Redaction of one message by an operator: `turngate redact`, the console and the HTTP API."""

from __future__ import annotations

from uuid import uuid4

from redis.asyncio import Redis

from core.model import Activity, ActivityReceived
from core.ports import Inbox
from gateway.redis.records.redaction.message_redaction import MessageRedaction, Redaction
from gateway.redis.records.sessions.log.message_timeline import AGENT_PREFIX, OWN_PREFIX
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from gateway.redis.records.sessions.session_index import SessionIndex


class OperatorRedaction:
    """Redacts a message for an operator, who knows its ID, and records that in the session's log."""

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
        names = [message_id, f"{OWN_PREFIX}{message_id}", f"{AGENT_PREFIX}{message_id}"] if session else []
        for name in names:
            result = await self._redaction.redact(session, name)
            if result.sessions:
                activity = ActivityReceived(
                    id=f"operator:{uuid4().hex}",
                    session=session,
                    activity=Activity.REDACTED,
                    message_id=name,
                    redacted=True,
                )
                await self._inbox.accept([activity])
                return result
        return Redaction()
