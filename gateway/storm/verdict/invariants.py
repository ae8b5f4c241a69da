"""Checks of the guarantees for one conversation: messages and replies against the session's log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from gateway.redis.records.sessions.log.session_log import LogEntry
from gateway.storm.conversations import (
    AGENT_TEXT,
    DEADLY_KEY,
    DEADLY_TEXT,
    OFFER_TEXT,
    WITHDRAWN_TEXT,
    PlannedConversation,
)
from gateway.storm.provider import Recipient
from gateway.storm.verdict.burst_invariant import count_violations
from gateway.storm.verdict.result import StormResult, Violation


@dataclass(frozen=True, slots=True)
class FinishedConversation:
    """A conversation that has ended: its session, its plan, and the ids of its acknowledged turns.

    Of an erased one only the turns after the erasure count; `erased_log` is its log before that.
    `uncancelled` are the scheduled messages whose cancellation came too late.
    """

    session: str
    plan: PlannedConversation
    turn_ids: Sequence[str]
    erased_log: Sequence[LogEntry] = ()
    uncancelled: int = 0


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
    contact, is_erased = conversation.plan.contact, conversation.plan.erased_at is not None
    check_log(conversation, log, 0 if is_erased else recipient.sends, result)
    check_leases(conversation, log, result)
    if conversation.plan.has_deadly:
        check_deadly(contact, log, recipient, result)
    if not is_erased:
        others = [body for body in recipient.received if body != WITHDRAWN_TEXT]
        withdrawn = abs(len(recipient.received) - len(others) - conversation.uncancelled)
        result.record_violation(Violation.WITHDRAWN_SENT, withdrawn, contact)
        check_replies(conversation.plan, others, result)
    result.counts["erasures"] += is_erased
    result.record_violation(Violation.WRONG_GROUPING, count_violations(log, window, cap), contact)
    result.counts["conversations"] += 1
    result.counts["sends"] += recipient.sends
    result.counts["silenced"] += recipient.is_silenced
    if not is_erased:  # a send in progress at the erasure may overlap the first one after it
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


def check_leases(conversation: FinishedConversation, log: Sequence[LogEntry], result: StormResult) -> None:
    """Check guarantees L5 and L10 by the session's log: who claimed, who settled, and who spoke."""
    contact = conversation.plan.contact
    kept = {entry.id for entry in conversation.erased_log} & {entry.id for entry in log}
    result.record_violation(Violation.ERASURE_UNDONE, bool(kept), contact)
    earlier = [entry for entry in conversation.erased_log if entry.id not in kept]
    fences = _claimed_fences([*earlier, *log])
    settled = Counter(str(entry.data["key"]) for entry in log if entry.kind == "sent")
    result.counts["claims"] += len(fences)
    result.record_violation(Violation.REPEATED_FENCE, len(fences) - len(set(fences)), contact)
    result.record_violation(Violation.SETTLED_TWICE, settled.total() - len(settled), contact)
    has_agent, spoken = False, 0
    for entry in log:
        has_agent = has_agent or (entry.kind == "said" and entry.data.get("voice") == "person")
        spoken += has_agent and entry.kind == "sending" and not str(entry.data["key"]).startswith("agent-")
    result.record_violation(Violation.SENT_WHILE_SILENCED, spoken, contact)


def check_deadly(contact: str, log: Sequence[LogEntry], recipient: Recipient, result: StormResult) -> None:
    """Check guarantee L9 for a reply that kills its worker: it is given up once, and never sent."""
    result.counts["deadly"] += 1
    given_up = sum(
        entry.kind == "refused" and entry.data["key"] == DEADLY_KEY and bool(entry.data.get("dead"))
        for entry in log
    )
    is_right = given_up == 1 and DEADLY_TEXT not in recipient.received
    result.record_violation(Violation.DEADLY_KEPT, not is_right, contact)


def _claimed_fences(log: Sequence[LogEntry]) -> list[str]:
    """Return the fencing tokens of the turns that were started, each once in a row."""
    fences = [str(entry.data["fence"]) for entry in log if entry.kind == "claimed"]
    return [fence for index, fence in enumerate(fences) if index == 0 or fences[index - 1] != fence]


def check_replies(plan: PlannedConversation, received: Sequence[str], result: StormResult) -> None:
    """Check guarantee L7: compare the replies that a contact received with the expected ones."""
    offers = sum(group.has_offer for group in plan.groups)
    result.counts["offers"] += offers
    result.record_violation(Violation.LOST, offers - received.count(OFFER_TEXT), plan.contact)
    result.record_violation(Violation.DUPLICATED, received.count(OFFER_TEXT) - offers, plan.contact)
    received = [body for body in received if body != OFFER_TEXT]
    expected = plan.expected_replies
    if plan.agent_at is not None:
        expected, received = _split_off_agent(plan, received, result)
    result.counts["replies"] += len(expected)
    if tuple(received) == expected:
        return
    missing = Counter(expected) - Counter(received)
    extra = Counter(received) - Counter(expected)
    result.record_violation(Violation.LOST, missing.total(), plan.contact)
    result.record_violation(Violation.DUPLICATED, extra.total(), plan.contact)
    result.record_violation(Violation.REORDERED, not missing and not extra, plan.contact)


def _split_off_agent(
    plan: PlannedConversation, received: Sequence[str], result: StormResult
) -> tuple[tuple[str, ...], list[str]]:
    """Check an agent's message, which must come once and last; return the expected and the received replies.

    Of the turn that they interrupt, some of the first replies may have left before.
    """
    count = received.count(AGENT_TEXT)
    result.counts["words"] += 1
    result.record_violation(Violation.WORDS_LOST, abs(count - 1), plan.contact)
    result.record_violation(
        Violation.SENT_WHILE_SILENCED, bool(count) and received[-1] != AGENT_TEXT, plan.contact
    )
    replies = [body for body in received if body != AGENT_TEXT]
    assert plan.agent_at is not None
    certain = sum(len(group.expected_replies) for group in plan.groups[: plan.agent_at])
    return plan.expected_replies[: max(certain, min(len(replies), len(plan.expected_replies)))], replies


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
