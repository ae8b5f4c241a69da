"""Reads what became of proactive messages: from their records, and from the log of their session."""

from __future__ import annotations

from collections.abc import Awaitable, Container, Sequence
from enum import StrEnum
from typing import Any, cast

from pydantic_core import from_json
from redis.asyncio import Redis

from core.model import FrozenModel
from gateway.redis.records.session_log import LogEntry, read_log_from

OWN_PREFIX, AGENT_PREFIX = "own-", "agent-"
_MAX_ENTRIES = 2_000


class MessageOutcome(StrEnum):
    """What has become of a message or of one of its parts.

    `dead_letter`: given up, see `turngate dead`. `unknown`: the log does not go back to it.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    REFUSED = "refused"
    DEAD_LETTER = "dead_letter"
    UNKNOWN = "unknown"


_PROGRESS = (
    MessageOutcome.UNKNOWN,
    MessageOutcome.QUEUED,
    MessageOutcome.SENDING,
    MessageOutcome.SENT,
    MessageOutcome.DELIVERED,
    MessageOutcome.READ,
)
_OUTCOMES_BY_STATUS = {
    "queued": MessageOutcome.SENT,  # at the provider
    "sent": MessageOutcome.SENT,
    "delivered": MessageOutcome.DELIVERED,
    "read": MessageOutcome.READ,
    "failed": MessageOutcome.FAILED,
}


class PartReport(FrozenModel):
    """One part: its key in the log, the provider's id, and why it was refused, failed or has to wait."""

    key: str
    outcome: MessageOutcome
    provider_id: str = ""
    reason: str = ""
    code: str = ""


class MessageReport(FrozenModel):
    """A proactive message: `outcome` is that of a part that went wrong, or else of the least advanced one.

    `first_entry` is its first log entry.
    """

    session: str
    key: str
    first_entry: str
    outcome: MessageOutcome
    reason: str = ""
    code: str = ""
    parts: tuple[PartReport, ...] = ()

    @property
    def log_keys(self) -> frozenset[str]:
        """Keys under which the log has the message: of its parts, and of a refusal before it was queued."""
        return frozenset({self.key, *(part.key for part in self.parts)})

    @property
    def is_refused(self) -> bool:
        """True if no part of it left or may still leave."""
        return self.outcome is MessageOutcome.REFUSED and all(
            part.outcome is MessageOutcome.REFUSED for part in self.parts
        )


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
                report = await self.read(found, key)
                if report:
                    return report
        return None

    async def read(self, session: str, key: str) -> MessageReport | None:
        """Return the report of the message `key` of a session; `None` if there is no record."""
        fields: Any = await cast(
            "Awaitable[list[bytes | None]]",
            self._redis.hmget(f"tg:proactive:{{{session}}}:{key}", ["outcome", "entry", "parts"]),
        )
        if fields[0] is None:
            return None
        outcome, entry, count = fields[0].decode(), fields[1].decode(), int(fields[2])
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
            )
        timeline = _Timeline(part_keys(key, count))
        for each in await read_log_from(self._redis, session, entry, _MAX_ENTRIES):
            timeline.apply(each)
        parts = timeline.parts()
        if any(part.outcome is MessageOutcome.UNKNOWN for part in parts):
            parts = _mark_queued(parts, await self._read_outbox_keys(session))
        worst = _select_decisive(parts)
        return MessageReport(
            session=session,
            key=key,
            first_entry=entry,
            outcome=worst.outcome,
            reason=worst.reason,
            code=worst.code,
            parts=parts,
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
    """Return the keys of a message's parts, as `ProactiveSender` names them."""
    return [key] if count == 1 else [f"{key}.{number}" for number in range(1, count + 1)]


def original_key(key: str, keys: Container[str]) -> str:
    """Return the key under which a reply was first sent; a resend has it with its number (`~2`)."""
    name, _, number = key.rpartition("~")
    return name if number.isdigit() and name in keys else key


class _Timeline:
    """The outcomes of a message's parts while its session's log is read."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._parts = {key: PartReport(key=key, outcome=MessageOutcome.UNKNOWN) for key in keys}
        self._keys_by_provider_id: dict[str, str] = {}

    def parts(self) -> tuple[PartReport, ...]:
        return tuple(self._parts.values())

    def apply(self, entry: LogEntry) -> None:
        data: Any = entry.data
        if entry.kind == "reset":
            self._apply_reset()
        elif entry.kind == "status":
            self._update(
                self._keys_by_provider_id.get(str(data.get("id")), ""),
                _OUTCOMES_BY_STATUS.get(str(data.get("status")), MessageOutcome.SENT),
                reason=str(data.get("error") or ""),
                code=str(data.get("code") or ""),
            )
        elif entry.kind == "resending":
            key = self._keys_by_provider_id.get(str(data.get("id")), "")
            self._update(key, MessageOutcome.QUEUED, keeps_reason=True)
        elif entry.kind == "replayed":
            for key in data.get("replies", ()):
                self._update(str(key), MessageOutcome.QUEUED)
        else:
            self._apply_step(entry.kind, str(data.get("key", "")), data)

    def _apply_step(self, kind: str, key: str, data: Any) -> None:
        reason, code = str(data.get("reason", "")), str(data.get("code", ""))
        match kind:
            case "said":
                self._update(key, MessageOutcome.QUEUED)
            case "sending":
                self._update(key, MessageOutcome.SENDING)
            case "postponed":
                self._update(key, MessageOutcome.QUEUED, reason=reason)
            case "sent":
                self._keys_by_provider_id[str(data["id"])] = key
                self._update(key, MessageOutcome.SENT, provider_id=str(data["id"]))
            case "refused":
                outcome = MessageOutcome.DEAD_LETTER if data.get("dead") else MessageOutcome.REFUSED
                self._update(key, outcome, reason=reason, code=code)

    def _apply_reset(self) -> None:
        """A reset deletes the bot's unsent replies; one whose send was started may have left."""
        for part in self.parts():
            if part.key.startswith(OWN_PREFIX) and part.outcome is MessageOutcome.QUEUED:
                reason = "the conversation was reset before it was sent"
                self._update(part.key, MessageOutcome.REFUSED, reason=reason, code="reset")
            elif part.key.startswith(OWN_PREFIX) and part.outcome is MessageOutcome.SENDING:
                self._update(part.key, MessageOutcome.UNKNOWN)

    def _update(
        self,
        key: str,
        outcome: MessageOutcome,
        *,
        provider_id: str = "",
        reason: str = "",
        code: str = "",
        keeps_reason: bool = False,
    ) -> None:
        part = self._parts.get(original_key(key, self._parts))
        if part is None:
            return
        if keeps_reason:
            reason, code = part.reason, part.code
        changes = {"outcome": outcome, "reason": reason, "code": code}
        changes["provider_id"] = provider_id or part.provider_id
        self._parts[part.key] = part.model_copy(update=changes)


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


def _select_decisive(parts: Sequence[PartReport]) -> PartReport:
    """Return the first part that went wrong, or else the least advanced one."""
    for part in parts:
        if part.outcome not in _PROGRESS:
            return part
    return min(parts, key=lambda part: _PROGRESS.index(part.outcome))
