"""One session and one address per contact, whichever identifier a webhook has, also after a change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from core.errors import Unavailable, Unknown
from core.model import Address, ControlAction, ControlReceived, Event, Owner
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.sessions.log.session_log import read_owner
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.redis.sending.send_outcome import SendOutcome
from tests.channels.twilio.builders import ACCOUNT, build_channel, build_webhook
from tests.channels.whatsapp import builders as meta
from tests.gateway.environments.inbound import InboundGateway

OURS = "whatsapp:+12025550101"
NUMBER, USER = "+12025550171", "US.10000000000000000001"
BY_NUMBER = f"twilio:{ACCOUNT}:{OURS}:whatsapp:{NUMBER}"
BY_USER = f"twilio:{ACCOUNT}:{OURS}:whatsapp:{USER}"
OLD_NUMBER, NEW_NUMBER, NEW_USER = meta.PHONE, "12025550189", "US.2"


def build_twilio_message(number: int, sender: str, **fields: str) -> list[Event]:
    """Build the events of a WhatsApp message at Twilio."""
    form = {"AccountSid": ACCOUNT, "To": OURS, "From": f"whatsapp:{sender}", "Body": f"text {number}"}
    return build_channel().parse(
        build_webhook([*form.items(), ("MessageSid", f"SM{number}"), *fields.items()])
    )


def build_meta_message(number: int, phone: str | None, user: str | None, **more: Any) -> list[Event]:
    """Build the events of a message at Meta."""
    made = meta.build_message(value={"body": f"text {number}"}, id=f"wamid.{number}", **more)
    sender = {"from": phone, "from_user_id": user}
    made = {name: value for name, value in (made | sender).items() if value}
    return meta.build_channel().parse(
        meta.build_webhook(meta.build_batch(meta.build_value(made, contacts=[])))
    )


def build_number_change(**system: str) -> list[Event]:
    """Build the events of a system message about a changed number."""
    content = {"type": "user_changed_number", "wa_id": NEW_NUMBER, **system}
    made = meta.build_message("system", content, id="wamid.S")
    return meta.build_channel().parse(meta.build_webhook(meta.build_batch(meta.build_value(made))))


def build_id_update(new: str) -> list[Event]:
    change = {"user_id": {"previous": meta.USER_ID, "current": new}}
    batch = meta.build_batch(meta.build_value(user_id_update=[change]), field="user_id_update")
    return meta.build_channel().parse(meta.build_webhook(batch))


@pytest.fixture
async def gateway(redis: Redis) -> AsyncIterator[InboundGateway]:
    made = InboundGateway(redis, ["twilio", "whatsapp"])
    yield made
    await made.mailbox.aclose()


@pytest.mark.parametrize("field", ["ExternalUserId", "ParentExternalUserId"])
@pytest.mark.parametrize("prefix", ["", "whatsapp:"])
async def test_a_hidden_number_continues_in_the_same_session(
    gateway: InboundGateway, field: str, prefix: str
) -> None:
    await gateway.receive(build_twilio_message(1, NUMBER), BY_NUMBER)
    await gateway.receive(build_twilio_message(2, NUMBER, **{field: f"{prefix}{USER}"}), BY_NUMBER)
    await gateway.receive(build_twilio_message(3, USER, ExternalUserId=f"whatsapp:{USER}"), BY_NUMBER)

    assert gateway.channel.bodies == ["1: text 1", "2: text 2", "3: text 3"]
    assert gateway.receivers == [f"whatsapp:{NUMBER}", f"whatsapp:{NUMBER}", f"whatsapp:{USER}"]


@pytest.mark.parametrize("at_twilio", [True, False])
async def test_two_user_ids_below_one_parent_are_one_contact(
    gateway: InboundGateway, at_twilio: bool
) -> None:
    parent = "US.ENT.1"
    users = (USER, "US.2"), (NUMBER.strip("+"), None)
    if at_twilio:
        events = [
            build_twilio_message(at, number or user, ExternalUserId=user, ParentExternalUserId=parent)
            for at, (user, number) in enumerate(zip(users[0], (NUMBER, ""), strict=True), start=1)
        ]
    else:
        events = [
            build_meta_message(at, phone, user, from_parent_user_id=parent)
            for at, (user, phone) in enumerate(zip(*users, strict=True), start=1)
        ]
    for each in events:
        await gateway.inbox.accept(each)

    [session] = [key.decode()[4:-1] async for key in gateway.redis.scan_iter("tg:{*}")]
    await gateway.processor.run(session)
    assert gateway.channel.bodies == ["1: text 1", "2: text 2"]


async def test_a_number_that_is_shown_later_continues_in_the_same_session(gateway: InboundGateway) -> None:
    await gateway.receive(build_twilio_message(1, USER), BY_USER)
    await gateway.receive(
        build_twilio_message(2, NUMBER, ExternalUserId=USER, WaId=NUMBER.strip("+")), BY_USER
    )
    await gateway.receive(build_twilio_message(3, NUMBER), BY_USER)

    assert gateway.channel.bodies == ["1: text 1", "2: text 2", "3: text 3"]


async def test_an_invalid_user_id_is_dropped(gateway: InboundGateway) -> None:
    await gateway.receive(build_twilio_message(1, NUMBER, ExternalUserId="whatsapp:foo_bar"), BY_NUMBER)
    await gateway.receive(build_twilio_message(2, "+12025550172", ExternalUserId="foo_bar"), BY_NUMBER)

    assert gateway.channel.bodies == ["1: text 1"]


async def test_the_session_of_an_earlier_build_continues(gateway: InboundGateway) -> None:
    """Earlier releases knew no names at Twilio: the session's own name is its number."""
    [event] = build_twilio_message(1, NUMBER)
    await RedisInbox(gateway.redis).accept([event])
    await gateway.processor.run(BY_NUMBER)

    await gateway.receive(build_twilio_message(2, NUMBER, ExternalUserId=USER), BY_NUMBER)
    await gateway.receive(build_twilio_message(3, USER), BY_NUMBER)

    assert gateway.channel.bodies == ["1: text 1", "2: text 2", "3: text 3"]


