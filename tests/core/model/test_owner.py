"""Session ownership: hand-off to a desk, closing, and races with an agent (guarantee L10)."""

from __future__ import annotations

import asyncio
import random

import pytest
from redis.asyncio import Redis

from core.model import ControlAction, Message, Owner, Reply, SentMessage, next_owner
from core.processing.session_processor import ProcessResult
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.sessions.log.session_log import read_log, read_owner
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome
from tests.core.rig import SESSION, Rig
from tests.effort import example_count
from tests.fakes import FakeChannel


def enable_desk(rig: Rig) -> FakeChannel:
    rig.channel.capabilities = rig.channel.capabilities.model_copy(update={"desk": True})
    return rig.channel


async def test_the_desk_is_notified_after_the_farewell(rig: Rig) -> None:
    desk = enable_desk(rig)
    rig.dialog.hand_off_text = "a person please"
    await rig.accept_turns(1, text="a person please")

    assert await rig.process() is ProcessResult.EMPTY
    assert [(reply.act, reply.key) for reply in desk.sent_replies] == [
        ("say", "M1.1"),
        ("hand_off", "M1.hand_off"),
    ]
    assert await read_owner(rig.redis, SESSION) is Owner.WAITING


async def test_without_a_desk_no_hand_off_is_sent(rig: Rig) -> None:
    rig.dialog.hand_off_text = "a person please"
    await rig.accept_turns(1, text="a person please")
    await rig.process()

    assert [reply.act for reply in rig.channel.sent_replies] == ["say"]


async def test_a_hand_off_is_skipped_if_an_agent_has_taken_over(rig: Rig) -> None:
    desk = enable_desk(rig)
    rig.dialog.hand_off_text = "a person please"
    original = desk.send

    async def send(reply: Reply, http: object) -> SentMessage:
        sent = await original(reply, http)
        await rig.accept_action(ControlAction.TAKE_OVER)
        return sent

    desk.send = send  # type: ignore[method-assign]
    await rig.accept_turns(1, text="a person please")
    await rig.process()

    assert [reply.act for reply in desk.sent_replies] == ["say"]


async def test_a_message_reopens_a_closed_conversation(rig: Rig) -> None:
    await rig.accept_turns(1)
    await rig.accept_action(ControlAction.CLOSE)
    await rig.process()
    assert rig.channel.bodies == []
    await rig.accept_turns(2)
    await rig.process()

    assert rig.channel.bodies == ["1: text 2"]


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_the_bot_never_sends_after_a_take_over_in_many_races(redis: Redis) -> None:
    """Each race is a reply of several parts against an agent who takes over at a random moment.

    Sends started before the take-over may arrive after it; by the store's order none is started after it.
    """
    chance = random.Random(20261123)
    races = example_count(200, quick=25)
    lanes = await asyncio.gather(
        *(run_races(redis, chance.getrandbits(32), lane, races) for lane in range(20))
    )

    spoken = [count for lane in lanes for count in lane]
    assert len(spoken) == 20 * races
    assert set(spoken) == {0, 1, 2, 3}, "the take-over happened at every moment of a reply"


async def run_races(redis: Redis, seed: int, lane: int, count: int) -> list[int]:
    chance, rig = random.Random(seed), Rig(redis)
    spoken = [
        await run_race(rig, f"race-{lane}-{number}", chance.randrange(4), chance.randrange(30))
        for number in range(count)
    ]
    await rig.mailbox.aclose()
    return spoken


async def run_race(rig: Rig, session: str, sends: int, steps: int) -> int:
    """Return the number of started sends.

    An agent takes over after this many of them, and some steps of the event loop, from the message on.
    """
    before, started = len(rig.channel.sent_replies), asyncio.Semaphore(0)
    rig.channel.before_send = lambda reply: started.release()

    async def take_over() -> None:
        for _ in range(sends):
            await started.acquire()
        for _ in range(steps):
            await asyncio.sleep(0)
        await rig.accept_action(ControlAction.TAKE_OVER, session=session)

    await rig.accept_turns(1, text="one\ntwo\nthree", session=session)
    await asyncio.gather(rig.process(session), take_over())
    kinds = [entry.kind for entry in await read_log(rig.redis, session)]
    assert "sending" not in kinds[kinds.index("control") :]
    assert kinds.count("sending") == len(rig.channel.sent_replies) - before
    return kinds.count("sending")


