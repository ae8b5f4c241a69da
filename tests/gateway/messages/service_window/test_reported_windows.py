"""Closed service windows that only the provider reports, in its answer or in a status."""

from __future__ import annotations

import pytest

from core.errors import Rejected
from core.model import (
    FailureKind,
    Message,
    Route,
)
from gateway.redis.records.sessions.log.message_timeline import MessageOutcome
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from tests.gateway.environments.inbound import InboundGateway
from tests.gateway.messages.service_window.environment import (
    META,
    SMS_ROUTE,
    TEMPLATE,
    WAITS,
    build_failure,
    build_meta_message,
    count_dead_letters,
)


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
