"""Failures reported by delivery statuses are handled like the same errors of the API (guarantee L14)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from core.model import Address, DeliveryStatus, FailureKind, Message, StatusChanged, TimerKind
from core.ports import State, TurnOutcome
from core.processing import ProcessingLimits
from core.processing.session_processor import ProcessResult
from gateway.redis import lua, rq_layout
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.processes.delivery_reports import (
    describe_failures,
    read_alarms,
    read_recent_counts,
)
from gateway.redis.records.sessions.dead_letters import DeadLetters, ReplayOutcome
from gateway.redis.records.sessions.log.session_log import read_log
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sweeper import Sweeper
from tests.core.rig import SESSION, Rig, list_letters

KEY = f"tg:{{{SESSION}}}"
SOON = ProtocolLimits(resend_ms=0)


@pytest.fixture
async def rig(redis: Redis) -> AsyncIterator[Rig]:
    made = Rig(redis, ProcessingLimits(max_delay=0.01), protocol=SOON)
    made.channel.capabilities = made.channel.capabilities.model_copy(update={"statuses": True})
    yield made
    await made.mailbox.aclose()


def build_failure(
    number: int, kind: FailureKind | None, code: str = "30034", pause: float = 0
) -> StatusChanged:
    """Report that the `number`-th accepted reply failed."""
    return StatusChanged(
        channel="fake",
        provider_id=f"P{number}",
        status=DeliveryStatus.FAILED,
        error_code=code,
        error_text="not delivered",
        failure=kind,
        retry_after=pause,
    )


async def answer_turn(rig: Rig) -> None:
    await rig.accept_turns(1)
    assert await rig.process() is ProcessResult.EMPTY


async def resend(rig: Rig) -> ProcessResult:
    await Sweeper(rig.redis, SOON).sweep()
    return await rig.process()


@pytest.mark.parametrize("kind", [FailureKind.PERMANENT, FailureKind.ACCOUNT, FailureKind.WINDOW, None])
async def test_a_reply_that_will_never_be_delivered_is_a_dead_letter_with_its_reason(
    rig: Rig, kind: FailureKind | None
) -> None:
    await answer_turn(rig)
    await rig.inbox.accept([build_failure(1, kind), build_failure(1, kind)])

    [letter] = await list_letters(rig.redis)
    assert (letter.reason, letter.text) == ("status 30034: not delivered", "1: text 1")
    assert await DeadLetters(rig.redis).replay(letter) is ReplayOutcome.REPLAYED
    await rig.process()
    assert rig.channel.bodies == ["1: text 1", "1: text 1"]


async def test_a_temporary_failure_is_sent_again_under_a_key_of_its_own(rig: Rig) -> None:
    await answer_turn(rig)
    await rig.inbox.accept([build_failure(1, FailureKind.TEMPORARY, "63018")])

    assert await resend(rig) is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1", "1: text 1"]
    assert [reply.key for reply in rig.channel.sent_replies] == ["M1.1", "M1.1~1"]
    assert await list_letters(rig.redis) == []


async def test_a_reply_is_sent_again_a_bounded_number_of_times(rig: Rig) -> None:
    await answer_turn(rig)
    for number in range(1, 6):
        await rig.inbox.accept([build_failure(number, FailureKind.TEMPORARY, "30008")])
        await resend(rig)

    assert [reply.key for reply in rig.channel.sent_replies] == ["M1.1", "M1.1~1", "M1.1~2", "M1.1~3"]
    [letter] = await list_letters(rig.redis)
    assert letter.reason == "gave up after 3 resends: status 30008: not delivered"


@pytest.mark.parametrize("late", [DeliveryStatus.DELIVERED, DeliveryStatus.READ])
async def test_a_reply_that_arrives_after_all_is_not_sent_again(rig: Rig, late: DeliveryStatus) -> None:
    await answer_turn(rig)
    failure = build_failure(1, FailureKind.TEMPORARY, "30008")
    arrived = StatusChanged(channel="fake", provider_id="P1", status=late)
    results = [await rig.inbox.accept([each]) for each in (failure, arrived, failure, arrived)]
    await resend(rig)

    assert [each for [each] in results] == ["new", "new", "stale", "stale"]
    assert rig.channel.bodies == ["1: text 1"]
    assert await list_letters(rig.redis) == []
    assert await rig.redis.exists("tg:resends", f"{KEY}:kept") == 0


@pytest.mark.parametrize("late", [DeliveryStatus.DELIVERED, DeliveryStatus.READ])
@pytest.mark.parametrize("kind", [FailureKind.TEMPORARY, FailureKind.PERMANENT])
async def test_neither_is_one_whose_statuses_come_before_the_answer_to_its_send(
    rig: Rig, kind: FailureKind, late: DeliveryStatus
) -> None:
    arrived = StatusChanged(channel="fake", provider_id="P1", status=late)
    await rig.inbox.accept([build_failure(1, kind, "30008"), arrived, build_failure(1, kind, "30008")])
    await answer_turn(rig)
    await resend(rig)

    assert rig.channel.bodies == ["1: text 1"]
    assert await list_letters(rig.redis) == []


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1), (3, 1, 2)])
@pytest.mark.parametrize("pauses", [(0, 0, 0), (600, 300, 60), (60, 300, 600)])
async def test_parts_of_one_message_are_sent_again_in_their_order(
    rig: Rig, order: tuple[int, ...], pauses: tuple[int, ...]
) -> None:
    await rig.accept_turns(1, text="a\nb\nc")
    await rig.process()
    for number in order:
        await rig.inbox.accept(
            [build_failure(number, FailureKind.TEMPORARY, "30003", pause=60 + pauses[number - 1])]
        )

    waiting: Any = await rig.redis.zrange("tg:resends", 0, -1)
    assert waiting == [b"tg:message:fake:P1", b"tg:message:fake:P2", b"tg:message:fake:P3"]
    await rig.redis.zadd("tg:resends", dict(zip(waiting, (1, 2, 3), strict=True)))  # their time has come
    await resend(rig)
    assert [reply.key for reply in rig.channel.sent_replies[3:]] == ["M1.1~1", "M1.2~1", "M1.3~1"]


async def test_a_part_does_not_wait_for_another_message_that_is_sent_again_later(rig: Rig) -> None:
    await rig.accept_turns(1, 2)
    while await rig.process() is not ProcessResult.EMPTY:
        pass
    await rig.inbox.accept([build_failure(1, FailureKind.TEMPORARY, "63018", pause=600)])
    await rig.inbox.accept([build_failure(2, FailureKind.TEMPORARY, "30003", pause=60)])

    assert await rig.redis.zrange("tg:resends", 0, 0) == [b"tg:message:fake:P2"]


async def test_a_resend_that_newer_replies_have_displaced_is_a_dead_letter(rig: Rig) -> None:
    await answer_turn(rig)
    await rig.inbox.accept([build_failure(1, FailureKind.TEMPORARY, "63018")])
    await rig.redis.delete(f"tg:{{{SESSION}}}:kept")
    await resend(rig)

    rows: Any = await rig.redis.xrange("tg:dead")
    assert [b"not kept long enough" in fields[b"letter"] for _, fields in rows] == [True]
    assert await rig.redis.zcard("tg:resends") == 0


async def test_a_resend_waits_as_long_as_the_code_needs_and_other_turns_do_not(rig: Rig) -> None:
    await answer_turn(rig)
    await rig.inbox.accept([build_failure(1, FailureKind.TEMPORARY, "63018", pause=600)])
    await resend(rig)
    assert rig.channel.bodies == ["1: text 1"]

    await rig.accept_turns(2)
    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1", "2: text 2"]
    await rig.redis.zadd("tg:resends", {"tg:message:fake:P1": 1})  # its time has come
    await resend(rig)
    assert rig.channel.bodies == ["1: text 1", "2: text 2", "1: text 1"]


async def test_a_reset_forgets_what_the_bot_would_send_again_but_not_an_agents_words(rig: Rig) -> None:
    await answer_turn(rig)
    sender = ProactiveSender(rig.redis, {"fake": rig.channel}, SOON)
    await sender.send(SESSION, "agent-1", Message(text="Grace here"), "person")
    await rig.process()
    await rig.inbox.accept([build_failure(number, FailureKind.TEMPORARY, "30008") for number in (1, 2)])

    await lua.load_script("reset", SOON)(rig.redis, [rq_layout.current_timestamp(), SESSION])
    await resend(rig)
    assert rig.channel.bodies == ["1: text 1", "Grace here", "Grace here"]
    assert await list_letters(rig.redis) == []


async def test_a_reply_that_would_be_too_old_is_not_sent_again(rig: Rig) -> None:
    await answer_turn(rig)
    await rig.inbox.accept([build_failure(1, FailureKind.TEMPORARY, "131049", pause=24 * 3600)])

    [letter] = await list_letters(rig.redis)
    assert letter.reason == "it would be too old to be sent again: status 131049: not delivered"


async def test_a_failure_reported_before_the_send_returned_is_sent_again_too(rig: Rig) -> None:
    await rig.accept_turns(1)
    await rig.inbox.accept([build_failure(1, FailureKind.TEMPORARY, "30001")])
    await rig.process()

    assert await resend(rig) is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1", "1: text 1"]


async def test_an_opt_out_reported_by_a_status_silences_the_bot(rig: Rig) -> None:
    await answer_turn(rig)
    await rig.inbox.accept([build_failure(1, FailureKind.OPTED_OUT, "21610")])
    await rig.accept_turns(2)
    await rig.process()

    assert rig.channel.bodies == ["1: text 1"]
    assert await list_letters(rig.redis) == []
    assert await rig.redis.ttl(KEY) == -1


async def test_failures_of_the_account_are_an_alarm(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(1, 21):
        await rig.accept_turns(number, session=f"s{number}")
        await rig.process(f"s{number}")
        await rig.inbox.accept([build_failure(number, FailureKind.ACCOUNT)])

    [alarm] = await read_alarms(rig.redis)
    assert (alarm.account, alarm.code, alarm.reason) == ("fake:A1", "30034", "not delivered")
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert describe_failures(await read_recent_counts(rig.redis)) == [
        (False, "fake: 20 of 20 messages failed in the last 24 hours (account 20)")
    ]
    assert await rig.redis.hget("tg:counts", "delivery:fake:failed:account") == b"20"


async def test_a_failure_of_the_account_is_an_alarm_also_after_its_session_has_expired(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    await answer_turn(rig)
    await rig.redis.delete(*[key async for key in rig.redis.scan_iter(f"{KEY}*")])
    await rig.inbox.accept([build_failure(1, FailureKind.ACCOUNT)])

    [alarm] = await read_alarms(rig.redis)
    assert (alarm.account, alarm.code) == ("fake:A1", "30034")
    assert [record.levelno for record in caplog.records].count(logging.ERROR) == 1
    assert [key async for key in rig.redis.scan_iter(f"{KEY}*")] == []
    assert await list_letters(rig.redis) == []


async def test_a_few_failures_among_many_deliveries_are_only_stated(rig: Rig) -> None:
    for number in range(1, 5):
        await rig.accept_turns(number)
        await rig.process()
        delivered = StatusChanged(channel="fake", provider_id=f"P{number}", status=DeliveryStatus.DELIVERED)
        await rig.inbox.accept(
            [build_failure(1, FailureKind.PERMANENT, "30005") if number == 1 else delivered]
        )

    assert describe_failures(await read_recent_counts(rig.redis)) == [
        (True, "fake: 1 of 4 messages failed in the last 24 hours (permanent 1)")
    ]


async def test_the_dialog_sees_why_a_reply_was_not_delivered(rig: Rig) -> None:
    seen: list[Any] = []

    async def handle_timeout(state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        seen.append((state or {}).get("undelivered"))
        return TurnOutcome(state=state or {})

    rig.dialog.handle_timeout = handle_timeout  # type: ignore[method-assign]
    await answer_turn(rig)
    await rig.inbox.accept([build_failure(1, FailureKind.WINDOW, "131047")])
    await rig.process()

    assert seen == ["window"]
    [commit] = [
        entry for entry in await read_log(rig.redis, SESSION) if entry.data.get("failure") == "window"
    ][-1:]
    assert commit.kind == "committed"


async def test_a_reply_is_kept_until_it_is_delivered_and_a_bounded_number_of_them(rig: Rig) -> None:
    limits = SOON
    for number in range(1, limits.kept_length + 6):
        await rig.accept_turns(number)
        await rig.process()
    assert await rig.redis.hlen(f"{KEY}:kept") == limits.kept_length
    assert 0 < await rig.redis.pttl(f"{KEY}:kept") <= limits.reply_ms

    last = f"P{limits.kept_length + 5}"
    await rig.inbox.accept([StatusChanged(channel="fake", provider_id=last, status=DeliveryStatus.DELIVERED)])
    assert await rig.redis.hlen(f"{KEY}:kept") == limits.kept_length - 1


async def test_an_erased_session_is_not_sent_anything_again(rig: Rig) -> None:
    await answer_turn(rig)
    await rig.inbox.accept([build_failure(1, FailureKind.TEMPORARY, "30003")])
    await ContactErasure(rig.redis).erase(SESSION, 0)
    await Sweeper(rig.redis, SOON).sweep()

    assert [key async for key in rig.redis.scan_iter(f"{KEY}*")] == []


async def test_an_opt_out_that_is_reported_when_the_session_has_expired_counts(rig: Rig) -> None:
    await answer_turn(rig)
    await rig.redis.delete(KEY, f"{KEY}:log", f"{KEY}:kept", f"{KEY}:seen")
    await rig.inbox.accept([build_failure(1, FailureKind.OPTED_OUT, "21610")])
    await answer_turn(rig)

    assert rig.channel.bodies == ["1: text 1"]
    assert await rig.redis.zrange("tg:optouts", 0, -1) == [SESSION.encode()]
