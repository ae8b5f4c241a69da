"""Session timers, and their race-free cancellation by the next message."""

from __future__ import annotations

import asyncio
import re
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from core.errors import Rejected, Unavailable
from core.model import (
    Address,
    ControlAction,
    DeliveryStatus,
    Message,
    Owner,
    Reply,
    SentMessage,
    StatusChanged,
    TimerKind,
)
from core.ports import State, TurnOutcome
from core.processing.retry_policy import ProcessingLimits
from core.processing.session_processor import ProcessResult
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.sessions.log.session_log import read_log, read_owner
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sweeper import Sweeper
from tests.core.rig import SESSION, Rig
from tests.fakes import EchoDialog

KEY = f"tg:{{{SESSION}}}"
QUEUE = "rq:queue:turns"


@pytest.fixture
async def rig(redis: Redis):  # type: ignore[no-untyped-def]
    made = Rig(redis)
    made.dialog.timeout = 600
    yield made
    await made.mailbox.aclose()


async def pass_time(rig: Rig, timer: str = "inactivity") -> None:
    """Let the timer expire and run the sweeper."""
    assert float(await rig.redis.zscore("tg:due", SESSION) or 0) > 1
    await cast("Any", rig.redis.hset(KEY, timer, 1))
    await rig.redis.zadd("tg:due", {SESSION: 1})
    await rig.redis.delete(QUEUE)
    assert await Sweeper(rig.redis).sweep() == 1


async def test_an_inactive_contact_is_reminded_once(rig: Rig) -> None:
    await rig.accept_turns(1)
    assert await rig.process() is ProcessResult.EMPTY
    await pass_time(rig)

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1", "are you there?"]
    assert await rig.redis.zscore("tg:due", SESSION) is None
    assert await rig.process() is ProcessResult.EMPTY
    assert len(rig.channel.bodies) == 2


async def test_a_contact_has_their_time_from_when_the_question_has_left(redis: Redis) -> None:
    rig = Rig(redis, ProcessingLimits(reply_seconds=1e12))
    rig.dialog.timeout = 600
    rig.channel.planned_failures = [(Unavailable("maintenance"), False)]
    await rig.accept_turns(1)
    assert await rig.process() is ProcessResult.POSTPONED
    await cast("Any", redis.hset(KEY, "inactivity", 1))
    [reply] = await cast("Any", redis.lrange(f"{KEY}:out", 0, 0))
    old = re.sub(rb'"committed_at_ms":[0-9]+', b'"committed_at_ms":1', reply)
    await cast("Any", redis.lset(f"{KEY}:out", 0, old.decode()))

    assert await rig.process_when_due() is ProcessResult.EMPTY

    seconds, _ = await redis.time()
    fires_at = int(await cast("Any", redis.hget(KEY, "inactivity")))
    assert fires_at / 1000 > seconds + 590
    assert rig.channel.bodies == ["1: text 1"]
    await rig.mailbox.aclose()


async def test_the_next_message_cancels_the_timer(rig: Rig) -> None:
    await rig.accept_turns(1)
    await rig.process()
    rig.dialog.timeout = None
    await rig.accept_turns(2)
    await rig.process()

    assert await rig.redis.zscore("tg:due", SESSION) is None
    assert await cast("Any", rig.redis.hget(KEY, "inactivity")) == b""


async def test_a_waiting_message_cancels_the_timer_too(rig: Rig) -> None:
    await rig.accept_turns(1)
    await rig.process()
    await pass_time(rig)
    rig.dialog.timeout = None
    await rig.accept_turns(2)

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1", "2: text 2"]


async def test_a_message_that_arrives_while_the_timer_runs_wins(rig: Rig) -> None:
    asking = rig

    class SlowDialog(EchoDialog):
        async def handle_timeout(
            self, state: State | None, address: Address, timer: TimerKind
        ) -> TurnOutcome:
            step = await super().handle_timeout(state, address, timer)
            await asking.accept_turns(2)
            return step

    rig.dialog = rig.processor._timers._dialog = rig.processor._answers._dialog = SlowDialog()
    rig.dialog.timeout = 600
    await rig.accept_turns(1)
    await rig.process()
    await pass_time(rig)
    rig.dialog.timeout = None

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.dialog.handled == ["M1", "timer", "M2"]
    assert rig.channel.bodies == ["1: text 1", "2: text 2"]


