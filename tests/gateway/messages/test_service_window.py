"""Service window and fallbacks (L13): free text inside, the fallback outside, always an outcome."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from time import time
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from core.errors import Rejected
from core.model import (
    Address,
    Choice,
    ControlAction,
    ControlReceived,
    DeliveryStatus,
    Event,
    FailureKind,
    Message,
    Reply,
    Route,
    StatusChanged,
    Template,
)
from core.ports import TurnOutcome
from core.processing import AbuseLimits
from core.processing.replies import ReplyBuilder
from core.quiet_hours import QuietHours
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.sessions.log.message_timeline import MessageOutcome
from gateway.redis.records.sessions.log.session_log import read_log
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.redis.sending.first_contact import ContactAddress
from gateway.redis.sending.forwarder import SessionForwarder
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.quiet_policy import QuietPolicy, QuietRule
from gateway.redis.sending.send_outcome import SendOutcome
from tests.channels.intercom import builders as intercom
from tests.channels.twilio.builders import ACCOUNT, build_channel
from tests.channels.whatsapp import builders as meta
from tests.gateway.contacts.test_opt_outs import SMS, TWILIO_WHATSAPP, build_twilio_message
from tests.gateway.environments.inbound import InboundGateway, get_session

DAY = 24 * 3600
TEMPLATE = Route(template=Template(name="order_update", language="en_US", variables={"1": "Ada"}))
SMS_ROUTE = Route(channel="twilio", sender="+15550100")
WAITS = Route(waits=True)


def build_meta_message(number: int, text: str = "hello", age: float = 0) -> list[Event]:
    made = meta.build_message(value={"body": text}, id=f"wamid.{number}", timestamp=str(int(time() - age)))
    return meta.build_channel().parse(meta.build_webhook(meta.build_batch(meta.build_value(made))))


META = get_session(build_meta_message(0))


def build_failure(provider_id: str, failure: FailureKind, channel: str = "whatsapp") -> StatusChanged:
    return StatusChanged(
        channel=channel,
        provider_id=provider_id,
        status=DeliveryStatus.FAILED,
        error_code="131047",
        error_text="window",
        failure=failure,
    )


@pytest.fixture
async def gateway(redis: Redis) -> AsyncIterator[InboundGateway]:
    made = InboundGateway(redis, ["twilio", "whatsapp", "intercom"], has_windows=True)
    made.channel.capabilities = made.channel.capabilities.model_copy(
        update={
            "service_window": made.windows["whatsapp"],
            "templates": True,
            "statuses": True,
            "look_up": False,
        }
    )
    yield made
    await made.mailbox.aclose()


async def read_window(gateway: InboundGateway, session: str = META) -> int:
    stored: Any = await cast("Awaitable[Any]", gateway.redis.hget(f"tg:{{{session}}}", "window"))
    return int(stored or 0)


async def close_window(gateway: InboundGateway, session: str = META) -> None:
    """Let the service window end now."""
    await gateway.redis.hset(f"tg:{{{session}}}", "window", "1")


async def read_outcome(gateway: InboundGateway, key: str) -> MessageOutcome:
    report = await ProactiveMessages(gateway.redis).read(META, key)
    assert report is not None
    return report.outcome


async def count_dead_letters(gateway: InboundGateway) -> int:
    return int(await gateway.redis.xlen("tg:dead"))


async def test_the_window_counts_from_the_providers_time_of_the_message(gateway: InboundGateway) -> None:
    before = time()
    await gateway.receive(build_meta_message(1, age=3600), META)
    closes = await read_window(gateway, META) / 1000
    assert before + DAY - 3602 < closes < time() + DAY - 3599

    await gateway.receive(build_meta_message(2, age=7200), META)  # late: it does not shorten the window
    assert await read_window(gateway, META) / 1000 == closes


async def test_a_time_in_the_future_opens_no_longer_window(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1, age=-10 * DAY), META)
    closes = await read_window(gateway, META) / 1000
    assert closes <= time() + DAY


async def test_sms_has_no_window_and_whatsapp_at_twilio_has_one(gateway: InboundGateway) -> None:
    await gateway.receive(build_twilio_message(1, "hello"), SMS)
    await gateway.receive(build_twilio_message(2, "hello", "whatsapp:"), TWILIO_WHATSAPP)
    assert await read_window(gateway, SMS) == 0
    assert await read_window(gateway, TWILIO_WHATSAPP)


async def receive_window_end(gateway: InboundGateway, until: int) -> None:
    conversation = {
        "id": "c",
        "origin": {"type": "referral_conversion"},
        "expiration_timestamp": str(until),
    }
    status = meta.build_status(id="P1", status="sent", conversation=conversation)
    events = meta.build_channel().parse(
        meta.build_webhook(meta.build_batch(meta.build_value(statuses=[status])))
    )
    await gateway.inbox.accept(events)


async def test_an_ads_conversation_has_the_window_that_the_provider_states(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1), META)
    until = int(time()) + 3 * DAY
    await receive_window_end(gateway, until)
    assert await read_window(gateway, META) == until * 1000


async def test_a_window_is_not_open_for_years_by_a_wrong_clock(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1), META)
    await receive_window_end(gateway, 4_070_908_800)
    assert await read_window(gateway, META) / 1000 <= time() + 7 * DAY


async def test_a_proactive_text_is_refused_outside_the_window_and_does_not_use_its_key(
    gateway: InboundGateway,
) -> None:
    await gateway.receive(build_meta_message(1), META)
    await close_window(gateway)
    assert await gateway.send(META, "own-1") is SendOutcome.WINDOW
    assert await read_outcome(gateway, "own-1") is MessageOutcome.REFUSED

    await gateway.receive(build_meta_message(2), META)
    assert await gateway.send(META, "own-1") is SendOutcome.QUEUED


async def test_a_template_is_sent_outside_the_window(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1), META)
    await close_window(gateway)
    message = Message(text="news", template=TEMPLATE.template)
    assert await gateway.send(META, "own-1", message) is SendOutcome.QUEUED
    await gateway.processor.run(META)
    assert gateway.channel.sent_replies[-1].template == TEMPLATE.template


async def test_an_agents_text_is_refused_outside_the_window(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1), META)
    await close_window(gateway)
    channels: Any = gateway.channels
    sender = ProactiveSender(gateway.redis, channels, ProtocolLimits())
    receipt = await sender.send(META, "agent-1", Message(text="hello"), "person")
    assert receipt.outcome is SendOutcome.WINDOW


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
    await SessionIndex(gateway.redis).erase(META)
    assert await gateway.redis.exists(f"tg:{{{META}}}:held") == 0


@pytest.mark.parametrize("route", [TEMPLATE, SMS_ROUTE, WAITS], ids=str)
async def test_a_window_that_only_a_status_reports_leads_to_the_fallback(
    gateway: InboundGateway, route: Route
) -> None:
    await gateway.receive(build_meta_message(1), META)
    await gateway.send(META, "own-1", Message(text="news", fallback=route))
    await gateway.processor.run(META)
    provider_id = f"P{len(gateway.channel.sent_replies)}"
    await gateway.receive([build_failure(provider_id, FailureKind.WINDOW)], META)

    assert await count_dead_letters(gateway) == 0
    if route is TEMPLATE:
        assert gateway.channel.sent_replies[-1].template == TEMPLATE.template
    elif route is SMS_ROUTE:
        assert [body for _, body, _ in gateway.forwarder.forwarded] == ["news"]
    else:
        await gateway.receive(build_meta_message(2, "back"), META)
        assert gateway.channel.bodies[-2:] == ["news", "2: back"]


async def test_parts_that_learn_one_by_one_of_the_closed_window_get_one_template(
    gateway: InboundGateway,
) -> None:
    await gateway.receive(build_meta_message(1), META)
    await gateway.send(META, "own-1", Message(text="first\nsecond\nthird", fallback=TEMPLATE))
    await gateway.processor.run(META)
    for provider_id in ("P3", "P2", "P4"):
        await gateway.receive([build_failure(provider_id, FailureKind.WINDOW)], META)

    assert [reply.key for reply in gateway.channel.sent_replies if reply.template] == ["own-1.2~1~t1"]
    report = await ProactiveMessages(gateway.redis).read(META, "own-1")
    assert report is not None
    assert {part.outcome for part in report.parts} == {MessageOutcome.SENT}
    assert await count_dead_letters(gateway) == 0

    await gateway.send(META, "own-2", Message(text="other news", fallback=TEMPLATE))
    await gateway.processor.run(META)
    await gateway.receive([build_failure("P6", FailureKind.WINDOW)], META)
    assert gateway.channel.sent_replies[-1].key == "own-2~1~t1"  # another message has its own


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


async def test_a_window_that_the_answer_reports_leads_to_the_fallback(gateway: InboundGateway) -> None:
    gateway.dialog.fallback = TEMPLATE
    gateway.channel.planned_failures = [
        (Rejected("outside", code="131047", failure=FailureKind.WINDOW), False)
    ]
    await gateway.receive(build_meta_message(1), META)
    [sent] = gateway.channel.sent_replies
    assert sent.template == TEMPLATE.template


async def test_a_template_that_is_refused_for_the_window_is_not_repeated(gateway: InboundGateway) -> None:
    gateway.dialog.fallback = TEMPLATE
    window = Rejected("outside", code="131047", failure=FailureKind.WINDOW)
    gateway.channel.planned_failures = [(window, False), (window, False)]
    await gateway.receive(build_meta_message(1), META)
    assert gateway.channel.sent_replies == []
    assert await count_dead_letters(gateway) == 1


async def test_a_contact_who_opts_out_while_a_reply_waits_gets_no_template(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1), META)
    await close_window(gateway)
    await gateway.send(META, "own-1", Message(text="news", fallback=TEMPLATE))
    await gateway.redis.hset(f"tg:{{{META}}}", "optout", "1")
    await gateway.processor.run(META)
    assert gateway.channel.bodies == ["1: hello"]
    assert await read_outcome(gateway, "own-1") is MessageOutcome.REFUSED


async def test_a_session_of_an_earlier_release_leaves_the_window_to_the_provider(
    gateway: InboundGateway,
) -> None:
    await gateway.receive(build_meta_message(1), META)
    await gateway.redis.hdel(f"tg:{{{META}}}", "window")
    assert await gateway.send(META, "own-1") is SendOutcome.QUEUED


async def test_the_gate_costs_no_further_round_trip(gateway: InboundGateway) -> None:
    async def count_calls(number: int) -> int:
        before: Any = await gateway.redis.info("commandstats")
        await gateway.receive(build_meta_message(number), META)
        after: Any = await gateway.redis.info("commandstats")
        assert len(gateway.channel.sent_replies) == number
        return int(after["cmdstat_evalsha"]["calls"]) - int(before["cmdstat_evalsha"]["calls"])

    await count_calls(1)
    with_window = await count_calls(2)
    gateway.windows.clear()
    assert with_window == await count_calls(3)


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


async def test_of_too_many_replies_that_wait_the_oldest_is_a_dead_letter(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1), META)
    await close_window(gateway)
    for number in range(21):
        await gateway.send(META, f"own-{number}", Message(text=f"news {number}", fallback=WAITS))
    await gateway.processor.run(META)
    assert await read_outcome(gateway, "own-0") is MessageOutcome.DEAD_LETTER
    assert await read_outcome(gateway, "own-1") is MessageOutcome.HELD
    assert await count_dead_letters(gateway) == 1


async def test_a_message_over_a_limit_opens_the_window_too(redis: Redis) -> None:
    window = meta.build_channel().capabilities.service_window
    assert window is not None
    limits = AbuseLimits(messages_per_minute=1)
    inbox = RedisInbox(redis, windows={"whatsapp": window}, abuse={"whatsapp": limits})
    for number in range(3):
        await inbox.accept(build_meta_message(number, age=3600 - number))
    stored: Any = await cast("Awaitable[Any]", redis.hget(f"tg:{{{META}}}", "window"))
    assert int(stored) / 1000 > time() + DAY - 3599
