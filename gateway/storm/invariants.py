"""Whether the laws held in one conversation: what was said and heard, against the session's log."""

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
    """A conversation that has ended: its session, its part, and the ids of its acknowledged turns."""

    session: str
    plan: PlannedConversation
    turn_ids: Sequence[str]


async def is_idle(redis: Redis, session: str) -> bool:
    """Whether nothing waits in a session, neither a turn nor a reply nor a drain."""
    async with redis.pipeline(transaction=True) as pipeline:
        pipeline.exists(f"tg:{{{session}}}:mail", f"tg:{{{session}}}:out")
        pipeline.hmget(f"tg:{{{session}}}", ["job", "lease"])
        left, marks = await pipeline.execute()
    return not left and not any(marks)


def check_conversation(
    talk: FinishedConversation,
    log: Sequence[LogEntry],
    ear: Recipient,
    verdict: StormResult,
    *,
    window: float = 0.0,
    cap: float = 0.0,
) -> None:
    """Compare what came of a conversation with the laws; `window` and `cap` are a burst's, in seconds."""
    check_log(talk, log, ear.sends, verdict)
    check_replies(talk.plan, ear.received, verdict)
    person = talk.plan.person
    verdict.record_violation(Violation.WRONG_GROUPING, count_violations(log, window, cap), person)
    verdict.counts["conversations"] += 1
    verdict.counts["sends"] += ear.sends
    verdict.counts["silenced"] += ear.is_silenced
    verdict.record_violation(Violation.OVERLAP, ear.overlaps, person)
    verdict.record_violation(Violation.SENT_WHILE_SILENCED, ear.sends_while_silenced, person)


def check_log(talk: FinishedConversation, log: Sequence[LogEntry], sends: int, verdict: StormResult) -> None:
    """Laws L2 to L6 and L9: by the session's log, and by how often the provider was called."""
    person = talk.plan.person
    accepted = [str(entry.data["turn"]) for entry in log if entry.kind == "accepted"]
    commits = [entry.data for entry in log if entry.kind == "committed"]
    committed = [str(turn) for commit in commits for turn in _as_list(commit["turns"])]
    marked = sum(entry.kind == "sending" for entry in log)
    verdict.counts["acknowledged"] += len(talk.turn_ids)
    verdict.counts["committed"] += len(committed)
    verdict.counts["gathered"] += sum(len(_as_list(commit["turns"])) > 1 for commit in commits)
    verdict.record_violation(Violation.UNRECORDED, len(set(talk.turn_ids) - set(accepted)), person)
    verdict.record_violation(Violation.DUPLICATE_TURN, len(accepted) - len(set(accepted)), person)
    verdict.record_violation(Violation.DUPLICATE_COMMIT, len(committed) - len(set(committed)), person)
    verdict.record_violation(Violation.UNCOMMITTED, len(set(accepted) - set(committed)), person)
    verdict.record_violation(
        Violation.OUT_OF_ORDER, _without_duplicates(committed) != _without_duplicates(accepted) != [], person
    )
    verdict.record_violation(Violation.UNMARKED, sends - marked, person)
    verdict.record_violation(
        Violation.GIVEN_UP, sum(commit.get("outcome") == "dead" for commit in commits), person
    )


def check_replies(script: PlannedConversation, heard: Sequence[str], verdict: StormResult) -> None:
    """Law L7: what a person heard, and what they must have heard."""
    expected = script.expected_replies
    verdict.counts["replies"] += len(expected)
    if tuple(heard) == expected:
        return
    missing = Counter(expected) - Counter(heard)
    extra = Counter(heard) - Counter(expected)
    verdict.record_violation(Violation.LOST, missing.total(), script.person)
    verdict.record_violation(Violation.DUPLICATED, extra.total(), script.person)
    verdict.record_violation(Violation.REORDERED, not missing and not extra, script.person)


def build_session_id(channel: str, account: str, ours: str, person: str) -> str:
    """The session of a person, as the channel names it."""
    return f"{channel}:{account}:{ours}:{person}"


async def delete_session(session: str, redis: Redis) -> None:
    """Remove what a judged session left, so that a long storm needs no more memory than a short one.

    What it has seen stays: a copy of a webhook may still be on its way.
    """
    await redis.delete(*(f"tg:{{{session}}}{part}" for part in ("", ":recent", ":log")))


def _without_duplicates(ids: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def _as_list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