async def test_a_timer_survives_a_crash_and_is_dropped_if_it_kills_every_worker(rig: Rig) -> None:
    await rig.accept_turns(1)
    await rig.process()
    await pass_time(rig)
    for _ in range(5):
        assert await rig.mailbox.claim(SESSION)  # and the process is gone
        await cast("Any", rig.redis.hset(KEY, "lease", 1))

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.dialog.handled == ["M1"]
    assert await rig.redis.zscore("tg:due", SESSION) is None


async def test_a_failed_timer_is_not_retried(rig: Rig) -> None:
    await rig.accept_turns(1)
    await rig.process()
    await pass_time(rig)
    rig.dialog.planned_failures = [RuntimeError("model is down")]

    assert await rig.process() is ProcessResult.EMPTY
    rig.dialog.timeout = None
    await rig.accept_turns(2)
    assert await rig.process() is ProcessResult.EMPTY
    assert rig.channel.bodies == ["1: text 1", "2: text 2"]


async def test_a_hand_off_timeout_returns_the_session_to_the_bot_with_a_message(rig: Rig) -> None:
    rig.dialog.hand_off_text = "a person please"
    await rig.accept_turns(1, text="a person please")
    await rig.process()
    rig.dialog.timeout = None
    await rig.accept_turns(2)
    await rig.process()
    assert await read_owner(rig.redis, SESSION) is Owner.WAITING
    await pass_time(rig, "hand_off")

    assert await rig.process() is ProcessResult.EMPTY
    assert await read_owner(rig.redis, SESSION) is Owner.BOT
    await rig.accept_turns(3)
    await rig.process()
    assert rig.channel.bodies == ["1: a person please", "are you there?", "2: text 3"]


async def test_a_take_over_cancels_the_timer(rig: Rig) -> None:
    rig.dialog.hand_off_text = "a person please"
    await rig.accept_turns(1, text="a person please")
    await rig.process()
    await rig.accept_action(ControlAction.TAKE_OVER)

    await rig.redis.zadd("tg:due", {SESSION: 1})
    assert await Sweeper(rig.redis).sweep() == 0
    assert await rig.redis.zscore("tg:due", SESSION) is None


async def test_an_expired_conversation_restarts(redis: Redis) -> None:
    rig = Rig(redis, protocol=ProtocolLimits(expiry_ms=60_000))
    await rig.accept_turns(1)
    await rig.process()
    await rig.accept_turns(2)
    await rig.process()
    await cast("Any", redis.hset(KEY, "expires", 1))
    await rig.accept_turns(3)
    await rig.process()

    assert rig.channel.bodies == ["1: text 1", "2: text 2", "1: text 3"]
    assert "expired" in await rig.log_kinds()
    await rig.mailbox.aclose()


async def test_a_session_is_kept_until_its_timer_has_fired(redis: Redis) -> None:
    rig = Rig(redis, protocol=ProtocolLimits(retention_ms=86_400_000))
    rig.dialog.timeout = 10 * 86_400
    await rig.accept_turns(1)
    assert await rig.process() is ProcessResult.EMPTY

    assert await redis.pttl(KEY) > 10 * 86_400_000
    await rig.mailbox.aclose()


async def test_a_message_that_came_in_time_and_is_answered_late_continues_the_conversation(
    redis: Redis,
) -> None:
    rig = Rig(redis, protocol=ProtocolLimits(expiry_ms=60_000))
    await rig.accept_turns(1)
    await rig.process()
    await rig.accept_turns(2)
    await cast("Any", redis.zadd(f"{KEY}:seen", {"M2": 1}))
    await cast("Any", redis.hset(KEY, "expires", 2))
    await rig.process()

    assert rig.channel.bodies == ["1: text 1", "2: text 2"]
    assert "expired" not in await rig.log_kinds()
    await rig.mailbox.aclose()


