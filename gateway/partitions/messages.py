"""Proactive messages of all partitions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from redis.asyncio import Redis

from gateway.partitions.directory import PartitionDirectory
from gateway.redis.records.sessions.proactive_messages import MessageReport, ProactiveMessages


class PartitionedMessages(ProactiveMessages):
    """Reads the outcomes of proactive messages in all partitions."""

    def __init__(self, stores: Sequence[Redis], directory: PartitionDirectory) -> None:
        super().__init__(stores[0])
        self._directory = directory
        self._each = [ProactiveMessages(store) for store in stores]

    async def find(self, message_id: str, session: str = "") -> MessageReport | None:
        """Return the report of a message by the caller's id or by its key, the newest without a session."""
        if session:
            return await self._each[await self._directory.find(session)].find(message_id, session)
        found = await asyncio.gather(*(each.find(message_id) for each in self._each))
        reports = [report for report in found if report is not None]
        return max(reports, key=_sort_time, default=None)


def _sort_time(report: MessageReport) -> int:
    """Return the time to sort a message by: when it is due, or else when it was queued."""
    return max(int(report.first_entry.partition("-")[0] or 0), report.due_ms)
