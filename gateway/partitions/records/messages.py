"""Proactive messages of all partitions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from redis.asyncio import Redis

from gateway.partitions.directory import PartitionDirectory
from gateway.redis.records.sessions.joined_sessions import read_former_sessions
from gateway.redis.records.sessions.log.message_timeline import MessageOutcome
from gateway.redis.records.sessions.proactive_messages import (
    MessageReport,
    ProactiveMessages,
)


class PartitionedMessages(ProactiveMessages):
    """Reads the outcomes of proactive messages in all partitions."""

    def __init__(self, stores: Sequence[Redis], directory: PartitionDirectory) -> None:
        super().__init__(stores[0])
        self._directory = directory
        self._stores = stores
        self._each = [ProactiveMessages(store) for store in stores]

    async def find(self, message_id: str, session: str = "") -> MessageReport | None:
        """Return the report of a message by the caller's id or by its key, the newest without a session."""
        if session:
            return await self._find_in(session, message_id)
        found = await asyncio.gather(*(each.find(message_id) for each in self._each))
        reports = [report for report in found if report is not None]
        return max(reports, key=_sort_time, default=None)

    async def _find_in(self, session: str, message_id: str) -> MessageReport | None:
        """Return the report of a session's message; one of a session that was joined may be elsewhere."""
        number = await self._directory.find(session)
        report = await self._each[number].find(message_id, session)
        if report is not None and report.outcome is not MessageOutcome.UNKNOWN:
            return report
        for former in await read_former_sessions(self._stores[number], session):
            for each in self._each:
                earlier = await each.find(message_id, former)
                if earlier is not None and earlier.outcome is not MessageOutcome.UNKNOWN:
                    return earlier
        return report


def _sort_time(report: MessageReport) -> int:
    """Return the time to sort a message by: when it is due, or else when it was queued."""
    return max(int(report.first_entry.partition("-")[0] or 0), report.due_ms)