async def test_a_racing_message_and_timer_are_never_both_answered(rig: Rig) -> None:
    rig.dialog.timeout = 600
    for number in range(1, 41):
        await rig.accept_turns(number)
        await rig.process()
        await pass_time(rig)
        before = len(rig.channel.bodies)
        await asyncio.gather(rig.process(), rig.accept_turns(100 + number))
        await rig.process()
        spoken = rig.channel.bodies[before:]

        assert spoken in (
            [f"{2 * number}: text {100 + number}"],
            ["are you there?", f"{2 * number}: text {100 + number}"],
        )


async def test_a_rejected_reply_is_reported_to_the_dialog_once(rig: Rig) -> None:
    rig.dialog.timeout, rig.dialog.answers_undelivered = None, True
    rig.channel.planned_failures = [(Rejected("no such number"), False)] * 2
    await rig.accept_turns(1)

    assert await rig.process() is ProcessResult.EMPTY
    assert rig.dialog.handled == ["M1", "timer"]
    assert rig.channel.bodies == []
    assert await rig.redis.zscore("tg:due", SESSION) is None


async def test_a_later_failed_status_is_reported_too(rig: Rig) -> None:
    rig.dialog.timeout, rig.dialog.answers_undelivered = None, True
    await rig.accept_turns(1)
    await rig.process()
    sent = [entry for entry in await read_log(rig.redis, SESSION) if entry.kind == "sent"]
    failed = StatusChanged(
        channel="fake", provider_id=str(sent[0].data["id"]), status=DeliveryStatus.FAILED, error_code="30005"
    )
    await rig.inbox.accept([failed, failed])
    assert await rig.process() is ProcessResult.EMPTY

    assert rig.channel.bodies == ["1: text 1", "did that reach you?"]


async def test_a_failed_status_before_the_send_returned_is_reported_too(rig: Rig) -> None:
    rig.dialog.timeout, rig.dialog.answers_undelivered = None, True
    original = rig.channel.send

    async def send(reply: Reply, http: object) -> SentMessage:
        sent = await original(reply, http)
        if len(rig.channel.sent_replies) == 1:
            await rig.inbox.accept(
                [StatusChanged(channel="fake", provider_id=sent.provider_id, status=DeliveryStatus.FAILED)]
            )
        return sent

    rig.channel.send = send  # type: ignore[method-assign]
    await rig.accept_turns(1)
    await rig.process()

    assert rig.channel.bodies == ["1: text 1", "did that reach you?"]


async def test_a_rejected_hand_off_returns_the_session_to_the_bot(rig: Rig) -> None:
    rig.channel.capabilities = rig.channel.capabilities.model_copy(update={"desk": True})
    rig.dialog.hand_off_text = "a person please"
    original = rig.channel.send

    async def send(reply: Reply, http: object) -> SentMessage:
        if reply.act == "hand_off":
            raise Rejected("there is no such group")
        return await original(reply, http)

    rig.channel.send = send  # type: ignore[method-assign]
    await rig.accept_turns(1, text="a person please")
    await rig.process()

    assert rig.channel.bodies == ["1: a person please", "are you there?"]
    assert await read_owner(rig.redis, SESSION) is Owner.BOT


async def test_a_failed_proactive_message_is_not_reported_to_the_dialog(rig: Rig) -> None:
    rig.dialog.timeout, rig.dialog.answers_undelivered = None, True
    await rig.accept_turns(1)
    await rig.process()
    outgoing = ProactiveSender(rig.redis, {"fake": rig.channel}, ProtocolLimits())
    rig.channel.planned_failures = [(Rejected("no such number"), False)]
    await outgoing.send(SESSION, "own-1", Message(text="Your parcel is here."))
    await rig.process()

    assert rig.dialog.handled == ["M1"]


async def test_a_late_failed_status_does_not_restore_an_erased_session(rig: Rig) -> None:
    rig.dialog.timeout = None
    await rig.accept_turns(1)
    await rig.process()
    [sent] = [entry for entry in await read_log(rig.redis, SESSION) if entry.kind == "sent"]
    await ContactErasure(rig.redis).erase(SESSION, 0)
    await rig.redis.delete(QUEUE)
    provider_id = str(sent.data["id"])
    await rig.inbox.accept(
        [StatusChanged(channel="fake", provider_id=provider_id, status=DeliveryStatus.FAILED)]
    )

    assert await rig.redis.exists(KEY) == 0
    assert await rig.redis.llen(QUEUE) == 0
