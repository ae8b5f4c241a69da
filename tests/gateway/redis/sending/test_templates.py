"""Messages with templates: refused before they are queued, held back or recorded when one is withdrawn."""

from __future__ import annotations

from time import time
from typing import Any

import pytest

from core.errors import Rejected
from core.model import Message, Reply, Template
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.schedule import read_schedule_entry
from gateway.redis.records.sessions.log.message_timeline import MessageOutcome
from gateway.redis.records.sessions.log.session_log import read_log
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from gateway.redis.sending.first_contact import ContactAddress
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.schedule_releaser import ScheduleReleaser
from gateway.redis.sending.send_outcome import SendOutcome
from tests.gateway.redis.sending.template_environment import ADDRESS, NOW, ORDER, SESSION, Environment


async def test_a_template_is_refused_before_it_is_queued_with_what_is_wrong(environment: Environment) -> None:
    await environment.sync.sync("whatsapp")
    too_few = ORDER.model_copy(update={"variables": {"1": "Ada", "first": "x"}})
    cases = [
        (
            Template(name="spring_sale", language="en_US", variables={"1": "Ada"}),
            SendOutcome.TEMPLATE_NOT_APPROVED,
            "not sent: the template spring_sale in en_US is paused, not approved",
        ),
        (
            too_few,
            SendOutcome.TEMPLATE_VARIABLES,
            "not sent: variables of the template order_update: 2 missing; first not known; it takes 1, 2",
        ),
        (
            ORDER.model_copy(update={"language": "fr"}),
            SendOutcome.TEMPLATE_UNKNOWN,
            "not sent: whatsapp has no template order_update in fr; if it is new, run "
            "`turngate templates sync`",
        ),
    ]
    for template, outcome, sentence in cases:
        assert await environment.send(template) == (outcome, sentence)
    assert await environment.redis.llen(f"tg:{{{SESSION}}}:out") == 0

    assert await environment.send(ORDER) == (SendOutcome.QUEUED, "")
    await environment.change("order_update", status="PAUSED")
    assert await environment.send(ORDER) == (SendOutcome.DUPLICATE, "")


async def test_without_a_list_the_provider_decides(environment: Environment) -> None:
    assert await environment.send(Template(name="any", language="xx")) == (SendOutcome.QUEUED, "")


async def test_a_command_without_credentials_uses_the_list_too(environment: Environment) -> None:
    await environment.sync.sync("whatsapp")
    environment.sender = ProactiveSender(environment.redis, {}, ProtocolLimits())

    assert (await environment.send(ORDER.model_copy(update={"variables": {}})))[
        0
    ] is SendOutcome.TEMPLATE_VARIABLES
    assert (await environment.send(ORDER))[0] is SendOutcome.QUEUED
    stored: Any = await environment.redis.lindex(f"tg:{{{SESSION}}}:out", 0)
    assert b'"order_update"' in stored


async def mark_next(environment: Environment) -> bool:
    """Claim the session and mark its next reply; return whether it may be sent."""
    mailbox = RedisMailbox(environment.redis)
    claim = await mailbox.claim(SESSION)
    assert claim is not None
    permit = await mailbox.mark_sending(claim.lease, claim.view.outbox[0])
    await mailbox.aclose()
    return permit.granted


@pytest.mark.long
@pytest.mark.parametrize("how", ["event", "list", "deleted"])
async def test_a_template_that_is_withdrawn_while_a_message_waits_is_not_sent(
    environment: Environment, how: str
) -> None:
    await environment.sync.sync("whatsapp")
    assert (await environment.send(ORDER))[0] is SendOutcome.QUEUED
    match how:
        case "event":
            await environment.change("order_update", status="DISABLED")
        case "list":
            environment.account.change_template("order_update", "en_US", NOW, status="DISABLED")
            await environment.sync.sync("whatsapp")
        case "deleted":
            environment.account.templates.delete("order_update")
            await environment.sync.sync("whatsapp")

    assert not await mark_next(environment)
    [refused] = [
        entry.data for entry in await read_log(environment.redis, SESSION) if entry.kind == "refused"
    ]
    status = "deleted" if how == "deleted" else "disabled"
    assert refused["code"] == "template"
    assert refused["reason"] == f"the template is {status}, not approved"


async def test_a_scheduled_template_that_is_withdrawn_is_refused_with_its_reason(
    environment: Environment,
) -> None:
    await environment.sync.sync("whatsapp")
    at_ms = int(time() * 1000) + 3_600_000
    assert (await environment.sender.send(SESSION, "own-1", Message(text="", template=ORDER), at_ms=at_ms))[
        0
    ] == "scheduled"
    await environment.change("order_update", status="DISABLED")
    members: list[Any] = await environment.redis.zrange("tg:schedule", 0, -1)
    for member in members:
        await environment.redis.zadd("tg:schedule", {member: 1})
    assert await ScheduleReleaser(environment.redis, environment.sender).release_due() == 1

    report = await ProactiveMessages(environment.redis).find("own-1")
    assert report is not None
    assert (report.outcome, report.code) == (MessageOutcome.REFUSED, "template_not_approved")
    assert await read_schedule_entry(environment.redis, SESSION, "own-1") is None


@pytest.mark.parametrize("is_first_contact", [False, True])
async def test_a_template_that_is_refused_before_it_is_queued_leaves_a_record(
    environment: Environment, is_first_contact: bool
) -> None:
    await environment.sync.sync("whatsapp")
    wrong = Message(text="", template=ORDER.model_copy(update={"variables": {"1": "Ada"}}))
    contact = ContactAddress(channel="whatsapp", to="+12025550144", sender=ADDRESS.ours)
    right = Message(text="", template=ORDER)
    for message, outcome in ((wrong, SendOutcome.TEMPLATE_VARIABLES), (right, SendOutcome.QUEUED)):
        receipt = (
            await environment.sender.send_to(contact, "own-1", message)
            if is_first_contact
            else await environment.sender.send(SESSION, "own-1", message)
        )
        assert receipt.outcome == outcome
        report = await ProactiveMessages(environment.redis).find("own-1", receipt.session)
        assert report is not None
        if outcome is SendOutcome.QUEUED:
            assert report.outcome is MessageOutcome.QUEUED
            continue
        assert (report.outcome, report.code) == (MessageOutcome.REFUSED, outcome)
        assert "2 missing" in report.reason
        [entry] = [
            each for each in await read_log(environment.redis, receipt.session) if each.kind == "refused"
        ]
        assert entry.data["key"] == "own-1"


@pytest.mark.long
async def test_a_template_that_is_approved_again_is_sent(environment: Environment) -> None:
    await environment.sync.sync("whatsapp")
    assert (await environment.send(ORDER))[0] is SendOutcome.QUEUED
    await environment.change("order_update", status="PAUSED")
    await environment.change("order_update", status="APPROVED")

    assert await mark_next(environment)


async def test_metas_refusal_names_its_code(environment: Environment) -> None:
    reply = Reply(key="1", address=ADDRESS, body="", template=ORDER.model_copy(update={"language": "fr"}))
    with pytest.raises(Rejected) as refused:
        await environment.channel.send(reply, environment.http)
    assert refused.value.code == "132001"