async def join_names(gateway: InboundGateway) -> None:
    """Bring a session to be known by number and user id; it is named by the number."""
    await gateway.receive(build_twilio_message(1, NUMBER), BY_NUMBER)
    await gateway.receive(build_twilio_message(2, NUMBER, ExternalUserId=USER), BY_NUMBER)


async def test_an_agent_holds_the_joined_session(gateway: InboundGateway) -> None:
    await join_names(gateway)
    address = Address(channel="twilio", account=ACCOUNT, ours=OURS, theirs=f"whatsapp:{NUMBER}")
    act = ControlReceived(id="c", session=BY_NUMBER, address=address, act=ControlAction.TAKE_OVER)
    await gateway.receive([act], BY_NUMBER)
    await gateway.receive(build_twilio_message(3, USER), BY_NUMBER)

    assert await read_owner(gateway.redis, BY_NUMBER) is Owner.HUMAN
    assert len(gateway.channel.bodies) == 2


@pytest.mark.parametrize("held", [BY_NUMBER, BY_USER])
async def test_an_agent_holds_two_sessions_that_turn_out_to_be_one_contact(
    gateway: InboundGateway, held: str
) -> None:
    """Number and user ID were seen apart, so that each had a session, before a message had both."""
    await gateway.receive(build_twilio_message(1, NUMBER), BY_NUMBER)
    await gateway.receive(build_twilio_message(2, USER, ExternalUserId=USER), BY_USER)
    address = Address(channel="twilio", account=ACCOUNT, ours=OURS, theirs=f"whatsapp:{NUMBER}")
    act = ControlReceived(id="c", session=held, address=address, act=ControlAction.TAKE_OVER)
    await gateway.receive([act], held)

    both = build_twilio_message(3, NUMBER, ExternalUserId=USER)
    for events in (both, build_twilio_message(4, NUMBER), build_twilio_message(5, USER, ExternalUserId=USER)):
        await gateway.inbox.accept(events)
        for session in (BY_NUMBER, BY_USER):
            await gateway.processor.run(session)

    assert gateway.channel.bodies == ["1: text 1", "1: text 2"]


async def test_two_sessions_that_turn_out_to_be_one_contact_continue_as_one(gateway: InboundGateway) -> None:
    await gateway.receive(build_twilio_message(1, NUMBER), BY_NUMBER)
    await gateway.receive(build_twilio_message(2, USER, ExternalUserId=USER), BY_USER)
    for number, sender in enumerate((NUMBER, USER), start=3):
        await gateway.receive(build_twilio_message(number, sender, ExternalUserId=USER), BY_USER)
    await gateway.receive(build_twilio_message(5, NUMBER), BY_USER)

    assert gateway.channel.bodies[1:] == ["1: text 2", "2: text 3", "3: text 4", "4: text 5"]


