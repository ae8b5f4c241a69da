"""Fallbacks of a reply whose service window has closed: a template, another channel, or the next message."""

from __future__ import annotations

from typing import Any

from core.errors import Rejected
from core.model import (
    DeliveryStatus,
    FailureKind,
    Message,
    StatusChanged,
)
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.sessions.log.message_timeline import MessageOutcome
from gateway.redis.records.sessions.log.session_log import read_log
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome
from tests.gateway.environments.inbound import InboundGateway
from tests.gateway.messages.service_window.environment import (
    META,
    SMS_ROUTE,
    TEMPLATE,
    WAITS,
    build_meta_message,
    close_window,
    count_dead_letters,
    read_outcome,
)


async def test_a_reply_whose_window_closes_while_it_waits_takes_its_template(
    gateway: InboundGateway,
) -> None:
    gateway.dialog.fallback = TEMPLATE
    gateway.channel.planned_failures = [(Rejected("down", failure=FailureKind.ACCOUNT), False)]
    await gateway.receive(build_meta_message(1, "first\nsecond\nthird"), META)
    await close_window(gateway)
    await gateway.process_when_due(META)
    [sent] = gateway.channel.sent_replies  # three parts, one template
    assert sent.template == TEMPLATE.template
    assert sent.key == "wamid.1.1~t1"
    assert await count_dead_letters(gateway) == 0


async def test_parts_that_a_template_covers_have_its_outcome(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1), META)
    await close_window(gateway)
    text = Message(text="first\nsecond", fallback=TEMPLATE)
    assert await gateway.send(META, "own-1", text) is SendOutcome.QUEUED
    await gateway.process_when_due(META)
    provider_id = f"P{len(gateway.channel.sent_replies)}"
    read = StatusChanged(channel="whatsapp", provider_id=provider_id, status=DeliveryStatus.READ)
    await gateway.inbox.accept([read])
    report = await ProactiveMessages(gateway.redis).read(META, "own-1")

    assert report is not None
    assert [(part.key, part.outcome) for part in report.parts] == [
        ("own-1.1", MessageOutcome.READ),
        ("own-1.2", MessageOutcome.READ),
    ]


async def test_a_reply_without_a_fallback_is_a_dead_letter_and_an_event_of_the_dialog(
    gateway: InboundGateway,
) -> None:
    gateway.dialog.answers_undelivered = True
    gateway.channel.planned_failures = [(Rejected("down", failure=FailureKind.ACCOUNT), False)]
    await gateway.receive(build_meta_message(1), META)
    await close_window(gateway)
    await gateway.process_when_due(META)
    assert gateway.channel.bodies == []
    assert gateway.dialog.handled == ["wamid.1", "timer"]
    committed = [e.data for e in await read_log(gateway.redis, META) if e.kind == "committed"]
    assert committed[-1]["failure"] == "window"
    assert await count_dead_letters(gateway) == 2  # the answer to the timer meets the same window


async def test_a_reply_goes_to_another_channel(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1), META)
    await close_window(gateway)
    message = Message(text="your parcel\nis here", fallback=SMS_ROUTE)
    assert await gateway.send(META, "own-1", message) is SendOutcome.QUEUED
    await gateway.processor.run(META)
    assert gateway.forwarder.forwarded == [
        ("own-1.1", "your parcel", SMS_ROUTE),
        ("own-1.2", "is here", SMS_ROUTE),
    ]
    assert await read_outcome(gateway, "own-1") is MessageOutcome.FORWARDED


async def test_a_way_that_is_impossible_gives_the_reply_up_with_the_reason(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1), META)
    await close_window(gateway)
    gateway.forwarder.problem = "no number of this contact is known"
    await gateway.send(META, "own-1", Message(text="hello", fallback=SMS_ROUTE))
    await gateway.processor.run(META)
    report = await ProactiveMessages(gateway.redis).read(META, "own-1")
    assert report is not None
    assert report.outcome is MessageOutcome.DEAD_LETTER
    assert "no number of this contact is known" in report.reason
    assert report.code == "window"


