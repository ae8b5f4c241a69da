"""An opt-out counts in all conversations of a contact in Intercom and Zendesk, and for first messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from core.model import Event, Message, OptOutScope
from core.ports import ErrorMessages
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.sending.first_contact import ContactAddress
from gateway.redis.sending.new_opt_outs import NewOptOuts
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome
from tests.channels.intercom import builders as intercom
from tests.channels.zendesk import builders as zendesk
from tests.gateway.environments.inbound import InboundGateway

USER, EMAIL = "6962aa01bb02cc03dd04ee05", "ada@shop.example"
ADA = {"type": "user", "id": USER, "name": "Ada", "email": EMAIL}
GRACE = {"type": "user", "id": "6962aa01bb02cc03dd04ee06", "name": "Grace", "email": "grace@shop.example"}
MESSAGES = ErrorMessages()


def build_intercom_message(
    conversation: int, number: int, text: str, author: dict[str, str] = ADA, **more: Any
) -> list[Event]:
    made = intercom.build_part(f"<p>{text}</p>", author, number)
    item = intercom.build_conversation(
        {**made, "id": f"{conversation}{number}"}, id=str(conversation), **more
    )
    item["source"]["author"] = more.get("starter", author)
    item["contacts"] = {"contacts": [{"id": each["id"]} for each in more.get("people", [author])]}
    return intercom.build_channel().parse(intercom.build_webhook("conversation.user.replied", item))


def build_ticket_message(ticket: int, number: int, text: str, requester: str = zendesk.ADA) -> list[Event]:
    event = zendesk.build_comment_event(
        text, author=requester, number=f"{ticket}{number}", id=str(ticket), requester_id=requester
    )
    event["time"] = f"2026-11-23T10:00:{number:02}.000Z"
    return zendesk.build_channel().parse(zendesk.build_webhook(event))


def name_intercom(conversation: int) -> str:
    return f"intercom:{intercom.APP}:{conversation}"


def name_ticket(ticket: int) -> str:
    return f"zendesk:example:{ticket}"


BUILDERS: dict[str, tuple[Callable[..., list[Event]], Callable[[int], str]]] = {
    "intercom": (build_intercom_message, name_intercom),
    "zendesk": (build_ticket_message, name_ticket),
}


@pytest.fixture
async def gateway(redis: Redis) -> AsyncIterator[InboundGateway]:
    made = InboundGateway(redis, ["intercom", "zendesk"], desk=True)
    yield made
    await made.mailbox.aclose()


def build_sender(redis: Redis) -> ProactiveSender:
    workspace = {"INTERCOM_WORKSPACE_ID": intercom.APP}
    channels: Any = {"intercom": intercom.build_channel(**workspace), "zendesk": zendesk.build_channel()}
    return ProactiveSender(redis, channels, ProtocolLimits())


async def start(redis: Redis, channel: str, to: str) -> SendOutcome:
    """Send a first message to a contact; return its outcome."""
    sender = build_sender(redis)
    contact = ContactAddress(channel=channel, to=to)
    previewed, _ = await sender.preview(contact, Message(text="offer"))
    receipt = await sender.send_to(contact, f"first-{to}", Message(text="offer"))
    assert previewed.outcome is receipt.outcome
    return receipt.outcome


@pytest.mark.parametrize("channel", BUILDERS)
async def test_it_counts_in_other_conversations(gateway: InboundGateway, channel: str) -> None:
    build, name = BUILDERS[channel]
    await gateway.receive(build(101, 1, "hello"), name(101))
    await gateway.receive(build(102, 2, "unsubscribe"), name(102))
    for conversation in (101, 103):
        await gateway.receive(build(conversation, 3, "hello again"), name(conversation))
        assert await gateway.send(name(conversation), "offer") is SendOutcome.OPTED_OUT

    assert gateway.channel.bodies == ["1: hello", MESSAGES.opted_out]


@pytest.mark.parametrize("channel", BUILDERS)
async def test_an_opt_in_counts_in_other_conversations_too(gateway: InboundGateway, channel: str) -> None:
    build, name = BUILDERS[channel]
    await gateway.receive(build(101, 1, "unsubscribe"), name(101))
    await gateway.receive(build(102, 2, "subscribe"), name(102))
    for conversation in (101, 102, 103):
        await gateway.receive(build(conversation, 3, "hello"), name(conversation))
        assert await gateway.send(name(conversation), "offer") is SendOutcome.QUEUED
    await gateway.receive(build(103, 4, "unsubscribe"), name(103))

    assert await gateway.send(name(101), "other") is SendOutcome.OPTED_OUT


@pytest.mark.parametrize("to", [USER, EMAIL, EMAIL.upper()])
async def test_no_first_message_is_sent_to_an_opted_out_user(gateway: InboundGateway, to: str) -> None:
    await gateway.receive(build_intercom_message(101, 1, "unsubscribe"), name_intercom(101))

    assert await start(gateway.redis, "intercom", to) is SendOutcome.OPTED_OUT
    assert await start(gateway.redis, "intercom", "somebody@shop.example") is SendOutcome.QUEUED


async def test_no_first_ticket_is_opened_for_an_opted_out_requester(gateway: InboundGateway) -> None:
    await gateway.receive(build_ticket_message(101, 1, "unsubscribe"), name_ticket(101))

    assert await start(gateway.redis, "zendesk", zendesk.ADA) is SendOutcome.OPTED_OUT
    assert await start(gateway.redis, "zendesk", zendesk.AGENT) is SendOutcome.QUEUED


async def test_it_survives_the_erasure_of_all_conversations(gateway: InboundGateway) -> None:
    await gateway.receive(build_intercom_message(101, 1, "unsubscribe"), name_intercom(101))
    receipt = await ContactErasure(gateway.redis).erase(EMAIL)
    left = [key async for key in gateway.redis.scan_iter("*") if USER.encode() in key or b"101" in key]
    await gateway.receive(build_intercom_message(102, 2, "hello"), name_intercom(102))

    assert (receipt.sessions, receipt.opt_outs_kept, left) == (1, 1, [])
    assert gateway.channel.bodies == [MESSAGES.opted_out]
    assert await start(gateway.redis, "intercom", EMAIL) is SendOutcome.OPTED_OUT


async def test_other_people_of_a_conversation_are_not_opted_out(gateway: InboundGateway) -> None:
    together = {"starter": ADA, "people": [ADA, GRACE]}
    await gateway.receive(build_intercom_message(101, 1, "hello", ADA, **together), name_intercom(101))
    await gateway.receive(build_intercom_message(101, 2, "me, too", GRACE, **together), name_intercom(101))
    await gateway.receive(build_intercom_message(101, 3, "unsubscribe", ADA, **together), name_intercom(101))
    await gateway.receive(build_intercom_message(102, 4, "hello", GRACE), name_intercom(102))

    assert gateway.channel.bodies == ["1: hello", MESSAGES.opted_out, "1: hello"]


async def test_the_next_requester_of_a_ticket_is_not_opted_out(gateway: InboundGateway) -> None:
    await gateway.receive(build_ticket_message(101, 1, "unsubscribe"), name_ticket(101))
    await gateway.receive(build_ticket_message(101, 2, "hello", zendesk.AGENT), name_ticket(101))
    await gateway.receive(build_ticket_message(102, 3, "hello", zendesk.ADA), name_ticket(102))

    assert gateway.channel.bodies == [MESSAGES.opted_out, "1: hello"]
    assert await gateway.send(name_ticket(101), "offer") is SendOutcome.QUEUED
    assert await start(gateway.redis, "zendesk", zendesk.ADA) is SendOutcome.OPTED_OUT
    assert await start(gateway.redis, "zendesk", zendesk.AGENT) is SendOutcome.QUEUED


@pytest.mark.parametrize(
    ("channel", "to"), [("intercom", EMAIL), ("intercom", USER), ("zendesk", zendesk.ADA)]
)
async def test_an_opt_out_by_address_counts_in_conversations_before_and_after_it(
    gateway: InboundGateway, channel: str, to: str
) -> None:
    build, name = BUILDERS[channel]
    await gateway.receive(build(101, 1, "hello"), name(101))
    opt_outs = NewOptOuts(build_sender(gateway.redis), gateway.inbox)
    await opt_outs.opt_out(ContactAddress(channel=channel, to=to), OptOutScope.ALL, actor="import")
    for conversation in (101, 102):
        await gateway.receive(build(conversation, 2, "hello again"), name(conversation))
        assert await gateway.send(name(conversation), "offer") is SendOutcome.OPTED_OUT
    assert await start(gateway.redis, channel, to) is SendOutcome.OPTED_OUT
    assert gateway.channel.bodies == ["1: hello"]

    await gateway.receive(build(102, 3, "subscribe"), name(102))
    assert await gateway.send(name(101), "other") is SendOutcome.QUEUED
    assert await start(gateway.redis, channel, to) is SendOutcome.QUEUED
