"""Reminders of a flow: scheduled in the step that commits their turn, and cancelled by an answer."""

from __future__ import annotations

from typing import Any

import pytest

from core.model import (
    Activity,
    ActivityReceived,
    Address,
    ControlAction,
    Message,
    ParticipantMessage,
    TimerKind,
    Turn,
)
from core.ports import Reminder, State, TurnListener, TurnOutcome
from gateway.redis.lua import ProtocolLimits
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.schedule_releaser import ScheduleReleaser
from tests.core.rig import SESSION, Rig
from tests.fakes import build_turn

TEXT = "Your table is booked."


async def release_due(rig: Rig) -> None:
    channels: Any = {"fake": rig.channel}
    sender = ProactiveSender(rig.redis, channels, ProtocolLimits())
    members: list[Any] = await rig.redis.zrange("tg:schedule", 0, -1)
    for member in members:
        await rig.redis.zadd("tg:schedule", {member: 1})
    await ScheduleReleaser(rig.redis, sender).release_due()
    await rig.processor.run(SESSION)


async def run_turn_with_reminder(rig: Rig, **options: Any) -> None:
    """Answer a turn whose outcome has a reminder."""
    answer = rig.dialog.answer

    async def with_reminder(
        turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        outcome = await answer(turn, state, listener=listener)
        reminder = Reminder(node="booked", message=Message(text=TEXT), **{"seconds": 7200.0, **options})
        return outcome._replace(reminders=(reminder,) if turn.id == "M1" else ())

    rig.dialog.answer = with_reminder  # type: ignore[method-assign]
    await rig.accept_turns(1)
    await rig.processor.run(SESSION)


async def test_it_is_sent_when_it_is_due(rig: Rig) -> None:
    await run_turn_with_reminder(rig)
    rows: Any = await rig.redis.zrange("tg:schedule", 0, -1, withscores=True)
    seconds, _ = await rig.redis.time()
    assert 7_190 < rows[0][1] / 1000 - int(seconds) < 7_202
    assert TEXT not in rig.channel.bodies

    await release_due(rig)
    await release_due(rig)
    assert rig.channel.bodies.count(TEXT) == 1


@pytest.mark.parametrize(("cancels", "count"), [(True, 0), (False, 1)])
async def test_an_answer_cancels_it_if_it_is_to(rig: Rig, cancels: bool, count: int) -> None:
    await run_turn_with_reminder(rig, cancel_on_reply=cancels)
    await rig.accept_turns(2)
    await rig.processor.run(SESSION)
    await release_due(rig)

    assert rig.channel.bodies.count(TEXT) == count
    assert await rig.redis.zcard("tg:schedule") == 0


async def test_somebody_else_in_the_conversation_does_not_cancel_it(rig: Rig) -> None:
    await run_turn_with_reminder(rig, cancel_on_reply=True)
    other = ParticipantMessage(turn=build_turn(2), author="fake:cc")
    edited = ActivityReceived(id="E1", session=SESSION, activity=Activity.EDITED)
    await rig.inbox.accept([other, edited])
    await release_due(rig)

    assert rig.channel.bodies.count(TEXT) == 1


async def test_an_agents_words_cancel_it(rig: Rig) -> None:
    await run_turn_with_reminder(rig, cancel_on_reply=True)
    channels: Any = {"fake": rig.channel}
    await ProactiveSender(rig.redis, channels, ProtocolLimits()).send(
        SESSION, "agent-1", Message(text="I am here."), "person"
    )
    await rig.processor.run(SESSION)
    await rig.accept_action(ControlAction.GIVE_BACK)
    await release_due(rig)

    assert TEXT not in rig.channel.bodies


@pytest.mark.parametrize("answers", [False, True])
async def test_a_timer_schedules_one_too_unless_the_contact_writes(rig: Rig, answers: bool) -> None:
    rig.dialog.timeout = 600
    handle_timeout = rig.dialog.handle_timeout

    async def with_reminder(state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        if answers:
            await rig.accept_turns(2)
        reminder = Reminder(node="gave_up", message=Message(text=TEXT), seconds=7200.0)
        return (await handle_timeout(state, address, timer))._replace(reminders=(reminder,))

    rig.dialog.handle_timeout = with_reminder  # type: ignore[method-assign]
    await rig.accept_turns(1)
    await rig.processor.run(SESSION)
    for at in ("1",) if answers else ("1", "2"):  # each timer has its own
        stored: Any = rig.redis.hset(f"tg:{{{SESSION}}}", "inactivity", at)
        await stored
        await rig.processor.run(SESSION)
        await release_due(rig)

    assert rig.channel.bodies.count(TEXT) == (0 if answers else 2)


async def test_one_that_is_too_far_ahead_is_not_scheduled(rig: Rig) -> None:
    await run_turn_with_reminder(rig, seconds=400 * 86_400.0)

    assert await rig.redis.zcard("tg:schedule") == 0
    assert len(rig.channel.bodies) == 1
