"""Checks of the guarantees for one conversation: messages and replies against the session's log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from gateway.redis.records.session_log import LogEntry
from gateway.storm.burst_invariant import count_violations
from gateway.storm.conversations import PlannedConversation
from gateway.storm.provider import Recipient
from gateway.storm.result import StormResult, Violation


@dataclass(frozen=True, slots=True)
class FinishedConversation:
    """A conversation that has ended: its session, its plan, and the ids of its acknowledged turns."""

    session: str
    plan: PlannedConversation
    turn_ids: Sequence[str]


async def is_idle(redis: Redis, session: str) -> bool:
    """Return whether a session has no turn, reply, job or lease left."""
    async with redis.pipeline(transaction=True) as pipeline:
        pipeline.exists(f"tg:{{{session}}}:mail", f"tg:{{{session}}}:out")
        pipeline.hmget(f"tg:{{{session}}}", ["job", "lease"])
        has_items, job_and_lease = await pipeline.execute()
    return not has_items and not any(job_and_lease)


def check_conversation(
    conversation: FinishedConversation,
    log: Sequence[LogEntry],
    recipient: Recipient,
    result: StormResult,
    *,
    window: float = 0.0,
    cap: float = 0.0,
) -> None:
    """Record every violation in a finished conversation; `window` and `cap` are the burst's, in seconds."""
    check_log(conversation, log, recipient.sends, result)
    check_replies(conversation.plan, recipient.received, result)
    contact = conversation.plan.contact
    result.record_violation(Violation.WRONG_GROUPING, count_violations(log, window, cap), contact)
    result.counts["conversations"] += 1
    result.counts["sends"] += recipient.sends
    result.counts["silenced"] += recipient.is_silenced
    result.record_violation(Violation.OVERLAP, recipient.overlaps, contact)
    result.record_violation(Violation.SENT_WHILE_SILENCED, recipient.sends_while_silenced, contact)


def check_log(
    conversation: FinishedConversation, log: Sequence[LogEntry], sends: int, result: StormResult
) -> None:
    """Check guarantees L2 to L6 and L9 by the session's log and the number of calls to the provider."""
    contact = conversation.plan.contact
    accepted = [str(entry.data["turn"]) for entry in log if entry.kind == "accepted"]
    commits = [entry.data for entry in log if entry.kind == "committed"]
    committed = [str(turn) for commit in commits for turn in _as_list(commit["turns"])]
    marked = sum(entry.kind == "sending" for entry in log)
    result.counts["acknowledged"] += len(conversation.turn_ids)
    result.counts["committed"] += len(committed)
    result.counts["gathered"] += sum(len(_as_list(commit["turns"])) > 1 for commit in commits)
    result.record_violation(Violation.UNRECORDED, len(set(conversation.turn_ids) - set(accepted)), contact)
    result.record_violation(Violation.DUPLICATE_TURN, len(accepted) - len(set(accepted)), contact)
    result.record_violation(Violation.DUPLICATE_COMMIT, len(committed) - len(set(committed)), contact)
    result.record_violation(Violation.UNCOMMITTED, len(set(accepted) - set(committed)), contact)
    result.record_violation(
        Violation.OUT_OF_ORDER, _without_duplicates(committed) != _without_duplicates(accepted) != [], contact
    )
    result.record_violation(Violation.UNMARKED, sends - marked, contact)
    result.record_violation(
        Violation.GIVEN_UP, sum(commit.get("outcome") == "dead" for commit in commits), contact
    )


def check_replies(plan: PlannedConversation, received: Sequence[str], result: StormResult) -> None:
    """Check guarantee L7: compare the replies that a contact received with the expected ones."""
    expected = plan.expected_replies
    result.counts["replies"] += len(expected)
    if tuple(received) == expected:
        return
    missing = Counter(expected) - Counter(received)
    extra = Counter(received) - Counter(expected)
    result.record_violation(Violation.LOST, missing.total(), plan.contact)
    result.record_violation(Violation.DUPLICATED, extra.total(), plan.contact)
    result.record_violation(Violation.REORDERED, not missing and not extra, plan.contact)


def build_session_id(channel: str, account: str, business_number: str, contact: str) -> str:
    """Return the session id of a contact, as the channel builds it."""
    return f"{channel}:{account}:{business_number}:{contact}"


async def delete_session(session: str, redis: Redis) -> None:
    """Delete what a checked session stored, so that a long run needs no more memory than a short one.

    The deduplication set stays: a copy of a webhook may still be on its way.
    """
    await redis.delete(*(f"tg:{{{session}}}{part}" for part in ("", ":recent", ":log")))


def _without_duplicates(ids: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def _as_list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
