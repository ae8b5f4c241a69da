"""Releases scheduled messages when they are due."""

from __future__ import annotations

import logging

from redis import RedisError
from redis.asyncio import Redis

from core.errors import EncryptionKeyMissing, StorageUnavailable
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.schedule import Schedule, ScheduledMessage
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import ACCEPTED, REFUSAL_SENTENCES, SendOutcome, SendReceipt

log = logging.getLogger("turngate.schedule")

_FULL_WAIT_MS = 60_000
_UNRECORDED = frozenset(
    {
        SendOutcome.UNKNOWN,
        SendOutcome.INVALID_CONTACT,
        SendOutcome.ID_USED,
        SendOutcome.TEMPLATE_UNKNOWN,
        SendOutcome.TEMPLATE_VARIABLES,
        SendOutcome.TEMPLATE_NOT_APPROVED,
    }
)
"""Refusals of which the session has no record."""
_LEFT_SCHEDULE = frozenset({SendOutcome.QUEUED, SendOutcome.UNSCHEDULED})


class ScheduleReleaser:
    """Sends what is due. Any number may run: a message is sent once, however often it is released."""

    def __init__(
        self,
        redis: Redis,
        sender: ProactiveSender,
        protocol: ProtocolLimits | None = None,
        *,
        elsewhere: ProactiveSender | None = None,
    ) -> None:
        """Create a releaser. With several partitions `elsewhere` sends to those who have left this one."""
        self._schedule = Schedule(redis, protocol or ProtocolLimits())
        self._sender = sender
        self._elsewhere = elsewhere

    async def release_due(self) -> int:
        """Send the messages that are due; return how many."""
        released = 0
        while due := await self._schedule.take_due():
            for message in due:
                await self._release(message)
            released += len(due)
        return released

    async def _release(self, message: ScheduledMessage) -> None:
        if message.replies:
            await self._schedule.resume(message)
            return
        try:
            receipt = await self._sender.release(message)
            if receipt.outcome is SendOutcome.MOVED and self._elsewhere:
                receipt = await _forward(message, self._elsewhere)
        except (RedisError, OSError, StorageUnavailable, EncryptionKeyMissing):
            raise  # it is released again later
        except Exception as error:
            log.exception("a scheduled message cannot be sent: %s", type(error).__name__)
            await self._schedule.settle(message, "failed", f"it cannot be sent: {type(error).__name__}")
            return
        if receipt.outcome in _LEFT_SCHEDULE:
            return
        if receipt.outcome is SendOutcome.FULL:
            await self._schedule.postpone(message, _FULL_WAIT_MS, REFUSAL_SENTENCES[SendOutcome.FULL])
        elif receipt.outcome is SendOutcome.SCHEDULED:  # quiet hours have begun
            await self._schedule.postpone_until(message, receipt.due_ms, receipt.reason)
        elif receipt.outcome in _UNRECORDED:
            await self._schedule.settle(message, receipt.outcome, receipt.reason)
        else:
            await self._schedule.settle(message)


async def _forward(message: ScheduledMessage, sender: ProactiveSender) -> SendReceipt:
    """Send a message to a contact of another partition; `duplicate` once it waits or is scheduled there.

    A message that is forwarded again after a crash is a duplicate there.
    """
    if message.contact:
        receipt = await sender.send_to(
            message.contact, message.key, message.message, category=message.category
        )
    else:
        receipt = await sender.send(message.session, message.key, message.message, category=message.category)
    return SendReceipt(SendOutcome.DUPLICATE, receipt.session) if receipt.outcome in ACCEPTED else receipt
