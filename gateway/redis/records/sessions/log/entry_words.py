"""Entries of a session's log in words, the same in the console and in `turngate why`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from core.counts import count_of
from core.model import Owner
from gateway.redis.records.sessions.log.derived_entries import GATE, WAITED, describe_reasons
from gateway.redis.records.sessions.log.session_log import LogEntry

_UNSAID: Final = frozenset(
    {
        "text",
        "body",
        "payload",
        "place",
        "contacts",
        "order",
        "form",
        "choices",
        "media",
        "key",
        "id",
        "fence",
    }
)
OWNER_WORDS: Final = {
    Owner.BOT.value: "The bot has the conversation",
    Owner.WAITING.value: "The conversation waits for an agent",
    Owner.HUMAN.value: "An agent took over",
    Owner.CLOSED.value: "The conversation was closed",
}
ACT_WORDS: Final = {
    "opt_out": "The contact opted out",
    "marketing_opt_out": "The contact opted out of marketing",
    "opt_in": "The contact opted in",
    "end_silence": "The bot may speak again",
}


class EntryWords(NamedTuple):
    """Words for an entry: the event, further facts, icon and tone (`ok`, `warn`, `bad` or none)."""

    title: str
    detail: str = ""
    icon: str = "list"
    tone: str = ""


def describe_entry(entry: LogEntry) -> EntryWords:
    """Return an entry in words, without any text of a message."""
    data: Any = entry.data
    describe = _DESCRIPTIONS.get(entry.kind)
    return describe(data) if describe else _describe_other(entry.kind, data)


def describe_control(data: Any) -> str:
    """Return a change of the owner, or of what may be sent, and by whom."""
    actor = str(data.get("actor") or "")
    by = f" (by {actor})" if actor and actor != "agent" else ""
    act = str(data.get("act") or "")
    words = OWNER_WORDS.get(str(data.get("owner") or "")) or ACT_WORDS.get(act, act.replace("_", " "))
    return f"{words}{by}"


def describe_activity(data: Any) -> str:
    """Return an edit, deletion or redaction of an earlier message in words, and its actor."""
    activity = str(data.get("activity") or "edited")
    return f"{'An operator' if activity == 'redacted' else 'The contact'} {activity} a message"


def describe_text_problems(problems: str) -> str:
    """Return the problems with a turn's texts; a template that failed is named with its node."""
    words = []
    for each in problems.split():
        kind, _, rest = each.partition(":")
        node, _, error = rest.partition(":")
        words.append(f"a text of node {node} could not be rendered ({error})" if kind == "template" else each)
    return ", ".join(words)


def _describe_accepted(_: Any) -> EntryWords:
    return EntryWords("Received and stored", "verified, not a duplicate", "down", "ok")


def _describe_participant(data: Any) -> EntryWords:
    who = data.get("author") or "another participant"
    return EntryWords("Received from another participant", f"{who} is not the contact: not answered", "down")


def _describe_claimed(_: Any) -> EntryWords:
    return EntryWords("Processing began", "a worker has the conversation", "chip")


def _describe_duplicate(data: Any) -> EntryWords:
    number = int(data.get("number") or 1)
    times = "once" if number == 1 else f"{number} times"
    return EntryWords("Received again: not processed twice", f"the webhook was repeated {times}", "again")


def _describe_waited(data: Any) -> EntryWords:
    seconds = int(data.get("milliseconds") or 0) / 1000
    return EntryWords(f"Waited {seconds:.1f} s", f"for {describe_reasons(data.get('for') or ())}", "clock")


def _describe_gate(data: Any) -> EntryWords:
    asked = [_GATE_WORDS[each] for each in ("voice", *(data.get("asked") or ())) if each in _GATE_WORDS]
    return EntryWords("Allowed by the gate", ", ".join(asked), "ticks", "ok")


def _describe_committed(data: Any) -> EntryWords:
    outcome = str(data.get("outcome") or "")
    outcome = _SILENCES.get(outcome, outcome.replace("_", " "))
    facts = [
        f"{name} {data[name]}" for name in ("node", "edge", "model", "tokens", "error") if data.get(name)
    ]
    if used := data.get("used"):
        facts.append(f"called {', '.join(str(used).split()).replace('!', ' (failed)')}")
    if failed := data.get("model_failures"):
        facts.append(f"models that failed: {', '.join(str(failed).split()).replace('_', ' ')}")
    if isinstance(turns := data.get("turns"), list) and len(turns) > 1:
        facts.append(f"{len(turns)} messages together")
    if isinstance(replies := data.get("replies"), int):
        facts.append(count_of(replies, "reply", "replies"))
    trouble = describe_text_problems(str(data.get("trouble") or ""))
    is_silent = str(data.get("outcome")).startswith("silent") or outcome in ("failed", "given up")
    return EntryWords(
        f"Not answered: {outcome}" if is_silent else "Answer and state saved in one step",
        " · ".join(filter(None, ["" if is_silent else outcome, trouble, *facts])),
        "disk",
        "warn" if is_silent or trouble else "ok",
    )


def _describe_reply(data: Any) -> EntryWords:
    segments = data.get("segments")
    return EntryWords("Reply put into the outbox", f"{segments} SMS" if isinstance(segments, int) else "")


def _describe_sending(_: Any) -> EntryWords:
    return EntryWords("Send began", "", "up")


def _describe_sent(data: Any) -> EntryWords:
    return EntryWords("Sent: the provider accepted it", f"provider's ID {data.get('id', '')}", "up", "ok")


