"""Scheduled messages, until they are due, cancelled or erased."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from enum import StrEnum
from typing import Any, Literal, NamedTuple, cast

from pydantic import Field, ValidationError
from pydantic_core import from_json
from redis.asyncio import Redis

from core.errors import EncryptionKeyMissing
from core.model import FrozenModel, Message
from gateway.redis import lua, rq_layout
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.encryption.sealing import SCHEDULED_CLEAR
from gateway.redis.lua import ProtocolLimits

log = logging.getLogger("turngate.schedule")

_RELEASE_LIMIT = 50


class ContactAddress(FrozenModel):
    """A contact to whom the business writes, under their number, address or ID.

    `account` is the name of a further account in `TURNGATE_CONFIG`. `sender` is the business's number, where
    an account has several.
    """

    channel: str
    to: str
    account: str = ""
    sender: str = ""

    @property
    def channel_name(self) -> str:
        """Name of the channel with the account, as replies name it."""
        return f"{self.channel}/{self.account}" if self.account else self.channel


class ScheduledMessage(FrozenModel):
    """A message as it is sent when it is due: into a session, or to a contact who may have none then.

    `replies` are those of a message that was in the outbox before, in place of `message`.
    """

    session: str
    key: str
    message: Message = Message(text="")
    contact: ContactAddress | None = None
    category: str = "marketing"
    replies: tuple[str, ...] = Field((), repr=False)


class CancelOutcome(StrEnum):
    """Result of a cancellation; `too_late` when the send has begun."""

    CANCELLED = "cancelled"
    TOO_LATE = "too_late"
    UNKNOWN = "unknown_message"


class ScheduleEntry(NamedTuple):
    """Record of a scheduled message. `reason` is why it waits or was refused."""

    state: Literal["waiting", "releasing", "cancelled", "refused"]
    due_ms: int
    digest: str
    reason: str = ""
    code: str = ""

    @property
    def is_pending(self) -> bool:
        """True while the message may still be sent."""
        return self.state in ("waiting", "releasing")


class Schedule:
    """Messages by the time at which they are due. Any number of processes may release them."""

    def __init__(self, redis: Redis, protocol: ProtocolLimits) -> None:
        self._redis = redis
        self._add = lua.load_script("schedule_message", protocol)
        self._cancel = lua.load_script("unschedule", protocol)
        self._take = lua.load_script("take_scheduled", protocol)
        self._settle = lua.load_script("settle_scheduled", protocol)
        self._resume = lua.load_script("resume", protocol)

    async def add(self, message: ScheduledMessage, due_ms: int, digest: str, reason: str) -> tuple[str, int]:
        """Schedule a message; return the outcome (schedule_message.lua), and when the message is due."""
        sealer = await cipher_of(self._redis).sealer()
        encoded = message.model_dump_json(exclude_defaults=True).encode()
        content = sealer.record(message.session, encoded, SCHEDULED_CLEAR)
        outcome, due = await self._add(
            self._redis, [message.session, message.key, due_ms, digest, content, reason]
        )
        return outcome.decode(), int(due)

    async def cancel(self, session: str, key: str) -> CancelOutcome:
        """Cancel a message that waits; a repetition of that has no effect."""
        outcome: bytes = await self._cancel(self._redis, [session, key])
        return CancelOutcome(outcome.decode())

    async def take_due(self) -> list[ScheduledMessage]:
        """Return messages that are due, for the caller to send and settle."""
        taken = await self._take(self._redis, [_RELEASE_LIMIT])
        messages = []
        for each in taken:
            try:
                session = from_json(each)["session"]
                opened = await cipher_of(self._redis).open(session, each)
                messages.append(ScheduledMessage.model_validate_json(opened))
            except EncryptionKeyMissing as error:
                log.error("%s; a scheduled message waits until then", error)
            except (ValidationError, KeyError, TypeError):  # of a newer release, which will send it
                log.warning("a scheduled message cannot be read by this release; it stays scheduled")
        return messages

    async def resume(self, message: ScheduledMessage) -> None:
        """Put the replies of a taken message back into their outbox, once."""
        arguments = [rq_layout.current_timestamp(), message.session, message.key, *message.replies]
        await self._resume(self._redis, arguments)

    async def settle(self, message: ScheduledMessage, code: str = "", reason: str = "") -> None:
        """Remove a message that was sent, or record why it was refused."""
        await self._settle(self._redis, [message.session, message.key, code, reason, "", ""])

    async def postpone(self, message: ScheduledMessage, wait_ms: int, reason: str) -> None:
        """Try a taken message again later."""
        await self._settle(self._redis, [message.session, message.key, "", reason, wait_ms, ""])

    async def postpone_until(self, message: ScheduledMessage, due_ms: int, reason: str) -> None:
        """Try a taken message again at a time."""
        await self._settle(self._redis, [message.session, message.key, "", reason, "", due_ms])


async def read_schedule_entry(redis: Redis, session: str, key: str) -> ScheduleEntry | None:
    """Return the record of a message; `None` if it is not scheduled, or was sent."""
    fields: Any = await cast(
        "Awaitable[list[bytes | None]]",
        redis.hmget(f"tg:scheduled:{{{session}}}:{key}", ["state", "due", "digest", "reason", "code"]),
    )
    if fields[0] is None:
        return None
    state, due, digest, reason, code = ((field or b"").decode() for field in fields)
    return ScheduleEntry(cast("Any", state), int(due), digest, reason, code)
