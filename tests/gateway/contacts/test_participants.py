"""Only the contact's own messages advance the dialog (L15), on every channel with shared conversations."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from channels.intercom import IntercomChannel
from channels.sunshine import SunshineChannel
from channels.zendesk import ZendeskChannel
from core.errors import ConfigurationError
from core.model import ControlReceived, Event, Owner, ParticipantPolicy
from flows.document import Flow
from flows.engine import DialogMachine
from flows.library import FLOW_LIBRARY
from gateway.bootstrap import find_participant_policies
from gateway.config.channel_config import ConfigFile
from gateway.config.settings import Settings
from gateway.redis.records.sessions.log.session_log import read_log, read_owner
from gateway.redis.records.sessions.session_index import SessionIndex
from tests.channels.intercom import builders as intercom
from tests.channels.sunshine import builders as sunshine
from tests.channels.zendesk import builders as zendesk
from tests.effort import example_count
from tests.gateway.environments.inbound import InboundGateway

TEXTS = ("hi", "4321", "23 April 1990", "yes", "no", "/start", "my card ends in 9999")
OTHER = {"zendesk": "8447000000099", "intercom": "ffffffffffffffffffffffff", "sunshine": "u2"}
START = 1_790_000_000


class Thread(Protocol):
    """A shared conversation: it builds the events of its webhooks, numbered in the order of their times."""

    name: str
    session: str

    def say(self, number: int, text: str, author: str = "") -> list[Event]: ...
    def agent(self, number: int) -> list[Event]: ...


class ZendeskThread:
    name, session = "zendesk", "zendesk:example:5158"

    def __init__(self) -> None:
        self._channel: ZendeskChannel = zendesk.build_channel()

    def _parse(self, event: dict[str, Any], number: int) -> list[Event]:
        event["time"] = f"2026-11-23T10:{number // 60:02}:{number % 60:02}Z"
        return self._channel.parse(zendesk.build_webhook(event))

    def say(self, number: int, text: str, author: str = "") -> list[Event]:
        made = zendesk.build_comment_event(text, author=author or zendesk.ADA, number=f"{1000 + number}")
        return self._parse(made, number)

    def agent(self, number: int) -> list[Event]:
        made = zendesk.build_comment_event("Hi", author=zendesk.AGENT, staff=True, number=f"{1000 + number}")
        return self._parse(made, number)


class IntercomThread:
    name, session = "intercom", f"intercom:{intercom.APP}:{intercom.CONVERSATION}"

    def __init__(self, **conversation: Any) -> None:
        self._channel: IntercomChannel = intercom.build_channel()
        self._conversation = conversation

    def _part(self, number: int, text: str, author: dict[str, Any]) -> dict[str, Any]:
        made = intercom.build_part(f"<p>{text}</p>", author)
        return {**made, "id": f"{37358000000 + number}", "created_at": START + number}

    def say(self, number: int, text: str, author: str = "") -> list[Event]:
        who = {"type": "user", "id": author, "name": "Eve"} if author else intercom.ADA
        item = intercom.build_conversation(self._part(number, text, who), **self._conversation)
        return self._channel.parse(intercom.build_webhook("conversation.user.replied", item, f"n{number}"))

    def agent(self, number: int) -> list[Event]:
        item = intercom.build_conversation(self._part(number, "Hi", intercom.PERSON), **self._conversation)
        return self._channel.parse(intercom.build_webhook("conversation.admin.replied", item, f"n{number}"))


class SunshineThread:
    name, session = "sunshine", f"sunshine:{sunshine.APP}:{sunshine.CONVERSATION}"

    def __init__(self) -> None:
        self._channel: SunshineChannel = sunshine.build_channel()

    def _parse(self, event: dict[str, Any], number: int) -> list[Event]:
        event["createdAt"] = f"2026-11-23T10:{number // 60:02}:{number % 60:02}.000Z"
        return self._channel.parse(sunshine.build_webhook(event))

    def say(self, number: int, text: str, author: str = "") -> list[Event]:
        made = sunshine.build_message_event({"type": "text", "text": text}, number=f"m{number}")
        if author:
            made["payload"]["message"]["author"] = {"type": "user", "userId": author, "displayName": "Eve"}
        return self._parse(made, number)

    def agent(self, number: int) -> list[Event]:
        message = {
            "id": f"m{number}",
            "author": {"type": "business"},
            "source": {"type": "zd:agentWorkspace"},
            "content": {"type": "text", "text": "Hi"},
        }
        return self._parse(
            sunshine.build_event("conversation:message", number=f"e{number}", message=message), number
        )


THREADS = {"zendesk": ZendeskThread, "intercom": IntercomThread, "sunshine": SunshineThread}


class Gateway(InboundGateway):
    """The gateway of these channels with the identity check of the library."""

    def __init__(self, redis: Redis, policy: ParticipantPolicy = ParticipantPolicy.IGNORE) -> None:
        dialog = DialogMachine(Flow.load(FLOW_LIBRARY / "kyc.json"), "rules")
        super().__init__(
            redis, list(THREADS), desk=True, dialog=dialog, participants=dict.fromkeys(THREADS, policy)
        )


class Step(NamedTuple):
    who: str
    text: str


steps = st.lists(
    st.one_of(
        st.builds(Step, st.just("contact"), st.sampled_from(TEXTS)),
        st.builds(Step, st.just("participant"), st.sampled_from(TEXTS)),
        st.builds(Step, st.just("repeat"), st.just("")),
        st.builds(Step, st.just("agent"), st.just("")),
        st.builds(Step, st.just("give_back"), st.just("")),
    ),
    max_size=10,
)


def build_events(thread: Thread, walk: list[Step]) -> list[tuple[str, list[Event]]]:
    """Return the events of each step's webhook, in order; the contact writes first."""
    built: list[tuple[str, list[Event]]] = []
    for number, step in enumerate([Step("contact", "hello"), *walk], start=1):
        match step.who:
            case "contact":
                built.append((step.who, thread.say(number, step.text)))
            case "participant":
                built.append((step.who, thread.say(number, step.text, OTHER[thread.name])))
            case "agent":
                built.append((step.who, thread.agent(number)))
            case "give_back":
                [act] = [event for event in thread.agent(number) if isinstance(event, ControlReceived)]
                given_back = act.model_copy(update={"id": f"{act.id}.back", "act": "give_back"})
                built.append((step.who, [given_back]))
            case _:
                built.append(built[-1])
    return built


