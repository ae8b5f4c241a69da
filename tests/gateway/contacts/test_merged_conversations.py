"""Conversations merged by Zendesk continue as one, with owner, opt-out and contact data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

from channels._kit.simulator import UserMessage, WebhookDelivery
from channels.sunshine.simulator.conversations import BOT_INTEGRATION
from channels.sunshine.simulator.server import SunshineSimulator
from core.errors import StorageUnavailable, Unavailable
from core.model import Address, ControlAction, ControlReceived, Event, Message
from core.ports import AcceptResult, Webhook
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.contacts.identities import IdentityResolver
from tests.channels.sunshine import builders as sunshine
from tests.gateway.contacts.test_participants import Gateway
from tests.gateway.environments.inbound import InboundGateway

MERGED = "69b43c860000"


def build_merge(number: str = "e9", at: str = "") -> dict[str, object]:
    """Return Zendesk's webhook: the conversation of user u1 was merged into that of u2."""
    payload = {
        "mergedUsers": {"surviving": {"id": "u2"}, "discarded": {"id": "u1"}},
        "mergedConversations": {"surviving": {"id": MERGED}, "discarded": {"id": sunshine.CONVERSATION}},
    }
    return {"id": number, "type": "user:merge", "payload": payload, **({"createdAt": at} if at else {})}


class MergedThread:
    """Two conversations of one person, before and after Zendesk merged them."""

    def __init__(self, redis: Redis) -> None:
        self.redis, self.gateway = redis, Gateway(redis)
        self.sessions = {
            conversation: f"sunshine:{sunshine.APP}:{conversation}"
            for conversation in (sunshine.CONVERSATION, MERGED)
        }

    async def receive(self, event: dict[str, object], *, runs: str = "") -> None:
        """Accept an event; then a worker processes the session of the conversation `runs`."""
        await self.gateway.inbox.accept(sunshine.build_channel().parse(sunshine.build_webhook(event)))
        if runs:
            await self.gateway.processor.run(self.sessions[runs])

    async def say(self, number: int, text: str, conversation: str, user: str, *, runs: str = "") -> None:
        author = {"type": "user", "userId": user, "displayName": "Ada"}
        at = f"2026-11-28T12:00:{number:02}.000Z"
        event = sunshine.build_message_event(
            {"type": "text", "text": text}, conversation_id=conversation, number=f"m{number}", author=author
        )
        await self.receive({**event, "createdAt": at}, runs=runs or conversation)

    async def field(self, conversation: str, name: str) -> str:
        stored: Any = await self.redis.hget(f"tg:{{{self.sessions[conversation]}}}", name)
        return (stored or b"").decode()


async def test_a_merged_conversation_continues_in_the_surviving_one(redis: Redis) -> None:
    thread = MergedThread(redis)
    await thread.say(1, "hi", sunshine.CONVERSATION, "u1")
    await thread.receive(build_merge())
    await thread.say(2, "4321", MERGED, "u2", runs=sunshine.CONVERSATION)

    assert (await thread.gateway.state(thread.sessions[sunshine.CONVERSATION]))["slots"] == {
        "last_four": "4321"
    }
    assert json.loads(await thread.field(sunshine.CONVERSATION, "address"))["theirs"] == MERGED
    assert thread.gateway.receivers[-1] == MERGED
    assert await redis.exists(f"tg:{{{thread.sessions[MERGED]}}}") == 0
    await thread.gateway.mailbox.aclose()


async def test_two_sessions_of_merged_conversations_are_one_with_its_agent_and_opt_out(redis: Redis) -> None:
    thread = MergedThread(redis)
    await thread.say(1, "hi", MERGED, "u2")
    held = thread.sessions[MERGED]
    await redis.hset(f"tg:{{{held}}}", mapping={"owner": "human", "optout": "1", "inactivity": "1"})
    await thread.say(2, "hi", sunshine.CONVERSATION, "u1")
    await thread.receive(build_merge())
    await thread.receive(build_merge())  # a redelivery
    await thread.say(3, "4321", MERGED, "u2", runs=sunshine.CONVERSATION)

    assert [await thread.field(sunshine.CONVERSATION, name) for name in ("owner", "optout")] == ["human", "1"]
    assert [await thread.field(MERGED, name) for name in ("owner", "optout", "inactivity")] == [
        "closed",
        "0",
        "",
    ]
    receipt = await ContactErasure(redis).erase("u2")
    assert receipt.is_complete
    assert await redis.keys("tg:{sunshine:*") == []
    await thread.gateway.mailbox.aclose()