async def test_an_agents_message_is_sent_while_the_bot_is_silent(rig: Rig, redis: Redis) -> None:
    outgoing = ProactiveSender(redis, {"fake": rig.channel}, ProtocolLimits())
    await rig.accept_turns(1)
    await rig.process()
    first = await outgoing.send(SESSION, "A1", Message(text="Grace here."), voice="person")
    assert first.outcome is SendOutcome.QUEUED
    await rig.accept_turns(2)
    await rig.process()

    assert await read_owner(redis, SESSION) is Owner.HUMAN
    assert rig.channel.bodies == ["1: text 1", "Grace here."]
    again = await outgoing.send(SESSION, "A1", Message(text="Grace here."), voice="person")
    assert again.outcome is SendOutcome.DUPLICATE


async def test_an_agents_message_cancels_unsent_replies(rig: Rig, redis: Redis) -> None:
    outgoing = ProactiveSender(redis, {"fake": rig.channel}, ProtocolLimits())
    original = rig.channel.send

    async def send(reply: Reply, http: object) -> SentMessage:
        if reply.voice == "bot":
            await outgoing.send(SESSION, "A1", Message(text="Grace here."), voice="person")
        return await original(reply, http)

    rig.channel.send = send  # type: ignore[method-assign]
    await rig.accept_turns(1, text="one\ntwo\nthree")
    await rig.process()

    assert rig.channel.bodies == ["1: one", "Grace here."]


async def test_without_a_desk_agent_inactivity_returns_the_session_to_the_bot(redis: Redis) -> None:
    rig = Rig(redis, protocol=ProtocolLimits(agent_timeout_ms=1))
    await rig.accept_action(ControlAction.TAKE_OVER)
    await asyncio.sleep(0.01)  # by the server's clock
    await rig.accept_turns(1)
    await rig.process()

    assert rig.channel.bodies == ["1: text 1"]
    assert await read_owner(redis, SESSION) is Owner.BOT
    await rig.mailbox.aclose()


async def test_a_returned_session_cancels_the_hand_off_timer(redis: Redis) -> None:
    rig = Rig(redis, protocol=ProtocolLimits(agent_timeout_ms=1))
    rig.dialog.hand_off_text, rig.dialog.timeout = "a person please", 600
    await rig.accept_turns(1, text="a person please")
    await rig.process()
    assert await redis.zscore("tg:due", SESSION) is not None
    rig.dialog.timeout = None
    await asyncio.sleep(0.01)  # by the server's clock
    await rig.accept_turns(2)
    await rig.process()

    assert rig.channel.bodies == ["1: a person please", "2: text 2"]
    assert await redis.zscore("tg:due", SESSION) is None
    await rig.mailbox.aclose()


async def test_with_a_desk_only_agents_give_back(redis: Redis) -> None:
    rig = Rig(redis, protocol=ProtocolLimits(agent_timeout_ms=1))
    rig.inbox = RedisInbox(redis, ProtocolLimits(agent_timeout_ms=1), desk_channels=["fake"])
    await rig.accept_action(ControlAction.TAKE_OVER)
    await asyncio.sleep(0.01)
    await rig.accept_turns(1)
    await rig.process()

    assert rig.channel.bodies == []
    await rig.mailbox.aclose()


async def test_waiting_sessions_are_listed_until_the_bot_resumes(rig: Rig, redis: Redis) -> None:
    rig.dialog.hand_off_text = "a person please"
    await rig.accept_turns(1, text="a person please")
    await rig.process()
    registry = SessionIndex(redis)

    assert [(row.session, row.owner) for row in await registry.list_awaiting_agent(10)] == [
        (SESSION, Owner.WAITING)
    ]
    await rig.accept_action(ControlAction.TAKE_OVER, "C1")
    assert [row.owner for row in await registry.list_awaiting_agent(10)] == [Owner.HUMAN]
    await rig.accept_action(ControlAction.HAND_OFF, "C2")
    assert [row.owner for row in await registry.list_awaiting_agent(10)] == [Owner.HUMAN]
    await rig.accept_action(ControlAction.GIVE_BACK, "C3")
    assert await registry.list_awaiting_agent(10) == []


@pytest.mark.parametrize("owner", Owner)
@pytest.mark.parametrize(
    "act", [ControlAction.HAND_OFF, ControlAction.TAKE_OVER, ControlAction.GIVE_BACK, ControlAction.CLOSE]
)
async def test_the_scripts_follow_the_state_machine(rig: Rig, owner: Owner, act: ControlAction) -> None:
    ways = {
        Owner.WAITING: ControlAction.HAND_OFF,
        Owner.HUMAN: ControlAction.TAKE_OVER,
        Owner.CLOSED: ControlAction.CLOSE,
    }
    if owner in ways:
        await rig.accept_action(ways[owner], "C1")
    await rig.accept_action(act, "C2")

    assert await read_owner(rig.redis, SESSION) is next_owner(owner, act)