async def hold_conversation(url: str, name: str, walk: list[Step], *, with_participant: bool) -> Any:
    """Return all that the contact's dialog is afterwards: state, owner, replies."""
    async with Redis.from_url(url) as redis:
        await redis.flushall()
        gateway, thread = Gateway(redis), THREADS[name]()
        for who, events in build_events(thread, walk):
            if who != "participant" or with_participant:
                await gateway.receive(events, thread.session)
        await gateway.mailbox.aclose()
        stored = await redis.hmget(f"tg:{{{thread.session}}}", "owner", "optout", "address", "contact")
        waiting = await redis.llen(f"tg:{{{thread.session}}}:mail")
        return await gateway.state(thread.session), stored, waiting, gateway.channel.bodies


@pytest.mark.long
@pytest.mark.parametrize("name", THREADS)
@settings(deadline=None, max_examples=example_count(60))
@given(walk=steps)
def test_a_participant_never_changes_the_contacts_dialog(redis_url: str, name: str, walk: list[Step]) -> None:
    alone = asyncio.run(hold_conversation(redis_url, name, walk, with_participant=False))
    together = asyncio.run(hold_conversation(redis_url, name, walk, with_participant=True))

    assert together == alone


@pytest.mark.parametrize("name", THREADS)
async def test_a_participant_does_not_pass_the_contacts_identity_check(redis: Redis, name: str) -> None:
    gateway, thread = Gateway(redis), THREADS[name]()
    for number, text in enumerate(("hi", "4321", "23 April 1990"), start=1):
        await gateway.receive(thread.say(number, text), thread.session)
    asked = await gateway.state(thread.session)

    await gateway.receive(thread.say(4, "yes", OTHER[name]), thread.session)

    assert await gateway.state(thread.session) == asked
    assert await read_owner(redis, thread.session) is Owner.BOT
    [entry] = [each for each in await read_log(redis, thread.session) if each.kind == "participant"]
    assert (entry.data["text"], entry.data["author_id"]) == ("yes", OTHER[name])
    assert await redis.hget("tg:counts", "participant:new") == b"1"

    await gateway.receive(thread.say(5, "yes"), thread.session)
    assert (await gateway.state(thread.session))["node"] == "verified"
    await gateway.mailbox.aclose()


@pytest.mark.long
@pytest.mark.parametrize("name", THREADS)
async def test_a_repeated_message_of_a_participant_is_recorded_once(redis: Redis, name: str) -> None:
    gateway, thread = Gateway(redis), THREADS[name]()
    await gateway.receive(thread.say(1, "hi"), thread.session)
    for _ in range(2):
        await gateway.receive(thread.say(2, "yes", OTHER[name]), thread.session)

    assert (await gateway.kinds(thread.session)).count("participant") == 1
    assert await SessionIndex(redis).find_by_message(_message_id(name, 2)) == thread.session
    await gateway.mailbox.aclose()


def _message_id(name: str, number: int) -> str:
    firsts = {"zendesk": f"{1000 + number}", "intercom": f"{37358000000 + number}"}
    return firsts.get(name, f"m{number}")


@pytest.mark.parametrize("name", THREADS)
async def test_a_participants_message_can_be_a_take_over(redis: Redis, name: str) -> None:
    gateway, thread = Gateway(redis, ParticipantPolicy.TAKE_OVER), THREADS[name]()
    await gateway.receive(thread.say(1, "hi"), thread.session)
    greeted = gateway.channel.bodies.copy()

    await gateway.receive(thread.say(2, "yes", OTHER[name]), thread.session)
    await gateway.receive(thread.say(3, "4321"), thread.session)

    assert await read_owner(redis, thread.session) is Owner.HUMAN
    assert gateway.channel.bodies == greeted
    await gateway.mailbox.aclose()


