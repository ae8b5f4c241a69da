"""Erasure of a contact with late events and a worker between any two of its calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from core.errors import LeaseLost
from core.model import DeliveryStatus
from gateway.redis.connection.connect import open_redis
from gateway.redis.records.contacts.erasure import ContactErasure
from tests.channels.whatsapp import builders as meta
from tests.gateway.contacts.traces import (
    DIGITS,
    NUMBER,
    SMS,
    WHATSAPP,
    build_sms,
    build_status,
    build_whatsapp_message,
    find_traces,
)
from tests.gateway.environments.inbound import InboundGateway
from tests.gateway.stopped_process import StoppedCalls

Meanwhile = Callable[[InboundGateway], Awaitable[object]]


async def report_status(gateway: InboundGateway) -> None:
    """Report the delivery of the contact's first reply, with our key of it, as the provider may."""
    provider_id = f"P{len(gateway.channel.bodies) - 1}"  # the last but one: of two conversations
    for kind in (DeliveryStatus.SENT, DeliveryStatus.DELIVERED):
        key = f"{meta.OURS}:{DIGITS}:wamid.1.0"
        await gateway.inbox.accept(build_status(provider_id, kind, reply_key=key))


async def repeat_messages(gateway: InboundGateway) -> None:
    for events in (build_whatsapp_message(1), build_sms(1)):
        await gateway.inbox.accept(events)


async def process_session(gateway: InboundGateway) -> None:
    with suppress(LeaseLost):
        await gateway.processor.run(WHATSAPP)


@pytest.mark.parametrize(
    "meanwhile",
    [report_status, *(pytest.param(f, marks=pytest.mark.long) for f in (repeat_messages, process_session))],
)
async def test_nothing_stays_whatever_comes_during_an_erasure(
    gateway: InboundGateway, redis_url: str, meanwhile: Meanwhile
) -> None:
    for limit in range(1, 200):
        await gateway.receive(build_whatsapp_message(1), WHATSAPP)
        await gateway.receive(build_sms(1), SMS)
        await gateway.inbox.accept(build_whatsapp_message(2))
        erasing = open_redis(redis_url)
        process = StoppedCalls([erasing], limit, lambda: meanwhile(gateway))

        await ContactErasure(erasing).erase(NUMBER)

        await erasing.aclose()
        assert await find_traces(gateway.redis) == [], f"before call {limit}"
        if not process.was_stopped:
            return
        await gateway.redis.flushdb()
    raise AssertionError("the erasure does not end")
