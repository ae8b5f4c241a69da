"""The judge finds each kind of breach where there is one, and none where there is none."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from gateway.redis.records.session_log import LogEntry
from gateway.storm.burst_invariant import count_violations
from gateway.storm.conversations import MessageGroup, PlannedConversation
from gateway.storm.invariants import FinishedConversation, check_conversation
from gateway.storm.provider import Recipient
from gateway.storm.result import StormResult, Violation

SCRIPT = PlannedConversation("+15550170", (MessageGroup(("x",), ("a",)), MessageGroup(("y",), ("b",))))
TALK = FinishedConversation("twilio:AC1:+15550100:+15550170", SCRIPT, ("X", "Y"))
WELL = ("accepted X", "committed X", "sending", "accepted Y", "committed Y", "sending")


def log(lines: tuple[str, ...]) -> list[LogEntry]:
    """Entries from words: what happened, and to which turns."""
    entries = []
    for number, line in enumerate(lines):
        kind, *turns = line.split()
        data = {"turn": turns[0]} if kind == "accepted" else {"turns": list(turns), "outcome": "moved"}
        entries.append(LogEntry(id=f"{number}-0", at_ms=number, kind=kind, data=data))
    return entries


def found(
    lines: tuple[str, ...] = WELL, heard: tuple[str, ...] = ("a", "b"), sends: int = 2
) -> dict[Violation, int]:
    verdict = StormResult(seed=1)
    check_conversation(TALK, log(lines), Recipient(received=list(heard), sends=sends), verdict)
    return dict(verdict.violations)


def test_a_conversation_that_went_well_breaks_no_law() -> None:
    assert found() == {}


@pytest.mark.parametrize(
    ("heard", "breach"),
    [
        (("a",), Violation.LOST),
        (("a", "a", "b"), Violation.DUPLICATED),
        (("b", "a"), Violation.REORDERED),
    ],
)
def test_lost_doubled_and_reordered_replies_are_told_apart(heard: tuple[str, ...], breach: Violation) -> None:
    assert found(heard=heard) == {breach: 1}


@pytest.mark.parametrize(
    ("lines", "breach"),
    [
        (tuple(line for line in WELL if not line.endswith("Y")), Violation.UNRECORDED),
        ((*WELL, "accepted Y"), Violation.DUPLICATE_TURN),
        ((*WELL, "committed Y"), Violation.DUPLICATE_COMMIT),
        (tuple(line for line in WELL if line != "committed Y"), Violation.UNCOMMITTED),
        (WELL[:-1], Violation.UNMARKED),
    ],
)
def test_what_the_log_tells_against_a_law_is_found(lines: tuple[str, ...], breach: Violation) -> None:
    assert breach in found(lines)


def test_turns_that_ran_in_another_order_are_found() -> None:
    lines = ("accepted X", "accepted Y", "committed Y", "sending", "committed X", "sending")

    assert found(lines) == {Violation.OUT_OF_ORDER: 1}


def burst(*entries: tuple[int, str, str]) -> list[LogEntry]:
    """Entries with their times in milliseconds."""
    made = []
    for at, kind, turns in entries:
        data: dict[str, JsonValue] = {"turn": turns, "text": turns.lower()}
        if kind == "committed":
            data = {"turns": list(turns), "outcome": "moved"}
        made.append(LogEntry(id=f"{at}-0", at_ms=at, kind=kind, data=data))
    return made


@pytest.mark.parametrize(
    ("entries", "wrong"),
    [
        ([(0, "accepted", "A"), (100, "accepted", "B"), (600, "claimed", "A"), (610, "committed", "AB")], 0),
        ([(0, "accepted", "A"), (100, "accepted", "B"), (300, "claimed", "A"), (310, "committed", "AB")], 1),
        ([(0, "accepted", "A"), (100, "accepted", "B"), (600, "claimed", "A"), (610, "committed", "A")], 1),
        ([(0, "accepted", "A"), (500, "claimed", "A"), (510, "accepted", "B"), (520, "committed", "A")], 0),
        ([(0, "accepted", "A"), (400, "accepted", "B"), (800, "accepted", "C"), (1000, "claimed", "A"),
          (1010, "committed", "ABC")], 0),
    ],
)  # fmt: skip
def test_a_burst_must_be_taken_whole_and_not_before_its_end(
    entries: list[tuple[int, str, str]], wrong: int
) -> None:
    assert count_violations(burst(*entries), 0.5, 1.0) == wrong


def test_without_a_burst_each_message_is_a_turn_of_its_own() -> None:
    lines = ("accepted X", "accepted Y", "committed X Y", "sending", "sending")

    assert found(lines) == {Violation.WRONG_GROUPING: 1}


def test_a_verdict_does_not_hold_when_a_law_is_broken_or_a_recovery_took_too_long() -> None:
    verdict = StormResult(seed=1)
    assert verdict.is_passing(10)
    verdict.record_wait(12.0, None)
    assert verdict.is_passing(10)
    verdict.record_wait(12.0, 11.0)
    assert not verdict.is_passing(10)
    assert verdict.is_passing(12)
    verdict.record_violation(Violation.LOST, 1)
    assert not verdict.is_passing(12)