async def test_an_agent_and_an_opt_out_count_also_where_the_contact_never_wrote(redis: Redis) -> None:
    thread = MergedThread(redis)
    for act in (ControlAction.TAKE_OVER, ControlAction.OPT_OUT):
        address = Address(channel="sunshine", account=sunshine.APP, ours=sunshine.APP, theirs=MERGED)
        event = ControlReceived(id=act, session=thread.sessions[MERGED], address=address, act=act)
        await thread.gateway.inbox.accept([event])
    await thread.say(1, "hi", sunshine.CONVERSATION, "u1")
    await thread.receive(build_merge())

    assert [await thread.field(sunshine.CONVERSATION, name) for name in ("owner", "optout")] == ["human", "1"]
    assert [await thread.field(MERGED, name) for name in ("owner", "optout")] == ["closed", "0"]
    await thread.gateway.mailbox.aclose()


class KilledInbox:
    """The inbox of a process that is killed after the contact's names were joined."""

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        raise StorageUnavailable("killed")


class SimulatedThreads:
    """Two conversations at the simulated Zendesk, which an agent merges."""

    def __init__(self, redis: Redis) -> None:
        self.redis, self.gateway, self.now = (
            redis,
            InboundGateway(redis, ["sunshine"], desk=True),
            1_796_000_000.0,
        )
        self.simulator = SunshineSimulator(
            app=sunshine.APP, key=("app_1", "key"), secret=sunshine.SECRET, webhook_url="", seed=7
        )
        self.channel = sunshine.build_channel(SUNSHINE_INTEGRATION_ID=BOT_INTEGRATION["integrationId"])
        self.sessions: set[str] = set()

    async def receive(self, deliveries: Sequence[WebhookDelivery], *, is_killed: bool = False) -> None:
        """Take webhooks; a killed process joins names and stores nothing else."""
        self.now += 5
        for each in deliveries:
            events = self.channel.parse(Webhook(each.method, "/webhooks/sunshine", each.headers, each.body))
            if is_killed:
                with pytest.raises(StorageUnavailable):
                    await IdentityResolver(self.redis, KilledInbox(), threaded=["sunshine"]).accept(events)
            else:
                await self.gateway.inbox.accept(events)

    async def say(self, person: str, text: str) -> None:
        message = UserMessage("sunshine", person, text)
        await self.receive(self.simulator.send_user_message(message, self.now)[1])
        self.sessions.add(f"sunshine:{sunshine.APP}:{self.simulator.get_desk_status(person).thread}")

    async def process(self) -> None:
        for session in sorted(self.sessions):
            await self.gateway.process_when_due(session)


@pytest.mark.parametrize("wrote_last", ["surviving", "discarded"])
@pytest.mark.parametrize("writes_meanwhile", [False, True])
async def test_a_merge_that_a_crash_interrupts_is_completed_and_loses_nothing(
    redis: Redis, wrote_last: str, writes_meanwhile: bool
) -> None:
    threads = SimulatedThreads(redis)
    for person in ("surviving", "discarded"):
        await threads.say(person, f"hi from {person}")
    threads.gateway.channel.planned_failures = [(Unavailable("down", retry_after=60), False)] * 2
    await threads.process()  # both answers wait
    await threads.say(wrote_last, "is it you?")  # waits to be answered
    merge = threads.simulator.run_agent_action("surviving", "merge", "discarded", threads.now)
    await threads.receive(merge, is_killed=True)
    if writes_meanwhile:
        await threads.say("surviving", "hello?")
    await threads.receive(merge)
    await threads.receive(merge)  # repeated once more
    await threads.say("discarded", "thanks")
    await threads.process()

    said = {body.partition(": ")[2] for body in threads.gateway.channel.bodies}
    expected = {"hi from surviving", "hi from discarded", "is it you?", "thanks"}
    assert said == expected | ({"hello?"} if writes_meanwhile else set())
    assert len(threads.gateway.channel.bodies) == len(said)
    surviving = threads.simulator.get_desk_status("surviving").thread
    assert set(threads.gateway.receivers) == {surviving}
    names = {await threads.gateway.inbox.find_session(each) for each in threads.sessions}
    assert len(names) == 1
    [session] = names
    outcome = await threads.gateway.send(session, "k", Message(text="one more"))
    assert str(outcome) == "queued"
    await threads.gateway.mailbox.aclose()


async def test_a_webhook_of_the_merged_conversation_that_is_repeated_is_answered_once(redis: Redis) -> None:
    thread = MergedThread(redis)
    await thread.say(1, "hi", MERGED, "u2")
    await thread.say(2, "hello", sunshine.CONVERSATION, "u1")
    await thread.receive(build_merge(), runs=sunshine.CONVERSATION)
    before = len(thread.gateway.receivers)
    await thread.say(1, "hi", MERGED, "u2", runs=sunshine.CONVERSATION)

    assert len(thread.gateway.receivers) == before
    await thread.gateway.mailbox.aclose()
