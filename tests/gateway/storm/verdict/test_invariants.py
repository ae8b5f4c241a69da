"""Checks of the chaos test: each kind of violation is found, and a correct conversation has none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import JsonValue

from gateway.redis.records.sessions.log.session_log import LogEntry
from gateway.storm.conversations import WITHDRAWN_TEXT, MessageGroup, PlannedConversation
from gateway.storm.provider import Recipient
from gateway.storm.verdict.burst_invariant import count_violations
from gateway.storm.verdict.invariants import FinishedConversation, check_conversation
from gateway.storm.verdict.result import StormResult, Violation

PLAN = PlannedConversation("+15550170", (MessageGroup(("x",), ("a",)), MessageGroup(("y",), ("b",))))
CONVERSATION = FinishedConversation("twilio:AC1:+15550100:+15550170", PLAN, ("X", "Y"))
CORRECT_LOG = ("accepted X", "committed X", "sending", "accepted Y", "committed Y", "sending")


def build_log(lines: tuple[str, ...]) -> list[LogEntry]:
    """Build log entries from lines such as `committed X Y`: the kind, then the turns."""
    entries = []
    for number, line in enumerate(lines):
        kind, *turns = line.split()
        data = {"turn": turns[0]} if kind == "accepted" else {"turns": list(turns), "outcome": "moved"}
        entries.append(LogEntry(id=f"{number}-0", at_ms=number, kind=kind, data=data))
    return entries


def find_violations(
    lines: tuple[str, ...] = CORRECT_LOG, received: tuple[str, ...] = ("a", "b"), sends: int = 2
) -> dict[Violation, int]:
    result = StormResult(seed=1)
    check_conversation(
        CONVERSATION, build_log(lines), Recipient(received=list(received), sends=sends), result
    )
    return dict(result.violations)


def test_a_correct_conversation_has_no_violations() -> None:
    assert find_violations() == {}


def test_an_erased_log_that_came_back_is_found() -> None:
    log, result = build_log(CORRECT_LOG), StormResult(seed=1)
    conversation = replace(CONVERSATION, erased_log=log[:2])
    check_conversation(conversation, log, Recipient(received=["a", "b"], sends=2), result)
    assert dict(result.violations) == {Violation.ERASURE_UNDONE: 1}


@pytest.mark.parametrize(
    ("received", "violation"),
    [
        (("a",), Violation.LOST),
        (("a", "a", "b"), Violation.DUPLICATED),
        (("b", "a"), Violation.REORDERED),
        (("a", WITHDRAWN_TEXT, "b"), Violation.WITHDRAWN_SENT),
    ],
)
def test_lost_duplicated_and_reordered_replies_are_distinguished(
    received: tuple[str, ...], violation: Violation
) -> None:
    assert find_violations(received=received) == {violation: 1}


@pytest.mark.parametrize(
    ("lines", "violation"),
    [
        (tuple(line for line in CORRECT_LOG if not line.endswith("Y")), Violation.UNRECORDED),
        ((*CORRECT_LOG, "accepted Y"), Violation.DUPLICATE_TURN),
        ((*CORRECT_LOG, "committed Y"), Violation.DUPLICATE_COMMIT),
        (tuple(line for line in CORRECT_LOG if line != "committed Y"), Violation.UNCOMMITTED),
        (CORRECT_LOG[:-1], Violation.UNMARKED),
    ],
)
def test_violations_visible_in_the_log_are_found(lines: tuple[str, ...], violation: Violation) -> None:
    assert violation in find_violations(lines)


def test_turns_processed_out_of_order_are_found() -> None:
    lines = ("accepted X", "accepted Y", "committed Y", "sending", "committed X", "sending")

    assert find_violations(lines) == {Violation.OUT_OF_ORDER: 1}


def build_timed_log(*entries: tuple[int, str, str]) -> list[LogEntry]:
    """Build log entries from (milliseconds, kind, turns)."""
    log = []
    for at, kind, turns in entries:
        data: dict[str, JsonValue] = {"turn": turns, "text": turns.lower()}
        if kind == "committed":
            data = {"turns": list(turns), "outcome": "moved"}
        log.append(LogEntry(id=f"{at}-0", at_ms=at, kind=kind, data=data))
    return log


@pytest.mark.parametrize(
    ("entries", "violations"),
    [
        ([(0, "accepted", "A"), (100, "accepted", "B"), (600, "claimed", "A"), (610, "committed", "AB")], 0),
        ([(0, "accepted", "A"), (100, "accepted", "B"), (300, "claimed", "A"), (310, "committed", "AB")], 1),
        ([(0, "accepted", "A"), (100, "accepted", "B"), (600, "claimed", "A"), (610, "committed", "A")], 1),
        ([(0, "accepted", "A"), (500, "claimed", "A"), (510, "accepted", "B"), (520, "committed", "A")], 0),
        ([(0, "accepted", "A"), (400, "accepted", "B"), (800, "accepted", "C"), (1000, "claimed", "A"),
          (1010, "committed", "ABC")], 0),
    ],
)  # fmt: skip
def test_a_burst_must_be_merged_completely_and_only_after_its_end(
    entries: list[tuple[int, str, str]], violations: int
) -> None:
    assert count_violations(build_timed_log(*entries), 0.5, 1.0) == violations


def test_without_a_burst_policy_merged_messages_are_a_violation() -> None:
    lines = ("accepted X", "accepted Y", "committed X Y", "sending", "sending")

    assert find_violations(lines) == {Violation.WRONG_GROUPING: 1}


def test_a_violation_or_a_slow_recovery_fails_the_run() -> None:
    result = StormResult(seed=1)
    assert result.is_passing(10)
    result.record_wait(12.0, None)
    assert result.is_passing(10)
    result.record_wait(12.0, 11.0)
    assert not result.is_passing(10)
    assert result.is_passing(12)
    result.record_violation(Violation.LOST, 1)
    assert not result.is_passing(12)
