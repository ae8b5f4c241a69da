"""Timeline of a message: repeated webhooks, waiting times, and decisions of the gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

from core.model import ControlAction, TurnReceived
from core.ports import AcceptResult
from core.processing import Concurrency
from core.processing.concurrency import ConcurrencyPolicy
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.sessions.log.derived_entries import add_derived
from gateway.redis.records.sessions.log.entry_words import describe_entry
from gateway.redis.records.sessions.log.session_log import LogEntry, read_log
from gateway.redis.records.sessions.session_report import explain
from tests.core.rig import SESSION, Rig
from tests.fakes import build_turn
from tests.gateway.console.console_client import open_console
from tests.gateway.console.conversations.conversation_pages import open_first


def build_entry(at_ms: int, kind: str, **data: Any) -> LogEntry:
    return LogEntry(id=f"{at_ms}-0", at_ms=at_ms, kind=kind, data=data)


def describe_entries(entries: Sequence[LogEntry], *kinds: str) -> list[str]:
    described = [describe_entry(each) for each in add_derived(entries, entries) if each.kind in kinds]
    return [f"{each.title}: {each.detail}" for each in described]


def describe_waits(*entries: LogEntry) -> list[str]:
    return describe_entries(entries, "waited")


async def test_repeated_webhooks_are_counted_in_the_timeline_and_bounded(redis: Redis) -> None:
    inbox = RedisInbox(redis)
    await inbox.accept([TurnReceived(turn=build_turn(1, SESSION))])
    for _ in range(120):
        assert await inbox.accept([TurnReceived(turn=build_turn(1, SESSION))]) == [AcceptResult.DUPLICATE]
    await inbox.accept([TurnReceived(turn=build_turn(2, SESSION))])
    await inbox.accept([TurnReceived(turn=build_turn(2, SESSION))])

    log = await read_log(redis, SESSION)
    told = [(each.data["turn"], each.data["number"]) for each in log if each.kind == "duplicate"]
    assert told == [*(("M1", number) for number in (1, 2, 3, 10, 100)), ("M2", 1)]
    [report] = await explain(redis, "M1", 50)
    assert [each.kind for each in report.entries] == ["accepted", *["duplicate"] * 5]
    assert describe_entry(report.entries[2]).detail == "the webhook was repeated 2 times"


async def test_a_repeated_webhook_of_an_erased_message_writes_nothing(redis: Redis) -> None:
    inbox = RedisInbox(redis)
    await inbox.accept([TurnReceived(turn=build_turn(1, SESSION))])
    await ContactErasure(redis).erase(SESSION, 0)
    await inbox.accept([TurnReceived(turn=build_turn(1, SESSION))])

    assert await redis.exists(f"tg:{{{SESSION}}}", f"tg:{{{SESSION}}}:log") == 0


async def test_a_repeated_webhook_brings_no_expired_session_back(redis: Redis) -> None:
    """Message IDs may be kept for longer than sessions."""
    inbox, keys = RedisInbox(redis), (f"tg:{{{SESSION}}}", f"tg:{{{SESSION}}}:log", f"tg:{{{SESSION}}}:mail")
    await inbox.accept([TurnReceived(turn=build_turn(1, SESSION))])
    await redis.delete(*keys)

    assert await inbox.accept([TurnReceived(turn=build_turn(1, SESSION))]) == [AcceptResult.DUPLICATE]
    assert await redis.exists(*keys) == 0


async def test_the_gate_and_the_repetition_are_lines_of_the_console_and_of_why(redis: Redis) -> None:
    rig = Rig(redis)
    await rig.accept_turns(1, text="hello")
    await rig.accept_turns(1, text="hello")
    await rig.process()
    async with open_console(redis) as http:
        _, page = await open_first(http)
    [report] = await explain(redis, "M1", 50)
    await rig.mailbox.aclose()

    for title in ("Received again: not processed twice", "Allowed by the gate", "Send began"):
        assert title in page.text
    assert [each.kind for each in report.entries] == [
        *("accepted", "duplicate", "claimed", "committed", "said", "gate", "sending", "sent")
    ]


async def test_what_the_gate_refuses_says_so(redis: Redis) -> None:
    rig = Rig(redis)
    await rig.accept_turns(1)
    await rig.process()
    await rig.accept_action(ControlAction.TAKE_OVER)
    await rig.accept_turns(2)
    await rig.process()
    log = await read_log(redis, SESSION)
    await rig.mailbox.aclose()

    assert describe_entries(log, "committed")[-1].startswith("Not answered: an agent has the conversation")
    refused = build_entry(1, "refused", key="k", reason="the person opted out", code="opted_out")
    assert describe_entry(refused).title == "Not sent: refused by the gate"
    rejected = build_entry(1, "refused", key="k", reason="twilio 21211", code="21211")
    assert describe_entry(rejected).title == "Not sent"


async def test_a_burst_waits_for_further_messages(redis: Redis) -> None:
    rig = Rig(redis, concurrency=Concurrency(policy=ConcurrencyPolicy.BURST, window=0.05, cap=1.0))
    await rig.accept_turns(1, 2, text="hello")
    while not rig.channel.sent_replies:  # the due index wakes the session when the window ends
        await rig.process()
    log = await read_log(redis, SESSION)
    await rig.mailbox.aclose()

    [waited] = describe_entries(log, "waited")
    assert waited.endswith("for further messages, to answer them together")


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        ([], []),
        ([build_entry(9_000, "claimed", turn="A")], ["Waited 8.0 s: for a worker"]),
    ],
)
def test_a_wait_without_a_reason_is_for_a_worker(between: list[LogEntry], expected: list[str]) -> None:
    assert describe_waits(build_entry(1_000, "accepted", turn="A"), *between) == expected


def test_waits_for_earlier_messages_and_retries_are_reported() -> None:
    accepted = build_entry(1_000, "accepted", turn="B")
    earlier = build_entry(1_200, "committed", turns=["A"])
    postponed = build_entry(2_000, "postponed", reason="rate limit", seconds=3)
    claimed = build_entry(5_000, "claimed", turn="B")

    assert describe_waits(accepted, earlier, claimed) == [
        "Waited 4.0 s: for an earlier message of the conversation"
    ]
    assert describe_waits(accepted, postponed, claimed) == ["Waited 4.0 s: for rate limit"]
    gathered = build_entry(1_300, "claimed", turn="B", gathered=True)
    assert describe_waits(accepted, gathered) == [
        "Waited 0.3 s: for further messages, to answer them together"
    ]
    again = build_entry(9_000, "claimed", turn="B")
    assert len(describe_waits(accepted, claimed, again)) == 1, "a retry has waited for something else"


def test_a_reply_waits_for_earlier_replies_or_the_pace() -> None:
    said = [build_entry(1_000, "said", key="A.1"), build_entry(1_001, "said", key="A.2")]
    first = [build_entry(1_100, "sending", key="A.1"), build_entry(3_000, "sent", key="A.1", id="P1")]
    second = build_entry(3_100, "sending", key="A.2")

    assert describe_waits(*said, *first, second) == ["Waited 2.1 s: for earlier replies of the conversation"]
    assert describe_waits(said[0], build_entry(4_000, "sending", key="A.1")) == [
        "Waited 3.0 s: for the rate limit of the account, or a free worker"
    ]
    postponed = build_entry(2_000, "postponed", reason="rate limit")
    assert describe_waits(said[0], postponed, build_entry(4_000, "sending", key="A.1")) == []


def test_the_time_of_a_scheduled_message_is_told_and_why_it_is_not_sent() -> None:
    due, quiet = (
        LogEntry(id="1-0", at_ms=1_000, kind="scheduled", data={"reason": reason, "at_ms": 1_796_112_000_000})
        for reason in ("", "quiet hours")
    )
    cancelled = build_entry(2_000, "unscheduled", key="k", reason="cancelled", code="cancelled")
    opted_out = build_entry(2_000, "unscheduled", key="k", reason="the contact opted out", code="cancelled")
    refused = build_entry(2_000, "unscheduled", key="k", reason="too far ahead, or too many", code="refused")

    assert describe_entries([due, quiet], "scheduled") == [
        "Scheduled for later: 2026-12-01 08:00 UTC",
        "Scheduled for later: 2026-12-01 08:00 UTC, quiet hours",
    ]
    assert describe_entries([cancelled, opted_out, refused], "unscheduled") == [
        "Cancelled before its time: ",
        "Cancelled before its time: the contact opted out",
        "Not scheduled: too far ahead, or too many",
    ]
