"""Replayed replies are sent in their original order, before newer ones (guarantee L9)."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from core.errors import Rejected, Unknown
from core.model import ControlAction, DeliveryStatus, FailureKind, Message, Reply, StatusChanged
from core.ports import Commit
from core.processing import ProcessingLimits
from core.processing.session_processor import ProcessResult
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.sessions.dead_letters import DeadLetters, ReplayOutcome
from gateway.redis.sending.outbox import ProactiveSender
from tests.core.rig import SESSION, Rig
from tests.fakes import ADDRESS


async def queue_offer(rig: Rig) -> None:
    """Queue a newer reply."""
    sender = ProactiveSender(rig.redis, {"fake": rig.channel}, ProtocolLimits())
    await sender.send(SESSION, "own-1", Message(text="newer"), "bot")


async def test_a_replayed_reply_leaves_before_newer_ones(redis: Redis) -> None:
    rig = Rig(redis)
    rig.channel.planned_failures = [(Rejected("wrong number", code="21211"), False)]
    await rig.accept_turns(1)
    await rig.process()
    await queue_offer(rig)
    letters = DeadLetters(redis)
    [letter] = [each async for each in letters.list_between()]

    assert await letters.replay(letter) is ReplayOutcome.REPLAYED
    while await rig.process_when_due() is not ProcessResult.EMPTY:
        pass
    assert rig.channel.bodies == ["1: text 1", "newer"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_replayed_replies_leave_in_the_order_in_which_they_were_given_up(
    redis: Redis, order: tuple[int, ...]
) -> None:
    rig = Rig(redis)
    rig.channel.planned_failures = [(Rejected("wrong number", code="21211"), False)] * 3
    await rig.accept_turns(1, 2, 3)
    while await rig.process_when_due() is not ProcessResult.EMPTY:
        pass
    await queue_offer(rig)
    letters = DeadLetters(redis)
    given_up = [each async for each in letters.list_between()]

    for number in order:
        assert await letters.replay(given_up[number]) is ReplayOutcome.REPLAYED
    while await rig.process_when_due() is not ProcessResult.EMPTY:
        pass
    assert rig.channel.bodies == ["1: text 1", "2: text 2", "3: text 3", "newer"]


async def test_a_replayed_reply_leaves_behind_the_one_that_is_being_sent(redis: Redis) -> None:
    rig = Rig(redis)
    rig.channel.planned_failures = [
        *[(Rejected("wrong number", code="21211"), False)] * 2,
        (Unknown("timed out"), False),
    ]
    await rig.accept_turns(1, 2, 3)
    await rig.process()
    letters = DeadLetters(redis)

    for letter in [each async for each in letters.list_between()]:
        assert await letters.replay(letter) is ReplayOutcome.REPLAYED
    while await rig.process_when_due() is not ProcessResult.EMPTY:
        pass
    assert rig.channel.bodies == ["3: text 3", "1: text 1", "2: text 2"]


@pytest.mark.parametrize(
    ("forbid", "permit", "outcome"),
    [
        (ControlAction.TAKE_OVER, ControlAction.GIVE_BACK, ReplayOutcome.PERSON),
        (ControlAction.CLOSE, ControlAction.GIVE_BACK, ReplayOutcome.CLOSED),
        (ControlAction.OPT_OUT, ControlAction.OPT_IN, ReplayOutcome.OPTED_OUT),
    ],
)
async def test_a_reply_that_may_not_be_sent_stays_a_dead_letter(
    redis: Redis, forbid: ControlAction, permit: ControlAction, outcome: ReplayOutcome
) -> None:
    rig = Rig(redis)
    rig.channel.planned_failures = [(Rejected("wrong number", code="21211"), False)]
    await rig.accept_turns(1)
    await rig.process()
    letters = DeadLetters(redis)
    [letter] = [each async for each in letters.list_between()]

    await rig.accept_action(forbid, "C1")
    assert await letters.replay(letter) is outcome
    assert await letters.read(letter.id) == letter
    await rig.accept_action(permit, "C2")
    assert await letters.replay(letter) is ReplayOutcome.REPLAYED
    await rig.process_when_due()
    assert rig.channel.bodies == ["1: text 1"]


@pytest.mark.parametrize(
    ("forbid", "permit", "outcome"),
    [
        (ControlAction.HAND_OFF, ControlAction.GIVE_BACK, ReplayOutcome.PERSON),
        (ControlAction.TAKE_OVER, ControlAction.GIVE_BACK, ReplayOutcome.PERSON),
        (ControlAction.CLOSE, ControlAction.GIVE_BACK, ReplayOutcome.CLOSED),
        (ControlAction.OPT_OUT, ControlAction.OPT_IN, ReplayOutcome.OPTED_OUT),
    ],
)
async def test_a_message_that_may_not_be_answered_stays_a_dead_letter(
    redis: Redis, forbid: ControlAction, permit: ControlAction, outcome: ReplayOutcome
) -> None:
    rig = Rig(redis)
    rig.dialog.planned_failures = [RuntimeError("no answer")] * ProcessingLimits().turn_tries
    await rig.accept_turns(1)
    while await rig.process_when_due() is not ProcessResult.EMPTY:
        pass
    apologies = list(rig.channel.bodies)
    letters = DeadLetters(redis)
    [letter] = [each async for each in letters.list_between()]

    await rig.accept_action(forbid, "C1")
    assert await letters.replay(letter) is outcome
    assert await letters.read(letter.id) == letter
    await rig.accept_action(permit, "C2")
    assert await letters.replay(letter) is ReplayOutcome.REPLAYED
    await rig.process_when_due()
    assert rig.channel.bodies == [*apologies, "1: text 1"]


async def test_a_reply_that_the_provider_had_accepted_is_replayed_under_another_key(redis: Redis) -> None:
    rig = Rig(redis)
    rig.channel.capabilities = rig.channel.capabilities.model_copy(update={"statuses": True})
    await rig.accept_turns(1)
    await rig.process()
    letters = DeadLetters(redis)
    for number in (1, 2):
        failed = StatusChanged(
            channel="fake",
            provider_id=f"P{number}",
            status=DeliveryStatus.FAILED,
            failure=FailureKind.UNREACHABLE,
        )
        await rig.inbox.accept([failed])
        [letter] = [each async for each in letters.list_between()]
        assert await letters.replay(letter) is ReplayOutcome.REPLAYED
        await rig.process()

    assert [reply.key for reply in rig.channel.sent_replies] == ["M1.1", "M1.1~1", "M1.1~2"]


async def test_a_replay_checks_the_service_window_again(redis: Redis) -> None:
    rig = Rig(redis)
    await rig.accept_turns(1)
    claim = await rig.mailbox.claim(SESSION)
    assert claim is not None
    reply = Reply(key="M1.1", address=ADDRESS, body="hello", window_closed=True)
    lease = claim.lease
    await rig.mailbox.commit(lease, Commit(turns=claim.view.turns, replies=(reply,)))
    await rig.mailbox.record_rejected(lease, reply, "closed", code="131047", failure=FailureKind.WINDOW)
    await rig.mailbox.requeue(lease)
    letters = DeadLetters(redis)
    [letter] = [each async for each in letters.list_between()]

    assert await letters.replay(letter) is ReplayOutcome.REPLAYED
    await rig.process()
    assert rig.channel.bodies == ["hello"]
