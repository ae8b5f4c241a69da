"""Deferral of a proactive message: to the time that was asked for, or to the end of the quiet hours."""

from __future__ import annotations

from redis.asyncio import Redis

from gateway.redis.records.schedule import Schedule, read_schedule_entry
from gateway.redis.records.sessions.joined_sessions import read_former_sessions
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from gateway.redis.sending.delivery import Content, Delivery
from gateway.redis.sending.quiet_policy import REASON as QUIET_REASON
from gateway.redis.sending.quiet_policy import QuietPolicy
from gateway.redis.sending.send_outcome import SendOutcome, SendReceipt, build_receipt


class Deferral:
    """Schedules messages that are not sent now. Without `quiet` there are no quiet hours."""

    def __init__(
        self, redis: Redis, schedule: Schedule, records: ProactiveMessages, quiet: QuietPolicy | None
    ) -> None:
        self._redis = redis
        self._schedule = schedule
        self._records = records
        self._quiet = quiet

    async def schedule(self, delivery: Delivery, digest: str, *, is_empty: bool) -> SendReceipt | None:
        """Schedule a message that is to be sent later; `None` if it is to be sent now."""
        session, key = delivery.wanted.session, delivery.wanted.key
        for each in (session, *await read_former_sessions(self._redis, session)):
            pending = await read_schedule_entry(self._redis, each, key)
            if pending and pending.is_pending:
                return build_receipt(_compare(pending.digest, digest), each, pending.due_ms)
        if not delivery.at_ms:
            return None
        if receipt := await self._find_earlier(session, key, digest):
            return receipt
        if is_empty:
            return build_receipt(SendOutcome.EMPTY, session)
        result, due = await self._schedule.add(delivery.wanted, delivery.at_ms, digest, "")
        return None if result == "due" else build_receipt(SendOutcome(result), session, due)

    async def wait_for_quiet_hours(self, delivery: Delivery, content: Content) -> SendReceipt | None:
        """Schedule a message for the end of the contact's quiet hours; `None` if it may be sent now."""
        if self._quiet is None:
            return None
        wanted = delivery.wanted
        seconds, microseconds = await self._redis.time()
        now_ms = int(seconds) * 1000 + int(microseconds) // 1000
        due = self._quiet.find_end(content.address, wanted.category, now_ms, content.time_zone)
        if not due:
            return None
        if delivery.scheduled_in:  # it is in the schedule already
            return SendReceipt(SendOutcome.SCHEDULED, wanted.session, QUIET_REASON, due)
        if receipt := await self._find_earlier(wanted.session, wanted.key, content.digest):
            return receipt
        result, due = await self._schedule.add(wanted, due, content.digest, QUIET_REASON)
        return build_receipt(SendOutcome(result), wanted.session, due)

    async def _find_earlier(self, session: str, key: str, digest: str) -> SendReceipt | None:
        """Return the result for a key under which a message was sent before; `None` without one."""
        earlier = await self._records.read(session, key)
        if earlier is None or earlier.is_refused:
            return None
        return build_receipt(_compare(earlier.digest, digest), session)


def _compare(earlier: str, digest: str) -> SendOutcome:
    """Return whether an earlier message with the same key has the same content."""
    return SendOutcome.DUPLICATE if earlier == digest else SendOutcome.ID_USED