def _describe_postponed(data: Any) -> EntryWords:
    seconds = data.get("seconds")
    wait = f"; next try after {seconds} s" if seconds else ""
    return EntryWords(
        "Not sent yet, retried automatically", f"{data.get('reason', '')}{wait}", "again", "warn"
    )


def _describe_refused(data: Any) -> EntryWords:
    reason = str(data.get("reason", ""))
    if data.get("dead"):
        return EntryWords("Given up: a dead letter", reason, "box", "bad")
    if data.get("code") in _GATE_CODES:
        return EntryWords("Not sent: refused by the gate", reason, "barred", "bad")
    return EntryWords("Not sent", reason, "barred", "bad")


def _describe_status(data: Any) -> EntryWords:
    status = str(data.get("status", ""))
    detail = " ".join(filter(None, (str(data.get("error") or ""), str(data.get("code") or ""))))
    words = {"delivered": "Delivered", "read": "Read", "failed": "Not delivered"}
    tone, icon = ("bad", "cross") if status == "failed" else ("ok", "eye" if status == "read" else "ticks")
    return EntryWords(
        words.get(status, f"Status: {status}"), detail or "reported by the provider", icon, tone
    )


def _describe_resending(data: Any) -> EntryWords:
    detail = f"after code {data.get('code', '')}, in {data.get('seconds', '')} s"
    return EntryWords("Will be sent again", detail, "again", "warn")


def _describe_resend(_: Any) -> EntryWords:
    return EntryWords("Put into the outbox again", "", "again")


def _describe_replayed(_: Any) -> EntryWords:
    return EntryWords("Replayed by an operator", "a dead letter is processed again", "again")


def _describe_rerouted(data: Any) -> EntryWords:
    reason = str(data.get("reason", ""))
    if data.get("held"):
        return EntryWords("Waits for the contact's next message", reason, "clock", "warn")
    return EntryWords("Sent in another way", reason, "up", "ok")


def _describe_control(data: Any) -> EntryWords:
    return EntryWords(describe_control(data), "", "person")


def _describe_silenced(data: Any) -> EntryWords:
    reason = str(data.get("reason") or "").replace("_", " ")
    return EntryWords("The bot is silent", f"limit: {reason}", "pause", "warn")


def _describe_activity(data: Any) -> EntryWords:
    return EntryWords(describe_activity(data))


def _describe_assigned(data: Any) -> EntryWords:
    agent, by = str(data.get("agent") or ""), str(data.get("by") or "")
    words = f"{agent} has the conversation" if agent else f"{by} gave the conversation to all agents"
    return EntryWords(words, "", "person")


def _describe_scheduled(data: Any) -> EntryWords:
    """Return when a message is to be sent, in UTC as `POST /messages` answers, and why not at once."""
    due = datetime.fromtimestamp(int(data.get("at_ms") or 0) / 1000, UTC)
    reason = str(data.get("reason") or "")
    return EntryWords(
        "Scheduled for later", f"{due:%Y-%m-%d %H:%M} UTC" + (f", {reason}" if reason else ""), "clock"
    )


def _describe_unscheduled(data: Any) -> EntryWords:
    reason = str(data.get("reason") or "")
    if data.get("code") == "refused":
        return EntryWords("Not scheduled", reason, "barred", "warn")
    return EntryWords("Cancelled before its time", "" if reason == "cancelled" else reason, "barred")


def _describe_other(kind: str, data: Any) -> EntryWords:
    facts = [
        f"{name} {value}"
        for name, value in data.items()
        if isinstance(value, str | int | float) and value != "" and name not in _UNSAID
    ]
    return EntryWords(_OTHER_TITLES.get(kind, kind.replace("_", " ").capitalize()), " · ".join(facts))


_SILENCES: Final = {
    "silent_human": "an agent has the conversation",
    "silent_closed": "the conversation is closed",
    "silent_opted_out": "the contact opted out",
}
_GATE_CODES: Final = frozenset({"opted_out", "person", "closed", "window", "template", "stopped", "empty"})
_GATE_WORDS: Final = {
    "voice": "who may speak and opt-outs were checked",
    "window": "the service window is open",
    "template": "its template is approved",
    "limit": "the contact's limit of replies is not reached",
    "pace": "the account's rate limit permits it",
    "breaker": "the account's circuit breaker is closed",
}
_OTHER_TITLES: Final = {
    "reset": "The conversation was reset",
    "expired": "The conversation restarted after a long pause",
    "resumed": "Its time has come: put into the outbox",
    "moved": "The contact has a new number or ID",
    "note": "Internal note of an agent, not sent",
}
_DESCRIPTIONS: Final[dict[str, Callable[[Any], EntryWords]]] = {
    "accepted": _describe_accepted,
    "participant": _describe_participant,
    "claimed": _describe_claimed,
    "duplicate": _describe_duplicate,
    WAITED: _describe_waited,
    GATE: _describe_gate,
    "committed": _describe_committed,
    "said": _describe_reply,
    "sending": _describe_sending,
    "sent": _describe_sent,
    "postponed": _describe_postponed,
    "refused": _describe_refused,
    "status": _describe_status,
    "resending": _describe_resending,
    "resend": _describe_resend,
    "replayed": _describe_replayed,
    "rerouted": _describe_rerouted,
    "control": _describe_control,
    "silenced": _describe_silenced,
    "activity": _describe_activity,
    "assigned": _describe_assigned,
    "scheduled": _describe_scheduled,
    "unscheduled": _describe_unscheduled,
}