@pytest.mark.parametrize("act", [ControlAction.TAKE_OVER, ControlAction.OPT_OUT, ControlAction.CLOSE])
@pytest.mark.parametrize("waiting", ["reply", "message"])
async def test_an_agent_and_an_opt_out_hold_back_what_waits_in_a_session_that_was_joined(
    gateway: InboundGateway, act: ControlAction, waiting: str
) -> None:
    await gateway.receive(build_twilio_message(1, USER, ExternalUserId=USER), BY_USER)
    await gateway.inbox.accept(build_twilio_message(2, NUMBER))
    if waiting == "reply":
        gateway.channel.planned_failures = [(Unavailable("down", retry_after=1), False)]
        await gateway.processor.run(BY_NUMBER)
    await gateway.receive(build_twilio_message(3, NUMBER, ExternalUserId=USER), BY_USER)
    address = Address(channel="twilio", account=ACCOUNT, ours=OURS, theirs=f"whatsapp:{NUMBER}")
    await gateway.inbox.accept([ControlReceived(id="c", session=BY_USER, address=address, act=act)])
    sent, turns = list(gateway.channel.bodies), len(gateway.dialog.handled)

    await gateway.process_when_due(BY_NUMBER)

    if act is ControlAction.CLOSE:  # it need not be later than what waits
        assert gateway.channel.bodies == [*sent, "1: text 2"]
    else:
        assert (gateway.channel.bodies, len(gateway.dialog.handled)) == (sent, turns)


async def test_an_opt_out_holds_in_the_joined_session(gateway: InboundGateway) -> None:
    await join_names(gateway)
    await gateway.redis.hset(f"tg:{{{BY_NUMBER}}}", "optout", "1")
    await gateway.receive(build_twilio_message(3, USER), BY_NUMBER)

    assert len(gateway.channel.bodies) == 2
    assert await gateway.send(BY_NUMBER, "a") is SendOutcome.OPTED_OUT


async def test_a_message_under_another_name_cancels_the_timer(gateway: InboundGateway) -> None:
    gateway.dialog.timeout = 3600
    await join_names(gateway)
    gateway.dialog.timeout = None
    assert await gateway.redis.hget(f"tg:{{{BY_NUMBER}}}", "inactivity")
    await gateway.receive(build_twilio_message(3, USER), BY_NUMBER)

    assert not await gateway.redis.hget(f"tg:{{{BY_NUMBER}}}", "inactivity")


@pytest.mark.parametrize("identifier", [NUMBER, USER])
async def test_an_erasure_by_any_identifier_deletes_everything(
    gateway: InboundGateway, identifier: str
) -> None:
    await join_names(gateway)

    receipt = await ContactErasure(gateway.redis).erase(identifier)

    assert receipt.sessions == 1
    left = [key async for key in gateway.redis.scan_iter("tg:*") if NUMBER.encode() in key]
    assert left == []
    assert [key async for key in gateway.redis.scan_iter(f"*{USER}*")] == []


async def test_a_new_number_with_a_new_user_id_continues_in_the_same_session(gateway: InboundGateway) -> None:
    session = f"whatsapp:{meta.OURS}:{meta.USER_ID}"
    await gateway.receive(build_meta_message(1, OLD_NUMBER, meta.USER_ID), session)
    await gateway.receive(build_number_change(user_id=NEW_USER), session)
    await gateway.receive(build_meta_message(2, None, NEW_USER), session)

    assert gateway.channel.bodies == ["1: text 1", "2: text 2"]
    assert gateway.receivers == [OLD_NUMBER, NEW_USER]


@pytest.mark.parametrize("change", ["number", "number and id", "id"])
async def test_what_leaves_after_a_change_goes_to_the_new_address(
    gateway: InboundGateway, change: str
) -> None:
    session = f"whatsapp:{meta.OURS}:{meta.USER_ID}"
    gateway.dialog.timeout = 3600
    await gateway.receive(build_meta_message(1, OLD_NUMBER, meta.USER_ID), session)
    gateway.channel.planned_failures.append((Unavailable("away"), False))
    await gateway.receive(build_meta_message(2, OLD_NUMBER, meta.USER_ID), session)
    events = {
        "number": build_number_change(),
        "number and id": build_number_change(user_id=NEW_USER),
        "id": build_id_update(NEW_USER),
    }[change]
    new = NEW_USER if change == "id" else NEW_NUMBER

    await gateway.inbox.accept(events)
    await gateway.process_when_due(session)  # the reply that waited
    assert await gateway.send(session, "a") is SendOutcome.QUEUED
    await gateway.processor.run(session)
    await gateway.redis.hset(f"tg:{{{session}}}", "inactivity", "1")
    await gateway.processor.run(session)

    assert gateway.channel.bodies[1:] == ["2: text 2", "offer a", "are you there?"]
    assert gateway.receivers == [OLD_NUMBER, new, new, new]


