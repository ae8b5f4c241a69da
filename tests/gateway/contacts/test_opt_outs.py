"""Opt-outs on every channel (guarantee L13): requested in words, confirmed once, stored per contact."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from core.errors import Rejected
from core.model import (
    Address,
    ConsentRequest,
    ControlAction,
    ControlReceived,
    DeliveryStatus,
    Event,
    FailureKind,
    OptOutScope,
    StatusChanged,
    Turn,
    TurnReceived,
)
from core.ports import ErrorMessages
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.sessions.log.session_log import read_log
from gateway.redis.sending.send_outcome import SendOutcome
from tests.channels.twilio.builders import ACCOUNT, build_channel, build_webhook
from tests.channels.whatsapp import builders as meta
from tests.gateway.environments.inbound import InboundGateway, get_session

OURS, NUMBER = "+12025550101", "+12025550171"
SMS = f"twilio:{ACCOUNT}:{OURS}:{NUMBER}"
TWILIO_WHATSAPP = f"twilio:{ACCOUNT}:whatsapp:{OURS}:whatsapp:{NUMBER}"
MESSAGES = ErrorMessages()


def build_twilio_message(number: int, text: str, prefix: str = "", **fields: str) -> list[Event]:
    form = {"AccountSid": ACCOUNT, "To": f"{prefix}{OURS}", "From": f"{prefix}{NUMBER}", "Body": text}
    return build_channel().parse(
        build_webhook([*form.items(), ("MessageSid", f"SM{number}"), *fields.items()])
    )


def build_meta_message(number: int, text: str, **more: str) -> list[Event]:
    made = meta.build_message(value={"body": text}, id=f"wamid.{number}", **more)
    return meta.build_channel().parse(meta.build_webhook(meta.build_batch(meta.build_value(made))))


def build_preference(value: str, timestamp: int) -> list[Event]:
    change = {"wa_id": meta.PHONE, "category": "marketing_messages", "value": value, "timestamp": timestamp}
    made = meta.build_value(user_preferences=[change])
    return meta.build_channel().parse(meta.build_webhook(meta.build_batch(made, field="user_preferences")))


def build_opt_out_status(message: str) -> list[Event]:
    failed = DeliveryStatus.FAILED
    failure = FailureKind.OPTED_OUT
    return [
        StatusChanged(
            channel="twilio", provider_id=message, status=failed, error_code="21610", failure=failure
        )
    ]


def build_desk_message(channel: str, number: int, text: str, payload: str = "") -> list[Event]:
    address = Address(channel=channel, account="A", ours="A", theirs="T1")
    turn = Turn(id=f"D{number}", session=f"{channel}:T1", address=address, text=text, payload=payload)
    return [TurnReceived(turn=turn)]


META = get_session(build_meta_message(0, "hello"))


@pytest.fixture
async def gateway(redis: Redis) -> AsyncIterator[InboundGateway]:
    made = InboundGateway(redis, ["twilio", "whatsapp", "intercom", "zendesk", "sunshine", "web"])
    yield made
    await made.mailbox.aclose()


@pytest.mark.parametrize("text", ["STOP", "stop!", "Opt-out", "ARRÊT", "unsubscribe me"])
async def test_whatsapp_opts_out_and_confirms_once(gateway: InboundGateway, text: str) -> None:
    for session, message in ((META, build_meta_message), (TWILIO_WHATSAPP, _build_twilio_whatsapp_message)):
        gateway.channel.sent_replies.clear()
        await gateway.receive(message(1, "hello"), session)
        await gateway.receive(message(2, text), session)
        await gateway.receive(message(3, text), session)
        await gateway.receive(message(4, "hi"), session)

        assert gateway.channel.bodies[1:] == [MESSAGES.opted_out]
        assert await gateway.send(session, "offer") is SendOutcome.OPTED_OUT


def _build_twilio_whatsapp_message(number: int, text: str) -> list[Event]:
    return build_twilio_message(number, text, "whatsapp:")


async def test_yes_and_start_opt_in_only_while_opted_out(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1, "yes"), META)
    assert len(gateway.dialog.handled) == 1

    await gateway.receive(build_meta_message(2, "STOP"), META)
    await gateway.receive(build_meta_message(3, "YES"), META)
    await gateway.receive(build_meta_message(4, "start"), META)

    assert gateway.channel.bodies[1:3] == [MESSAGES.opted_out, MESSAGES.opted_in]
    assert len(gateway.dialog.handled) == 2  # "start" is an ordinary word again
    assert await gateway.send(META, "offer") is SendOutcome.QUEUED


async def test_by_sms_twilio_confirms_its_own_words_and_we_confirm_the_others(
    gateway: InboundGateway,
) -> None:
    await gateway.receive(build_twilio_message(1, "hello"), SMS)
    await gateway.receive(build_twilio_message(2, "STOP"), SMS)
    assert len(gateway.channel.bodies) == 1
    await gateway.receive(build_twilio_message(3, "YES"), SMS)
    assert len(gateway.channel.bodies) == 1
    assert await gateway.send(SMS, "offer") is SendOutcome.QUEUED
    await gateway.processor.run(SMS)

    for number, text in enumerate(("BAJA", "Start!", "Cancel."), start=4):
        await gateway.receive(build_twilio_message(number, text), SMS)
        await gateway.receive(build_twilio_message(10 + number, "hi"), SMS)

    ours = [body for body in gateway.channel.bodies[2:] if not body.endswith("hi")]
    assert ours == [MESSAGES.opted_out, MESSAGES.opted_in, MESSAGES.opted_out]
    assert await gateway.send(SMS, "other") is SendOutcome.OPTED_OUT


async def test_a_question_for_help_that_twilio_does_not_know_is_answered(gateway: InboundGateway) -> None:
    await gateway.receive(build_twilio_message(1, "Help!"), SMS)

    assert gateway.channel.bodies == ["1: Help!"]


@pytest.mark.parametrize("channel", ["intercom", "zendesk", "sunshine", "web"])
async def test_in_a_chat_or_ticket_only_explicit_words_opt_out(gateway: InboundGateway, channel: str) -> None:
    session = f"{channel}:T1"
    for number, text in enumerate(("stop", "cancel", "end"), start=1):
        await gateway.receive(build_desk_message(channel, number, text), session)
    assert len(gateway.dialog.handled) == 3

    await gateway.receive(build_desk_message(channel, 4, "Unsubscribe"), session)

    assert gateway.channel.bodies[-1] == MESSAGES.opted_out
    assert await gateway.send(session, "offer") is SendOutcome.OPTED_OUT


async def test_the_answer_to_a_shown_choice_is_not_an_opt_out(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1, "hello"), META)
    offered = '{"offered": [{"label": "Stop", "payload": "halt"}]}'
    await gateway.redis.hset(f"tg:{{{META}}}", "state", offered)
    await gateway.receive(build_meta_message(2, "stop"), META)

    assert len(gateway.dialog.handled) == 2
    assert await gateway.send(META, "offer") is SendOutcome.QUEUED


@pytest.mark.parametrize("act", [ControlAction.TAKE_OVER, ControlAction.HAND_OFF])
async def test_it_counts_and_is_not_confirmed_while_an_agent_has_the_session(
    gateway: InboundGateway, act: ControlAction
) -> None:
    """Guarantee L10: the bot says nothing beside the agent, who sees the request."""
    await gateway.receive(build_meta_message(1, "hello"), META)
    address = gateway.channel.sent_replies[0].address
    await gateway.receive([ControlReceived(id="c", session=META, address=address, act=act)], META)

    await gateway.receive(build_meta_message(2, "STOP"), META)

    assert gateway.channel.bodies == ["1: hello"]
    assert await gateway.send(META, "offer") is SendOutcome.OPTED_OUT


async def test_at_the_providers_desk_the_agent_answers_the_request(redis: Redis) -> None:
    gateway = InboundGateway(redis, ["intercom"], desk=True)
    await gateway.receive(build_desk_message("intercom", 1, "hello"), "intercom:T1")
    address = gateway.channel.sent_replies[0].address
    act = ControlReceived(id="c", session="intercom:T1", address=address, act=ControlAction.TAKE_OVER)
    await gateway.inbox.accept([act])
    await gateway.receive(build_desk_message("intercom", 2, "unsubscribe"), "intercom:T1")
    await gateway.mailbox.aclose()

    assert len(gateway.channel.bodies) == 1
    assert await gateway.send("intercom:T1", "offer") is SendOutcome.OPTED_OUT


async def test_what_waits_when_the_opt_out_arrives_does_not_leave(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1, "hello"), META)
    assert await gateway.send(META, "offer") is SendOutcome.QUEUED
    await gateway.inbox.accept(build_meta_message(2, "and another question"))
    await gateway.receive(build_meta_message(3, "STOP"), META)

    assert gateway.channel.bodies[1:] == [MESSAGES.opted_out]
    assert len(gateway.dialog.handled) == 1


async def test_marketing_opt_outs_leave_answers(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1, "hello"), META)
    await gateway.receive(build_preference("stop", 1), META)
    await gateway.receive(build_meta_message(2, "a question"), META)

    assert len(gateway.channel.bodies) == 2
    assert await gateway.send(META, "offer") is SendOutcome.OPTED_OUT
    assert (await gateway.kinds(META)).count("control") == 1
    await gateway.receive(build_preference("resume", 2), META)
    assert await gateway.send(META, "offer") is SendOutcome.QUEUED


async def test_an_older_wish_does_not_undo_a_newer_one(gateway: InboundGateway) -> None:
    """Webhooks come late and out of order."""
    await gateway.receive(build_meta_message(1, "hello"), META)
    for newer, older, outcome in (
        (("stop", 20), ("resume", 10), SendOutcome.OPTED_OUT),
        (("resume", 40), ("stop", 30), SendOutcome.QUEUED),
    ):
        await gateway.receive(build_preference(*newer), META)
        await gateway.receive(build_preference(*older), META)
        assert await gateway.send(META, f"offer {older}") is outcome


async def test_a_start_that_was_written_before_the_stop_is_late(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1, "STOP", timestamp="1790000900"), META)
    await gateway.receive(build_meta_message(2, "START", timestamp="1790000500"), META)
    assert await gateway.send(META, "offer") is SendOutcome.OPTED_OUT

    await gateway.receive(build_meta_message(3, "START", timestamp="1790000900"), META)
    assert await gateway.send(META, "offer") is SendOutcome.QUEUED


@pytest.mark.parametrize(("seconds", "outcome"), [(-5, SendOutcome.QUEUED), (-600, SendOutcome.OPTED_OUT)])
async def test_clocks_may_differ_by_a_minute(
    gateway: InboundGateway, seconds: int, outcome: SendOutcome
) -> None:
    """An operator's act has this server's time, and what the contact writes that of the provider."""
    await gateway.receive(build_meta_message(1, "hello"), META)
    address = Address(channel="whatsapp", account="A", ours="A", theirs=meta.PHONE)
    stop = ControlReceived(id="o", session=META, address=address, act=ControlAction.OPT_OUT)
    await gateway.inbox.accept([stop])
    now, _ = await gateway.redis.time()
    await gateway.receive(build_meta_message(2, "START", timestamp=str(now + seconds)), META)

    assert await gateway.send(META, "offer") is outcome


async def test_a_contact_without_a_number_opts_out_of_marketing(gateway: InboundGateway) -> None:
    session = f"whatsapp:{meta.OURS}:{meta.USER_ID}"
    made = meta.build_message(value={"body": "hello"}, id="wamid.1") | {
        "from": None,
        "from_user_id": meta.USER_ID,
    }
    batch = meta.build_batch(meta.build_value(made, contacts=[]))
    await gateway.receive(meta.build_channel().parse(meta.build_webhook(batch)), session)
    change = {"user_id": meta.USER_ID, "category": "marketing_messages", "value": "stop", "timestamp": 1}
    preference = meta.build_value(user_preferences=[change], contacts=[])
    batch = meta.build_batch(preference, field="user_preferences")
    await gateway.inbox.accept(meta.build_channel().parse(meta.build_webhook(batch)))

    assert await gateway.send(session, "offer") is SendOutcome.OPTED_OUT


async def test_a_resume_of_marketing_does_not_end_a_stop(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1, "STOP"), META)
    await gateway.receive(build_preference("resume", 2), META)

    assert await gateway.send(META, "offer") is SendOutcome.OPTED_OUT


async def test_an_opt_out_survives_session_and_erasure_without_a_name(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1, "STOP"), META)
    await ContactErasure(gateway.redis).erase(META, 0)
    assert not [key async for key in gateway.redis.scan_iter(f"*{meta.PHONE}*")]
    assert not [name for name in await gateway.redis.hkeys("tg:optout_names") if meta.PHONE.encode() in name]
    assert await gateway.redis.zcard("tg:optouts") == 0

    await gateway.receive(build_meta_message(2, "hello"), META)

    assert gateway.channel.bodies == [MESSAGES.opted_out]
    assert await gateway.send(META, "offer") is SendOutcome.OPTED_OUT


async def test_an_opt_out_of_an_earlier_release_survives_erasure(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1, "hello"), META)
    await gateway.redis.hset(f"tg:{{{META}}}", "optout", "1")
    await ContactErasure(gateway.redis).erase(META, 0)
    await gateway.receive(build_meta_message(2, "hello"), META)

    assert await gateway.send(META, "offer") is SendOutcome.OPTED_OUT


async def test_an_opt_out_follows_the_contact_to_another_session(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1, "STOP"), META)
    names: Any = gateway.redis.smembers(f"tg:{{{META}}}:names")
    for name in await names:
        await gateway.redis.delete(f"tg:person:{name.decode()}")  # as if they had expired
    await gateway.redis.delete(f"tg:{{{META}}}", f"tg:{{{META}}}:names")
    await gateway.receive(build_meta_message(2, "hello"), META)

    assert gateway.channel.bodies == [MESSAGES.opted_out]


async def test_a_participant_cannot_opt_the_contact_out(gateway: InboundGateway) -> None:
    [contact], [other] = (
        build_desk_message("zendesk", 1, "hello"),
        build_desk_message("zendesk", 2, "unsubscribe"),
    )
    session = "zendesk:T1"
    await gateway.receive([contact.model_copy(update={"author": "zendesk:A:1"})], session)
    await gateway.receive([other.model_copy(update={"author": "zendesk:A:2"})], session)

    assert await gateway.send(session, "offer") is SendOutcome.QUEUED


async def test_the_opt_out_is_in_the_log(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1, "STOP"), META)
    entries = [entry.data for entry in await read_log(gateway.redis, META) if entry.kind == "control"]

    assert [(each["act"], each["actor"]) for each in entries] == [(ConsentRequest.OPT_OUT, "contact")]


async def test_an_operator_opts_a_contact_out_and_in(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1, "hello"), META)
    address = Address(channel="whatsapp", account="A", ours="A", theirs=meta.PHONE)
    for act, outcome in (
        (ControlAction.OPT_OUT, SendOutcome.OPTED_OUT),
        (ControlAction.OPT_IN, SendOutcome.QUEUED),
    ):
        event = ControlReceived(id=act, session=META, address=address, act=act, scope=OptOutScope.ALL)
        await gateway.inbox.accept([event])
        assert await gateway.send(META, "offer") is outcome


def test_whatsapp_reports_an_opt_out_of_marketing_by_status() -> None:
    from channels.whatsapp.capabilities import classify_error_code

    assert classify_error_code("131050").failure is FailureKind.OPTED_OUT_OF_MARKETING


async def test_a_late_failure_does_not_undo_an_opt_in(gateway: InboundGateway) -> None:
    """It reports an opt-out that was known when the message was sent."""
    await gateway.receive(build_twilio_message(1, "hello"), SMS)
    await gateway.receive(build_twilio_message(2, "STOP"), SMS)
    await gateway.receive(build_twilio_message(3, "START"), SMS)
    await gateway.receive(build_twilio_message(4, "hello again"), SMS)
    last = len(gateway.channel.bodies)

    await gateway.inbox.accept(build_opt_out_status("P1"))
    assert await gateway.send(SMS, "offer") is SendOutcome.QUEUED
    await gateway.inbox.accept(build_opt_out_status(f"P{last}"))
    assert await gateway.send(SMS, "another") is SendOutcome.OPTED_OUT


async def test_a_refusal_for_marketing_leaves_answers(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1, "hello"), META)
    gateway.channel.planned_failures = [
        (Rejected("stop", code="131050", failure=FailureKind.OPTED_OUT_OF_MARKETING), False)
    ]
    assert await gateway.send(META, "offer") is SendOutcome.QUEUED
    await gateway.processor.run(META)

    assert await gateway.send(META, "other") is SendOutcome.OPTED_OUT
    await gateway.receive(build_meta_message(2, "hello?"), META)
    assert len(gateway.channel.bodies) == 2


async def test_the_next_owner_of_an_abandoned_number_is_not_opted_out(gateway: InboundGateway) -> None:
    await gateway.receive(build_meta_message(1, "STOP"), META)
    change = {"type": "user_changed_number", "wa_id": "12025550189"}
    system = meta.build_message("system", change, id="wamid.S")
    await gateway.inbox.accept(
        meta.build_channel().parse(meta.build_webhook(meta.build_batch(meta.build_value(system))))
    )
    other = meta.build_message(value={"body": "hello"}, id="wamid.2") | {"from_user_id": "US.3"}
    batch = meta.build_batch(meta.build_value(other, contacts=[]))
    await gateway.inbox.accept(meta.build_channel().parse(meta.build_webhook(batch)))
    sessions = [key.decode() async for key in gateway.redis.scan_iter("tg:{*}")]

    opted_out = [await gateway.redis.hget(key, "optout") for key in sessions]
    assert sorted(opted_out, key=str) == sorted([b"1", None], key=str)
