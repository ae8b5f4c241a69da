"""Service window (L13): free text inside, a template outside."""

from __future__ import annotations

from collections.abc import Awaitable
from time import time
from typing import Any, cast

from redis.asyncio import Redis

from core.model import (
    Message,
)
from core.processing import AbuseLimits
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.sessions.log.message_timeline import MessageOutcome
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome
from tests.channels.whatsapp import builders as meta
from tests.gateway.contacts.test_opt_outs import SMS, TWILIO_WHATSAPP, build_twilio_message
from tests.gateway.environments.inbound import InboundGateway
from tests.gateway.messages.service_window.environment import (
    DAY,
    META,
    TEMPLATE,
    build_meta_message,
    close_window,
    read_outcome,
    read_window,
)


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


async def test_a_message_over_a_limit_opens_the_window_too(redis: Redis) -> None:
    window = meta.build_channel().capabilities.service_window
    assert window is not None
    limits = AbuseLimits(messages_per_minute=1)
    inbox = RedisInbox(redis, windows={"whatsapp": window}, abuse={"whatsapp": limits})
    began = time()
    for number in range(3):
        await inbox.accept(build_meta_message(number, age=3600 - number))
    stored: Any = await cast("Awaitable[Any]", redis.hget(f"tg:{{{META}}}", "window"))
    assert int(stored) / 1000 > began + DAY - 3599
