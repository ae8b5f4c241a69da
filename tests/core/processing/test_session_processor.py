"""Session processor on the real protocol, with a provider and a dialog that fail on demand."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from core.errors import Rejected, Unavailable, Unknown
from core.model import ControlAction, FailureKind
from core.ports import ErrorMessages
from core.processing import SessionProcessor
from core.processing.retry_policy import ProcessingLimits
from core.processing.session_processor import ProcessResult
from gateway.redis.records.sessions.dead_letters import DeadLetters, ReplayOutcome
from gateway.redis.sweeper import Sweeper
from tests.core.rig import SESSION, Rig

SORRY = "Entschuldigung!"


@pytest.fixture
async def rig(redis: Redis):  # type: ignore[no-untyped-def]
    made = Rig(redis, ProcessingLimits(max_delay=0.01), error_messages=ErrorMessages(processing_failed=SORRY))
    yield made
    await made.mailbox.aclose()


async def test_turns_are_answered_in_order_and_the_session_is_released(rig: Rig) -> None:
    await rig.accept_turns(1, 2, 3)

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1", "2: text 2", "3: text 3"]
    assert await rig.redis.zcard("tg:due") == 0


async def test_a_session_leased_by_another_worker_is_skipped(rig: Rig) -> None:
    await rig.accept_turns(1)
    await rig.mailbox.claim(SESSION)

    assert await rig.process() is ProcessResult.HELD
    assert rig.dialog.handled == []


async def test_a_failed_dialog_is_retried_from_the_old_state(rig: Rig) -> None:
    rig.dialog.planned_failures = [RuntimeError("model is down")]
    await rig.accept_turns(1)

    assert await rig.process() is ProcessResult.POSTPONED
    assert await rig.process_when_due() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1"]


async def test_a_turn_that_always_fails_is_dead_lettered_with_one_apology_and_the_next_is_answered(
    rig: Rig,
) -> None:
    rig.dialog.planned_failures = [RuntimeError("poison")] * 5
    await rig.accept_turns(1, 2)
    for _ in range(5):
        assert await rig.process_when_due() is ProcessResult.POSTPONED

    assert await rig.process_when_due() is ProcessResult.EMPTY
    assert rig.channel.bodies == [SORRY, "1: text 2"]
    assert await rig.redis.xlen("tg:dead") == 1


async def test_a_turn_timeout_is_a_failure(redis: Redis) -> None:
    rig = Rig(redis, ProcessingLimits(turn_seconds=0.01, max_delay=0.01))
    waiting = asyncio.Event()

    async def never(turn: object, state: object) -> None:
        await waiting.wait()

    rig.dialog.answer = never  # type: ignore[method-assign, assignment]
    await rig.accept_turns(1)

    assert await rig.process() is ProcessResult.POSTPONED
    await rig.mailbox.aclose()


async def test_a_send_is_retried_without_running_the_dialog_again(rig: Rig) -> None:
    rig.channel.planned_failures = [(Unavailable("429", retry_after=0.01), False)]
    await rig.accept_turns(1)

    assert await rig.process() is ProcessResult.POSTPONED
    assert await rig.process_when_due() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1"]
    assert rig.dialog.handled == ["M1"]
    assert rig.channel.look_ups == 0


async def test_an_accepted_send_that_timed_out_is_looked_up_and_not_repeated(rig: Rig) -> None:
    rig.channel.planned_failures = [(Unknown("time-out"), True)]
    await rig.accept_turns(1)

    assert await rig.process() is ProcessResult.POSTPONED
    assert await rig.process_when_due() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1"]
    assert rig.channel.look_ups == 1


async def test_a_send_that_timed_out_unaccepted_is_repeated(rig: Rig) -> None:
    rig.channel.planned_failures = [(Unknown("time-out"), False)]
    await rig.accept_turns(1)
    await rig.process()

    assert await rig.process_when_due() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1"]


async def test_without_look_up_an_unknown_send_is_repeated_at_least_once(redis: Redis) -> None:
    rig = Rig(redis, ProcessingLimits(max_delay=0.01), look_up=False)
    rig.channel.planned_failures = [(Unknown("time-out"), True)]
    await rig.accept_turns(1)
    await rig.process()

    assert await rig.process_when_due() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1", "1: text 1"]
    await rig.mailbox.aclose()


async def test_a_rejected_reply_is_recorded_and_the_others_are_sent(rig: Rig) -> None:
    rig.channel.planned_failures = [(Rejected("bad number", code="21211"), False)]
    await rig.accept_turns(1, 2)

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["2: text 2"]
    assert "refused" in await rig.log_kinds()


async def test_an_opt_out_reported_by_the_provider_silences_later_turns(rig: Rig) -> None:
    rig.channel.planned_failures = [(Rejected("stop", code="21610", failure=FailureKind.OPTED_OUT), False)]
    await rig.accept_turns(1)
    await rig.process()
    await rig.accept_turns(2)

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.dialog.handled == ["M1", "timer"]  # the dialog learns it, and cannot speak


async def test_no_turn_is_answered_while_an_agent_owns_the_session(rig: Rig) -> None:
    await rig.accept_action(ControlAction.TAKE_OVER)
    await rig.accept_turns(1)

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.dialog.handled == []


async def test_a_take_over_between_two_parts_cancels_the_second(rig: Rig) -> None:
    taken_over = asyncio.Event()

    async def take_over_now() -> None:
        await rig.accept_action(ControlAction.TAKE_OVER)
        taken_over.set()

    original = rig.channel.send

    async def send(reply, http):  # type: ignore[no-untyped-def]
        sent = await original(reply, http)
        await take_over_now()
        return sent

    rig.channel.send = send  # type: ignore[method-assign]
    await rig.accept_turns(1, text="first\nsecond")

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: first"]
    assert taken_over.is_set()


async def test_the_farewell_is_sent_and_the_bot_is_silent_until_given_back(rig: Rig) -> None:
    rig.dialog.hand_off_text = "a person please"
    await rig.accept_turns(1, text="a person please")
    await rig.process()
    await rig.accept_turns(2)
    await rig.process()
    await rig.accept_action(ControlAction.GIVE_BACK)
    await rig.accept_turns(3)
    await rig.process()

    assert rig.channel.bodies == ["1: a person please", "2: text 3"]


async def test_a_long_mailbox_is_requeued_for_the_next_run(redis: Redis) -> None:
    rig = Rig(redis, ProcessingLimits(turns=2))
    await rig.accept_turns(1, 2, 3)

    assert await rig.process() is ProcessResult.REQUEUED
    assert rig.channel.bodies == ["1: text 1", "2: text 2"]
    assert await redis.llen("rq:queue:turns") == 2
    assert await rig.process() is ProcessResult.EMPTY
    await rig.mailbox.aclose()


async def test_a_worker_without_the_lease_neither_commits_nor_sends(rig: Rig) -> None:
    await rig.accept_turns(1)
    original = rig.dialog.answer

    async def slow(turn, state, *, listener=None):  # type: ignore[no-untyped-def]
        await rig.redis.hset(f"tg:{{{SESSION}}}", "lease", 1)  # the lease ran out meanwhile
        return await original(turn, state)

    rig.dialog.answer = slow  # type: ignore[method-assign]

    assert await rig.process() is ProcessResult.LEASE_LOST
    assert rig.channel.bodies == []
    assert await rig.redis.llen(f"tg:{{{SESSION}}}:mail") == 1


async def test_the_sweeper_finds_a_session_left_by_a_crashed_worker(rig: Rig) -> None:
    await rig.accept_turns(1)
    await rig.redis.lpop("rq:queue:turns")
    await rig.mailbox.claim(SESSION)  # and never heard of again
    await rig.redis.hset(f"tg:{{{SESSION}}}", "lease", 1)
    await rig.redis.zadd("tg:due", {SESSION: 1})

    assert await Sweeper(rig.redis).sweep() == 1
    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1"]


async def test_replies_and_turns_of_a_removed_channel_do_not_block_the_session(rig: Rig) -> None:
    rig.channel.planned_failures = [(Unavailable("503"), False)]
    await rig.accept_turns(1, 2)
    await rig.process()
    gone = SessionProcessor(
        mailbox=rig.mailbox, dialog=rig.dialog, channels={}, http=None, limits=ProcessingLimits(turn_tries=1)
    )
    endings = []
    for _ in range(3):
        await rig.redis.hdel(f"tg:{{{SESSION}}}", "hold")
        endings.append(await gone.run(SESSION))

    assert endings[-1] is ProcessResult.EMPTY
    assert await rig.redis.xlen("tg:dead") == 2  # the reply, and the turn


async def test_a_turn_that_kills_every_worker_is_dead_lettered(rig: Rig) -> None:
    await rig.accept_turns(1, 2)
    for _ in range(5):
        assert await rig.mailbox.claim(SESSION)  # and the process is gone
        await rig.redis.hset(f"tg:{{{SESSION}}}", "lease", 1)

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == [SORRY, "1: text 2"]
    assert await rig.redis.xlen("tg:dead") == 1


async def test_an_unreadable_turn_is_dead_lettered_and_the_session_continues(rig: Rig) -> None:
    await rig.accept_turns(1)
    await rig.redis.lset(f"tg:{{{SESSION}}}:mail", 0, '{"of": "another release"}')
    await rig.accept_turns(2)

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 2"]
    [letter] = [each async for each in DeadLetters(rig.redis).list_between()]
    assert letter.reason == "this release cannot read it"
    assert await DeadLetters(rig.redis).replay(letter) is ReplayOutcome.UNREADABLE


async def test_an_unreadable_reply_does_not_block_the_next(rig: Rig) -> None:
    rig.channel.planned_failures = [(Unavailable("503"), False)]
    await rig.accept_turns(1, text="one\ntwo")
    await rig.process()
    await rig.redis.lset(f"tg:{{{SESSION}}}:out", 0, "garbage")

    assert await rig.process_when_due() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["two"]
