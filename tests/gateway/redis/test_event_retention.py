"""Events without work for a worker leave no keys without expiry, except the opt-out itself."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis

from core.model import Address, ControlAction, ControlReceived, ParticipantPolicy
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.sessions.agent_desk import AgentDesk
from gateway.redis.records.sessions.silenced_sessions import end_silence
from tests.channels.sunshine import builders as sunshine
from tests.fakes import ADDRESS
from tests.gateway.contacts.test_merged_conversations import MERGED, MergedThread, build_merge
from tests.gateway.contacts.test_participants import OTHER, THREADS, Gateway


async def list_lasting_keys(redis: Redis) -> list[str]:
    """Return the keys of sessions that never expire."""
    keys: list[Any] = await redis.keys("tg:{*")
    return [key.decode() for key in keys if await redis.ttl(key) == -1]


async def opt_out(redis: Redis, session: str, address: Address) -> None:
    act = ControlAction.OPT_OUT
    await RedisInbox(redis).accept([ControlReceived(id="c1", session=session, address=address, act=act)])


async def test_acts_of_agents_in_a_session_that_outlives_its_log(redis: Redis) -> None:
    await opt_out(redis, "fake:1", ADDRESS)
    await redis.hset("tg:{fake:1}", mapping={"address": ADDRESS.model_dump_json(), "silenced": "loop"})
    desk = AgentDesk(redis)

    for act in (
        lambda: desk.add_note("fake:1", "Grace", "called them"),
        lambda: desk.assign("fake:1", "Grace", "take"),
        lambda: end_silence(redis, "fake:1"),
    ):
        await redis.delete("tg:{fake:1}:log")  # it expires after 30 days
        await act()
        assert await redis.exists("tg:{fake:1}:log")
        assert await list_lasting_keys(redis) == ["tg:{fake:1}"]


async def test_an_opt_out_that_a_merge_moves_to_another_session(redis: Redis) -> None:
    thread = MergedThread(redis)
    ended, surviving = thread.sessions[MERGED], thread.sessions[sunshine.CONVERSATION]
    address = Address(channel="sunshine", account=sunshine.APP, ours=sunshine.APP, theirs=MERGED)
    await thread.say(1, "hi", MERGED, "u2")
    await thread.say(2, "hi", sunshine.CONVERSATION, "u1")
    await opt_out(redis, ended, address)
    before = await list_lasting_keys(redis)
    await thread.receive(build_merge())

    assert (before, await list_lasting_keys(redis)) == ([f"tg:{{{ended}}}"], [f"tg:{{{surviving}}}"])
    await thread.gateway.mailbox.aclose()


@pytest.mark.parametrize("name", ["intercom", "sunshine"])
async def test_an_expired_session_of_a_participant_stays_away(redis: Redis, name: str) -> None:
    gateway, thread = Gateway(redis, ParticipantPolicy.OWN_SESSION), THREADS[name]()
    own = f"{thread.session}:{OTHER[name]}"
    await gateway.receive(thread.say(1, "hi"), thread.session)
    await gateway.receive(thread.say(2, "hello", OTHER[name]), own)
    await redis.delete(f"tg:{{{own}}}")

    await gateway.receive(thread.say(3, "hi again"), thread.session)
    await gateway.receive(thread.agent(4), thread.session)

    assert await redis.exists(f"tg:{{{own}}}") == 0
    assert await list_lasting_keys(redis) == []
    await gateway.mailbox.aclose()
