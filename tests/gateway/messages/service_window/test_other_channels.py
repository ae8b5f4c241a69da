"""Replies that are sent on another channel, because the service window is closed."""

from __future__ import annotations

from typing import Any

import pytest

from core.model import (
    Address,
    Choice,
    ControlAction,
    ControlReceived,
    FailureKind,
    Message,
    Reply,
    Route,
)
from core.ports import TurnOutcome
from core.processing.replies import ReplyBuilder
from core.quiet_hours import QuietHours
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.sessions.log.message_timeline import MessageOutcome
from gateway.redis.sending.first_contact import ContactAddress
from gateway.redis.sending.forwarder import SessionForwarder
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.quiet_policy import QuietPolicy, QuietRule
from gateway.redis.sending.send_outcome import SendOutcome
from tests.channels.intercom import builders as intercom
from tests.channels.twilio.builders import ACCOUNT, build_channel
from tests.channels.whatsapp import builders as meta
from tests.gateway.environments.inbound import InboundGateway
from tests.gateway.messages.service_window.environment import (
    META,
    SMS_ROUTE,
    TEMPLATE,
    build_failure,
    build_meta_message,
    read_outcome,
)


async def test_a_text_to_a_contact_who_never_wrote_on_whatsapp_needs_a_template(
    gateway: InboundGateway,
) -> None:
    channels: Any = {"whatsapp": meta.build_channel()}
    sender = ProactiveSender(gateway.redis, channels, ProtocolLimits())
    contact = ContactAddress(channel="whatsapp", to=f"+{meta.PHONE}", sender=meta.OURS)
    text = await sender.send_to(contact, "own-1", Message(text="hello"))
    template = await sender.send_to(contact, "own-1", Message(text="", template=TEMPLATE.template))
    again = await sender.send_to(contact, "own-2", Message(text="hello"))
    outcomes = [each.outcome for each in (text, template, again)]
    assert outcomes == [SendOutcome.WINDOW, SendOutcome.QUEUED, SendOutcome.WINDOW]


async def test_a_reply_is_sent_by_sms_in_the_session_of_the_same_number(gateway: InboundGateway) -> None:
    sms_channels: Any = {"twilio": build_channel()}
    forwarder = SessionForwarder(
        gateway.redis, ProactiveSender(gateway.redis, sms_channels, ProtocolLimits())
    )
    await gateway.receive(build_meta_message(1), META)
    [sent] = gateway.channel.sent_replies
    route = Route(channel="twilio", sender="+12025550101")
    assert await forwarder.forward(META, sent, route) == ""
    assert await forwarder.forward(META, sent, route) == ""  # after a crash: once all the same
    session = f"twilio:{ACCOUNT}:+12025550101:+{meta.PHONE}"
    assert await gateway.redis.llen(f"tg:{{{session}}}:out") == 1

    problem = await forwarder.forward("intercom:123456789", sent, Route(channel="twilio", sender="+1"))
    assert problem
    ticket = Reply(
        key="k", body="x", address=Address(channel="intercom", account="A", ours="A", theirs="123456789")
    )
    assert "no number" in await forwarder.forward("intercom:A:123456789", ticket, route)


@pytest.mark.parametrize(
    ("bulk", "category", "scheduled"), [(True, "", 1), (True, "utility", 0), (False, "", 0)]
)
async def test_a_reply_on_another_channel_keeps_its_quiet_hours(
    gateway: InboundGateway, bulk: bool, category: str, scheduled: int
) -> None:
    sms_channels: Any = {"twilio": build_channel()}
    night = QuietPolicy(QuietRule(QuietHours.parse("marketing=00:00-23:59")), {}, ["twilio"])
    sender = ProactiveSender(gateway.redis, sms_channels, ProtocolLimits(), night)
    await gateway.receive(build_meta_message(1), META)
    reply = gateway.channel.sent_replies[0].model_copy(update={"bulk": bulk, "category": category})

    route = Route(channel="twilio", sender="+12025550101")
    assert await SessionForwarder(gateway.redis, sender).forward(META, reply, route) == ""
    assert await gateway.redis.zcard("tg:schedule") == scheduled


@pytest.mark.parametrize(
    ("channel", "to", "shown"),
    [
        ("twilio", f"+{meta.PHONE}", "Which *12* fits, see the page (https://shop.example/a)?"),
        ("intercom", "ada@example.com", "**Which** \\*12\\* fits, see [the page](https://shop.example/a)?"),
    ],
)
async def test_a_reply_on_another_channel_is_rendered_by_that_channel(
    gateway: InboundGateway, channel: str, to: str, shown: str
) -> None:
    channels: Any = {
        "twilio": build_channel(),
        "intercom": intercom.build_channel(INTERCOM_WORKSPACE_ID=intercom.APP),
        "whatsapp": meta.build_channel(),
    }
    forwarder = SessionForwarder(gateway.redis, ProactiveSender(gateway.redis, channels, ProtocolLimits()))
    route = Route(channel=channel, sender="+12025550101" if channel == "twilio" else "", to=to)
    labels = [f"The delivery on day {number} in the afternoon" for number in range(5)]
    message = Message(
        text="**Which** \\*12\\* fits, see [the page](https://shop.example/a)?" + " More." * 900,
        choices=tuple(Choice(label=each, payload=str(at)) for at, each in enumerate(labels)),
        fallback=route,
    )
    await gateway.receive(build_meta_message(1), META)
    address = gateway.channel.sent_replies[0].address
    outcome = TurnOutcome(state={}, messages=(Message(text="first"), message))
    first, *parts = ReplyBuilder(channels).build("t", address, outcome)
    assert first.original is None
    assert len(parts) > 1
    for part in parts:
        stored = Reply.model_validate_json(part.model_dump_json())
        assert await forwarder.forward(META, stored, route) == ""

    [outbox] = [key async for key in gateway.redis.scan_iter(f"tg:{{{channel}:*}}:out")]
    replies = [Reply.model_validate_json(each) for each in await gateway.redis.lrange(outbox, 0, -1)]
    text = "\n".join(each.body for each in replies)
    assert text.startswith(shown)
    assert text.count("More.") == 900
    assert [text.count(each) for each in labels] == [1] * 5


async def test_a_reply_that_comes_back_from_the_provider_passes_the_whole_gate(
    gateway: InboundGateway,
) -> None:
    """Guarantee L10: an agent took over before the status that says that the window is closed."""
    await gateway.receive(build_meta_message(1), META)
    await gateway.send(META, "own-1", Message(text="news", fallback=SMS_ROUTE))
    await gateway.processor.run(META)
    [*_, sent] = gateway.channel.sent_replies
    act = ControlReceived(id="c", session=META, address=sent.address, act=ControlAction.TAKE_OVER)
    await gateway.inbox.accept([act])
    await gateway.receive([build_failure("P2", FailureKind.WINDOW)], META)
    assert gateway.forwarder.forwarded == []
    assert await read_outcome(gateway, "own-1") is MessageOutcome.REFUSED
