"""Reads the outcome of proactive messages from their records and the log of their session."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Sequence
from typing import Any, cast

from pydantic_core import from_json
from redis.asyncio import Redis

from core.model import FrozenModel
from gateway.redis.records.schedule import read_schedule_entry
from gateway.redis.records.sessions.joined_sessions import read_former_sessions
from gateway.redis.records.sessions.log.message_timeline import (
    AGENT_PREFIX,
    OWN_PREFIX,
    MessageOutcome,
    MessageTimeline,
    PartReport,
    select_decisive,
)
from gateway.redis.records.sessions.log.session_log import read_log_from

_MAX_ENTRIES = 2_000
_NUMBERED = re.compile(r"(\.|~t?)[0-9]+$")
_ENDS = frozenset({MessageOutcome.REFUSED, MessageOutcome.CANCELLED})
_OUTCOMES_BY_STATE = {
    "waiting": MessageOutcome.SCHEDULED,
    "releasing": MessageOutcome.SCHEDULED,
    "cancelled": MessageOutcome.CANCELLED,
    "refused": MessageOutcome.REFUSED,
}


class MessageReport(FrozenModel):
    """A proactive message: `outcome` is that of a failed part, or else of the least advanced one.

    `first_entry` is its first log entry, `digest` that of its content. `due_ms` is when it is sent if it is
    scheduled.
    """

    session: str
    key: str
    first_entry: str
    outcome: MessageOutcome
    reason: str = ""
    code: str = ""
    parts: tuple[PartReport, ...] = ()
    digest: str = ""
    due_ms: int = 0

    @property
    def log_keys(self) -> frozenset[str]:
        """Keys under which the log has the message: of its parts, and of a refusal before it was queued."""
        return frozenset({self.key, *(part.key for part in self.parts)})

    @property
    def is_refused(self) -> bool:
        """True if no part of it was or will be sent: it was refused or cancelled."""
        return all(outcome in _ENDS for outcome in (self.outcome, *(part.outcome for part in self.parts)))


class ProactiveMessages:
    """Records of proactive messages. They are kept for as long as their keys are deduplicated."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def find(self, message_id: str, session: str = "") -> MessageReport | None:
        """Return the report of a message by the caller's id or by its key.

        Without a session it is the newest message with this id.
        """
        for key in candidate_keys(message_id):
            if found := session or await self._find_session(key):
                for each in (found, *await read_former_sessions(self._redis, found)):
                    if report := await self._read_current(each, key):
                        return report
        return None

    async def _read_current(self, session: str, key: str) -> MessageReport | None:
        """Return the report of a message that is scheduled or was sent; what is pending comes first."""
        entry = await read_schedule_entry(self._redis, session, key)
        report = await self.read(session, key)
        is_sent = report is not None and not report.is_refused
        if report and entry and report.outcome is MessageOutcome.SCHEDULED:
            return report.model_copy(update={"due_ms": entry.due_ms})
        if entry is None or is_sent or (report and not entry.is_pending):
            return report
        return MessageReport(
            session=session,
            key=key,
            first_entry="",
            outcome=_OUTCOMES_BY_STATE[entry.state],
            reason=entry.reason,
            code=entry.code,
            digest=entry.digest,
            due_ms=entry.due_ms if entry.is_pending else 0,
        )

    async def read(self, session: str, key: str) -> MessageReport | None:
        """Return the report of the message `key` of a session, or of one that was joined with it.

        `None` if there is no record.
        """
        report = await self._read_in(session, key)
        if report and not report.is_refused:
            return report
        for former in await read_former_sessions(self._redis, session):
            earlier = await self._read_in(former, key)
            if earlier and (report is None or not earlier.is_refused):
                report = earlier
        return report

    async def _read_in(self, session: str, key: str) -> MessageReport | None:
        fields: Any = await cast(
            "Awaitable[list[bytes | None]]",
            self._redis.hmget(f"tg:proactive:{{{session}}}:{key}", ["outcome", "entry", "parts", "digest"]),
        )
        if fields[0] is None:
            return None
        outcome, entry, count = fields[0].decode(), fields[1].decode(), int(fields[2])
        digest = (fields[3] or b"").decode()
        if outcome != MessageOutcome.QUEUED:
            log = await read_log_from(self._redis, session, entry, 1)
            reason = str(log[0].data.get("reason", "")) if log and log[0].id == entry else ""
            return MessageReport(
                session=session,
                key=key,
                first_entry=entry,
                outcome=MessageOutcome.REFUSED,
                reason=reason,
                code=outcome,
                digest=digest,
            )
        timeline = MessageTimeline(part_keys(key, count))
        for each in await read_log_from(self._redis, session, entry, _MAX_ENTRIES):
            timeline.apply(each)
        parts = timeline.parts()
        if any(part.outcome is MessageOutcome.UNKNOWN for part in parts):
            parts = _mark_queued(parts, await self._read_outbox_keys(session))
        worst = select_decisive(parts)
        return MessageReport(
            session=session,
            key=key,
            first_entry=entry,
            outcome=worst.outcome,
            reason=worst.reason,
            code=worst.code,
            parts=parts,
            digest=digest,
        )

    async def _find_session(self, key: str) -> str:
        stored: Any = await self._redis.get(f"tg:proactive_session:{key}")
        return stored.decode() if stored else ""

    async def _read_outbox_keys(self, session: str) -> frozenset[str]:
        items = await cast("Awaitable[list[bytes]]", self._redis.lrange(f"tg:{{{session}}}:out", 0, -1))
        return frozenset(map(_decode_key, items))


def candidate_keys(message_id: str) -> list[str]:
    """Return the keys that a caller may mean by an id: of the business's message, then of an agent's."""
    keys = [f"{OWN_PREFIX}{message_id}", f"{AGENT_PREFIX}{message_id}"]
    return [*keys, message_id] if message_id.startswith((OWN_PREFIX, AGENT_PREFIX)) else keys


def part_keys(key: str, count: int) -> list[str]:
    """Return the keys of a message's parts, under which the outbox and the log have them.

    The only part of a message has its key, unless that looks like one of a part, of a resend or of a
    template: the message `a.1` is another one than the first part of the message `a`.
    """
    if count == 1 and not _NUMBERED.search(key):
        return [key]
    return [f"{key}.{number}" for number in range(1, count + 1)]


def _decode_key(item: bytes) -> str:
    try:
        return str(from_json(item)["key"])
    except (ValueError, KeyError, TypeError):  # this release cannot read it
        return ""


def _mark_queued(parts: Sequence[PartReport], waiting: frozenset[str]) -> tuple[PartReport, ...]:
    return tuple(
        part.model_copy(update={"outcome": MessageOutcome.QUEUED})
        if part.outcome is MessageOutcome.UNKNOWN and part.key in waiting
        else part
        for part in parts
    )