async def test_a_reply_waits_for_the_next_message_and_is_sent_before_its_answer(
    gateway: InboundGateway,
) -> None:
    await gateway.receive(build_meta_message(1), META)
    await close_window(gateway)
    await gateway.send(META, "own-1", Message(text="news", fallback=WAITS))
    await gateway.processor.run(META)
    assert await read_outcome(gateway, "own-1") is MessageOutcome.HELD
    assert gateway.channel.bodies == ["1: hello"]

    await gateway.receive(build_meta_message(2, "back"), META)
    assert gateway.channel.bodies == ["1: hello", "news", "2: back"]
    assert await read_outcome(gateway, "own-1") is MessageOutcome.SENT


async def test_a_reply_does_not_wait_for_a_message_that_came_meanwhile(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1), META)
    await close_window(gateway)
    await gateway.send(META, "own-1", Message(text="news", fallback=WAITS))
    claim = await gateway.mailbox.claim(META)
    assert claim is not None
    [news] = claim.view.outbox
    assert (await gateway.mailbox.mark_sending(claim.lease, news)).window_closed
    await gateway.inbox.accept(build_meta_message(2, "back"))  # and now the worker sets the reply aside

    await gateway.mailbox.hold(claim.lease, news, "the window is closed", known_closed=False)
    assert (await gateway.mailbox.read_session(claim.lease)).outbox == (news,)
    await gateway.mailbox.hold(claim.lease, news, "the provider says so", known_closed=True)
    assert (await gateway.mailbox.read_session(claim.lease)).outbox == ()


async def test_a_reset_forgets_what_waits_for_the_window(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1), META)
    await close_window(gateway)
    await gateway.send(META, "own-1", Message(text="news", fallback=WAITS))
    await gateway.processor.run(META)
    await ContactErasure(gateway.redis).erase(META, 0)
    assert await gateway.redis.exists(f"tg:{{{META}}}:held") == 0


async def test_a_template_has_the_quiet_hours_of_the_message_that_it_replaces(
    gateway: InboundGateway,
) -> None:
    await gateway.receive(build_meta_message(1), META)
    channels: Any = gateway.channels
    text = Message(text="Your doctor waits.", fallback=TEMPLATE)
    sender = ProactiveSender(gateway.redis, channels, ProtocolLimits())
    await sender.send(META, "own-1", text, category="utility")
    await close_window(gateway)
    await gateway.processor.run(META)

    assert gateway.channel.sent_replies[-1].template == TEMPLATE.template
    assert gateway.channel.sent_replies[-1].category == "utility"


async def test_a_message_whose_way_is_a_template_is_one_template_for_all_its_parts(
    gateway: InboundGateway,
) -> None:
    await gateway.receive(build_meta_message(1), META)
    await gateway.send(META, "own-1", Message(text="first\nsecond", route=TEMPLATE))
    await gateway.processor.run(META)

    assert [reply.key for reply in gateway.channel.sent_replies if reply.template] == ["own-1.1~t1"]


async def test_a_contact_who_opts_out_while_a_reply_waits_gets_no_template(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1), META)
    await close_window(gateway)
    await gateway.send(META, "own-1", Message(text="news", fallback=TEMPLATE))
    await gateway.redis.hset(f"tg:{{{META}}}", "optout", "1")
    await gateway.processor.run(META)
    assert gateway.channel.bodies == ["1: hello"]
    assert await read_outcome(gateway, "own-1") is MessageOutcome.REFUSED


async def test_of_too_many_replies_that_wait_the_oldest_is_a_dead_letter(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1), META)
    await close_window(gateway)
    for number in range(21):
        await gateway.send(META, f"own-{number}", Message(text=f"news {number}", fallback=WAITS))
    await gateway.processor.run(META)
    assert await read_outcome(gateway, "own-0") is MessageOutcome.DEAD_LETTER
    assert await read_outcome(gateway, "own-1") is MessageOutcome.HELD
    assert await count_dead_letters(gateway) == 1