@pytest.mark.parametrize("name", ["intercom", "sunshine"])
async def test_a_participant_can_have_a_session_of_their_own(redis: Redis, name: str) -> None:
    gateway, thread = Gateway(redis, ParticipantPolicy.OWN_SESSION), THREADS[name]()
    own = f"{thread.session}:{OTHER[name]}"
    for number, text in enumerate(("hi", "4321"), start=1):
        await gateway.receive(thread.say(number, text), thread.session)
    contacts_state = await gateway.state(thread.session)

    await gateway.receive(thread.say(3, "hello", OTHER[name]), own)

    assert await gateway.state(thread.session) == contacts_state
    assert "slots" not in await gateway.state(own)
    answered = gateway.channel.bodies.copy()
    assert answered[0] in answered[1:]  # greeted like anybody else

    await gateway.receive(thread.agent(4), thread.session)  # who speaks in the thread speaks to all in it
    await gateway.receive(thread.say(5, "9999", OTHER[name]), own)
    assert await read_owner(redis, own) is Owner.HUMAN
    assert gateway.channel.bodies == answered
    await gateway.mailbox.aclose()


async def test_an_own_session_begins_with_the_agent_who_has_the_conversation(redis: Redis) -> None:
    gateway, thread = Gateway(redis, ParticipantPolicy.OWN_SESSION), SunshineThread()
    await gateway.receive(thread.say(1, "hi"), thread.session)
    await gateway.receive(thread.agent(2), thread.session)
    answered = gateway.channel.bodies.copy()

    await gateway.receive(thread.say(3, "hello", "u2"), f"{thread.session}:u2")

    assert await read_owner(redis, f"{thread.session}:u2") is Owner.HUMAN
    assert gateway.channel.bodies == answered
    await gateway.mailbox.aclose()


@pytest.mark.long
async def test_another_requester_of_a_ticket_does_not_inherit_the_dialog(redis: Redis) -> None:
    gateway, thread = Gateway(redis), ZendeskThread()
    for number, text in enumerate(("hi", "4321"), start=1):
        await gateway.receive(thread.say(number, text), thread.session)

    made = zendesk.build_comment_event(
        "Hello", author="8447000000077", number="2001", requester_id="8447000000077"
    )
    await gateway.receive(zendesk.build_channel().parse(zendesk.build_webhook(made)), thread.session)

    state = await gateway.state(thread.session)
    assert "slots" not in state
    bodies = gateway.channel.bodies
    assert bodies[0] in bodies[1:]
    await gateway.mailbox.aclose()


@pytest.mark.long
async def test_a_conversation_that_an_agent_began_belongs_to_its_first_author(redis: Redis) -> None:
    source = {"type": "conversation", "id": "3381000001", "body": "<p>Hi</p>", "author": intercom.PERSON}
    gateway, thread = Gateway(redis), IntercomThread(source=source)
    await gateway.receive(thread.say(1, "hi"), thread.session)
    greeted = await gateway.state(thread.session)
    await gateway.receive(thread.say(2, "4321", OTHER["intercom"]), thread.session)

    assert greeted is not None
    assert await gateway.state(thread.session) == greeted
    await gateway.mailbox.aclose()


def test_a_session_of_their_own_is_refused_where_replies_go_to_everybody() -> None:
    channels = {"zendesk": zendesk.build_channel()}
    settings = Settings.model_validate({"TURNGATE_PARTICIPANTS": "own_session"})

    message = "own_session is not possible on zendesk.*ignore or take_over"
    with pytest.raises(ConfigurationError, match=message):
        find_participant_policies(settings, ConfigFile(channels={}), channels)

    config = ConfigFile.model_validate(
        {"channels": {"zendesk": {"participants": "take_over"}, "intercom": {}}}
    )
    policies = find_participant_policies(settings, config, {**channels, "intercom": intercom.build_channel()})
    taken_over, own_session = ParticipantPolicy.TAKE_OVER, ParticipantPolicy.OWN_SESSION
    assert policies["zendesk"] is taken_over
    assert policies["intercom"] is own_session


async def test_users_that_were_merged_are_one_person(redis: Redis) -> None:
    gateway, thread = Gateway(redis), SunshineThread()
    await gateway.receive(thread.say(1, "hi"), thread.session)
    merged = {"surviving": {"id": "u2"}, "discarded": {"id": "u1"}}
    merge = {"id": "e9", "type": "user:merge", "payload": {"mergedUsers": merged}}
    await gateway.receive(sunshine.build_channel().parse(sunshine.build_webhook(merge)), thread.session)
    await gateway.receive(thread.say(2, "4321", "u2"), thread.session)

    assert (await gateway.state(thread.session))["slots"] == {"last_four": "4321"}
    await gateway.mailbox.aclose()