async def test_a_reply_of_unknown_outcome_is_looked_up_where_it_was_sent(gateway: InboundGateway) -> None:
    session = f"whatsapp:{meta.OURS}:{meta.USER_ID}"
    looked_up: list[str] = []
    find_sent = gateway.channel.find_sent

    async def record(reply: Any, http: object, **more: Any) -> Any:
        looked_up.append(reply.address.theirs)
        return await find_sent(reply, http, **more)

    gateway.channel.find_sent = record  # type: ignore[method-assign]
    gateway.channel.planned_failures.append((Unknown("lost"), False))
    await gateway.receive(build_meta_message(1, OLD_NUMBER, meta.USER_ID), session)
    await gateway.inbox.accept(build_number_change())
    await gateway.process_when_due(session)

    assert looked_up == [OLD_NUMBER]
    assert gateway.receivers == [NEW_NUMBER]


async def test_an_older_change_does_not_bring_the_old_address_back(gateway: InboundGateway) -> None:
    session = f"whatsapp:{meta.OURS}:{meta.USER_ID}"
    await gateway.receive(build_meta_message(1, OLD_NUMBER, meta.USER_ID, timestamp="1790000000"), session)
    await gateway.receive(build_meta_message(2, "12025550199", meta.USER_ID, timestamp="1790000900"), session)
    made = meta.build_message(
        "system", {"type": "user_changed_number", "wa_id": NEW_NUMBER}, id="wamid.S", timestamp="1790000500"
    )
    await gateway.inbox.accept(
        meta.build_channel().parse(meta.build_webhook(meta.build_batch(meta.build_value(made))))
    )
    await gateway.send(session, "a")
    await gateway.processor.run(session)

    assert gateway.receivers[-1] == "12025550199"


def build_change(number: int, old: str, new: str) -> list[Event]:
    """Build the events of a changed number where nobody has a user ID."""
    system = {"type": "user_changed_number", "wa_id": new}
    sent = {"id": f"wamid.S{number}", "timestamp": f"179000010{number}"}
    made = meta.build_message("system", system, **{"from": old, "from_user_id": None, **sent})
    return meta.build_channel().parse(meta.build_webhook(meta.build_batch(meta.build_value(made))))


async def test_a_contact_who_takes_the_former_number_back_continues(gateway: InboundGateway) -> None:
    session = f"whatsapp:{meta.OURS}:+{OLD_NUMBER}"
    await gateway.receive(build_meta_message(1, OLD_NUMBER, None), session)
    await gateway.receive(build_change(1, OLD_NUMBER, NEW_NUMBER), session)
    await gateway.receive(build_change(2, NEW_NUMBER, OLD_NUMBER), session)
    await gateway.receive(build_meta_message(2, OLD_NUMBER, None), session)

    assert gateway.channel.bodies == ["1: text 1", "2: text 2"]
    assert gateway.receivers == [OLD_NUMBER, OLD_NUMBER]


async def test_a_contact_who_moves_to_an_abandoned_number_continues(gateway: InboundGateway) -> None:
    third = "12025550177"
    sessions = [f"whatsapp:{meta.OURS}:+{each}" for each in (OLD_NUMBER, third)]
    await gateway.receive(build_meta_message(1, OLD_NUMBER, None), sessions[0])
    await gateway.receive(build_meta_message(2, third, None), sessions[1])
    await gateway.receive(build_change(1, OLD_NUMBER, NEW_NUMBER), sessions[0])
    await gateway.receive(build_change(2, third, OLD_NUMBER), sessions[1])
    await gateway.receive(build_meta_message(3, OLD_NUMBER, None), sessions[1])
    await gateway.receive(build_meta_message(4, NEW_NUMBER, None), sessions[0])

    assert gateway.channel.bodies == ["1: text 1", "1: text 2", "2: text 3", "2: text 4"]
    assert gateway.receivers[2:] == [OLD_NUMBER, NEW_NUMBER]


async def test_an_abandoned_number_is_a_new_contact(gateway: InboundGateway) -> None:
    session = f"whatsapp:{meta.OURS}:+{OLD_NUMBER}"
    await gateway.receive(build_meta_message(1, OLD_NUMBER, None), session)
    change = build_number_change()
    [moved] = change
    for _ in range(2):
        await gateway.inbox.accept([moved.model_copy(update={"id": "wamid.S"})])
    await gateway.inbox.accept(build_meta_message(2, OLD_NUMBER, None))
    await gateway.receive(build_meta_message(3, NEW_NUMBER, None), session)

    assert gateway.channel.bodies == ["1: text 1", "2: text 3"]
    [other] = [row.session for row in await SessionIndex(gateway.redis).list_pending(10)]
    assert other != session
    await gateway.processor.run(other)
    assert gateway.channel.bodies[-1] == "1: text 2"
