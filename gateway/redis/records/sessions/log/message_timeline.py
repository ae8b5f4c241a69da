"""Follows the parts of a proactive message through the log of its session."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from enum import StrEnum
from typing import Any

from core.model import FrozenModel
from gateway.redis.records.sessions.log.session_log import LogEntry

_SUFFIXES = re.compile(r"(~t?[0-9]+)+$")

OWN_PREFIX, AGENT_PREFIX = "own-", "agent-"


class MessageOutcome(StrEnum):
    """Outcome of a message or of one of its parts.

    `dead_letter`: given up, see `turngate dead`. `held`: it waits for the contact's next message.
    `forwarded`: it is sent on another channel. `unknown`: the log does not reach back to it.
    """

    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    REFUSED = "refused"
    DEAD_LETTER = "dead_letter"
    HELD = "held"
    FORWARDED = "forwarded"
    UNKNOWN = "unknown"


_PROGRESS = (
    MessageOutcome.UNKNOWN,
    MessageOutcome.SCHEDULED,
    MessageOutcome.HELD,
    MessageOutcome.QUEUED,
    MessageOutcome.SENDING,
    MessageOutcome.SENT,
    MessageOutcome.FORWARDED,
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


_SCHEDULE_STEPS = {
    "scheduled": MessageOutcome.SCHEDULED,
    "resumed": MessageOutcome.QUEUED,
    "unscheduled": MessageOutcome.CANCELLED,
}


class PartReport(FrozenModel):
    """One part: its key in the log, the provider's id, and the reason for a refusal, a failure or a wait."""

    key: str
    outcome: MessageOutcome
    provider_id: str = ""
    reason: str = ""
    code: str = ""


def original_key(key: str, keys: Container[str]) -> str:
    """Return the key under which a reply was first sent.

    A resend has it with its number (`~2`), a template in its place with `~t1`.
    """
    name = _SUFFIXES.sub("", key)
    return name if name in keys else key


class MessageTimeline:
    """The outcomes of a message's parts while its session's log is read."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._parts = {key: PartReport(key=key, outcome=MessageOutcome.UNKNOWN) for key in keys}
        self._keys_by_provider_id: dict[str, str] = {}
        self._rerouted = ""
        self._covers: dict[str, str] = {}

    def parts(self) -> tuple[PartReport, ...]:
        """Return the parts. A part that the template of another part covers has that part's outcome."""
        return tuple(
            self._parts[self._covers.get(key, key)].model_copy(update={"key": key}) for key in self._parts
        )

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
        elif entry.kind in _SCHEDULE_STEPS:
            self._apply_schedule_step(entry.kind, str(data.get("key", "")), str(data.get("reason", "")))
        elif entry.kind == "replayed":
            for key in data.get("replies", ()):
                self._update(str(key), MessageOutcome.QUEUED)
        else:
            self._apply_step(entry.kind, str(data.get("key", "")), data)

    def _apply_schedule_step(self, kind: str, key: str, reason: str) -> None:
        """Apply a step of the whole message: moved to the schedule or back, or cancelled there."""
        code, key = "cancelled" if kind == "unscheduled" else "", original_key(key, self._parts)
        for name in [part for part in self._parts if part == key or part.rpartition(".")[0] == key]:
            self._update(name, _SCHEDULE_STEPS[kind], reason=reason, code=code)

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
            case "rerouted":
                self._apply_rerouting(original_key(key, self._parts), data)
            case "refused":
                outcome = MessageOutcome.DEAD_LETTER if data.get("dead") else MessageOutcome.REFUSED
                self._update(key, outcome, reason=reason, code=code)

    def _apply_rerouting(self, key: str, data: Any) -> None:
        """Apply the rerouting of a part, or of the part whose template also covers it."""
        if not data.get("covered"):
            self._rerouted = key if key in self._parts else self._rerouted
            self._update(key, _outcome_of_rerouting(data), reason=str(data.get("reason", "")))
        elif key in self._parts and self._rerouted in self._parts:
            self._covers[key] = self._rerouted

    def _apply_reset(self) -> None:
        """Apply a reset: the bot's unsent replies are deleted; of a started send the outcome is unknown."""
        for part in self.parts():
            is_unsent = part.outcome in (MessageOutcome.QUEUED, MessageOutcome.HELD)
            if part.key.startswith(OWN_PREFIX) and is_unsent:
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
        self._covers.pop(part.key, None)  # sent as it is after all
        if keeps_reason:
            reason, code = part.reason, part.code
        changes = {"outcome": outcome, "reason": reason, "code": code}
        changes["provider_id"] = provider_id or part.provider_id
        self._parts[part.key] = part.model_copy(update=changes)


def _outcome_of_rerouting(data: Any) -> MessageOutcome:
    if data.get("held"):
        return MessageOutcome.HELD
    return MessageOutcome.QUEUED if data.get("by") else MessageOutcome.FORWARDED


def select_decisive(parts: Sequence[PartReport]) -> PartReport:
    """Return the first failed part, or else the least advanced one."""
    for part in parts:
        if part.outcome not in _PROGRESS:
            return part
    return min(parts, key=lambda part: _PROGRESS.index(part.outcome))
