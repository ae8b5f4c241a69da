"""Redaction of one message, in whichever partition it is."""

from __future__ import annotations

from collections.abc import Sequence

from redis.asyncio import Redis

from core.ports import Inbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.redaction.message_redaction import MessageRedaction, Redaction
from gateway.redis.records.redaction.operator_redaction import OperatorRedaction


class PartitionedRedaction(OperatorRedaction):
    """Searches one partition after the other; redactions are too rare to need an index."""

    def __init__(self, stores: Sequence[Redis], inboxes: Sequence[Inbox], protocol: ProtocolLimits) -> None:
        """Redact in `stores`; each has its own one of `inboxes`."""
        self._each = [
            OperatorRedaction(redis, inbox, MessageRedaction(redis, protocol))
            for redis, inbox in zip(stores, inboxes, strict=True)
        ]

    async def find_session(self, message_id: str) -> str:
        """Return the session of a message by the provider's ID or that of its sender; empty if unknown."""
        for each in self._each:
            if session := await each.find_session(message_id):
                return session
        return ""

    async def redact(self, message_id: str, session: str = "") -> Redaction:
        """Redact a message, of a known session or the one that has it."""
        for each in self._each:
            result = await each.redact(message_id, session)
            if result.sessions:
                return result
        return Redaction()
