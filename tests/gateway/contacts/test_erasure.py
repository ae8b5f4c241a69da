"""Erasure of a contact: all data is removed, late events store none, and a receipt lists the removals."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from core.model import (
    Address,
    ControlAction,
    ControlReceived,
    DeliveryStatus,
    Event,
    Message,
    StatusChanged,
    Turn,
    TurnReceived,
)
from core.ports import TurnListener
from gateway.broadcasts.broadcast import Broadcast
from gateway.broadcasts.recipient_file import Recipient
from gateway.broadcasts.store import Broadcasts
from gateway.hooks.subscription import Content, create_subscription
from gateway.hooks.subscriptions import Subscriptions
from gateway.redis import rq_layout
from gateway.redis.connection.connect import open_redis
from gateway.redis.encryption.cipher import cipher_of, use_cipher
from gateway.redis.encryption.key_ring import generate_master_key, parse_encryption_keys
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.contact_export import export_contact
from gateway.redis.records.contacts.contact_search import ContactSearch
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.contacts.key_content import read_key
from gateway.redis.records.sessions.log.session_log import read_log
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.server.embedded_server import EmbeddedRedis
from gateway.webchat.text_stream import TextPublisher
from tests.channels.twilio.builders import ACCOUNT, build_channel, build_webhook
from tests.channels.whatsapp import builders as meta
from tests.gateway.environments.inbound import InboundGateway

DIGITS, USER, NAME, EMAIL = "15550102360", "US.98765432109876543210", "Zoe Quillfeather", "zoe@example.org"
NUMBER, TEXT, REPLY_MARK = f"+{DIGITS}", "my secret zebrafish", "zebrafish"
OURS = "+15550100001"
WHATSAPP = f"whatsapp:{meta.OURS}:{USER}"
SMS = f"twilio:{ACCOUNT}:{OURS}:{NUMBER}"
TICKET = "zendesk:acme:5159"
SPELLINGS = [
    NUMBER,
    DIGITS,
    "+1 555 010 2360",
    "+1 (555) 010-2360",
    "001 555 0102360",
    f"tel:{NUMBER}",
    f"whatsapp:{NUMBER}",
    USER,
]


def build_whatsapp_message(number: int) -> list[Event]:
    made = meta.build_message(value={"body": TEXT}, id=f"wamid.{number}") | {
        "from": DIGITS,
        "from_user_id": USER,
    }
    contact = {"profile": {"name": NAME}, "wa_id": DIGITS, "user_id": USER}
    return meta.build_channel().parse(
        meta.build_webhook(meta.build_batch(meta.build_value(made, contacts=[contact])))
    )


def build_sms(number: int) -> list[Event]:
    form = {"AccountSid": ACCOUNT, "To": OURS, "From": NUMBER, "Body": TEXT, "MessageSid": f"SM{number}"}
    return build_channel().parse(build_webhook(list(form.items())))


def build_comment(number: int) -> list[Event]:
    address = Address(channel="zendesk", account="acme", ours="acme", theirs="5159")
    turn = Turn(
        id=f"C{number}",
        session=TICKET,
        address=address,
        text=TEXT,
        profile_name=NAME,
        details={"user_id": "7700", "email": EMAIL.title()},
    )
    return [TurnReceived(turn=turn, author="zendesk:acme:user:7700", author_is_contact=True)]


@pytest.fixture
async def gateway(redis: Redis) -> AsyncIterator[InboundGateway]:
    made = InboundGateway(redis, ["twilio", "whatsapp", "zendesk"])
    yield made
    await made.mailbox.aclose()


@pytest.fixture
def durable_server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path / "data")
    server.start()
    yield server
    server.stop()


async def leave_traces_everywhere(gateway: InboundGateway) -> None:
    """Make the contact appear in every store: as text, name, number, user ID and e-mail address."""
    redis = gateway.redis
    hook = create_subscription(
        "https://crm.example.com/hook",
        name="crm",
        events=(),
        include=tuple(Content),
        private_hosts=(),
        now_ms=0,
    )
    await Subscriptions(redis).add(hook)
    broadcast = Broadcast(name="spring", channel="twilio", text="Hi {{ name }}")
    rows = [
        Recipient(line=2, to="+1 555 010 2360", variables={"name": NAME}),
        Recipient(line=3, to="+15550102361", variables={"name": "Somebody"}),
    ]
    broadcasts = Broadcasts(redis, ProtocolLimits())
    await broadcasts.start(broadcast, rows)
    await broadcasts.claim_sessions("spring", {0: SMS})
    await gateway.receive(build_whatsapp_message(1), WHATSAPP)
    await gateway.receive(build_sms(1), SMS)
    await gateway.receive(build_comment(1), TICKET)
    await gateway.inbox.accept(build_status("P1", reply_key=f"{meta.OURS}:{DIGITS}:wamid.1.0"))
    await gateway.inbox.accept(build_status("P9"))  # it comes before the send is recorded
    await gateway.inbox.accept(build_whatsapp_message(2))  # waits in the mailbox, with its job
    channels: Any = gateway.channels
    sender = ProactiveSender(redis, channels, ProtocolLimits())
    await sender.send(SMS, "own-o1", Message(text=f"offer for {NAME}"))
    seconds, _ = await redis.time()
    await sender.send(SMS, "own-o2", Message(text=f"later for {NAME}"), at_ms=(seconds + 3600) * 1000)
    await redis.xadd("tg:dead", {"session": SMS, "letter": f'{{"reason":"no","text":"{TEXT}"}}'})
    await redis.xadd("tg:hook_dead", {"hook": "crm", "session": SMS, "event": "{}"})
    await redis.hset("tg:alarms", "twilio:A", f'{{"reason":"{NUMBER} is blocked"}}')
    await redis.xadd("tg:quarantine", {"delivery": f'{{"path":"/webhooks/twilio/{DIGITS}"}}'})
    await redis.set("tg:own:{" + NUMBER + "}", TEXT)
    key = f"tg:{{{SMS}}}"
    await cast("Any", redis.rpush(f"{key}:held", f'{{"key":"h","body":"{TEXT}"}}'))
    await cast("Any", redis.hset(f"{key}:kept", "SMx", f'1 0 {{"body":"{TEXT}"}}'))
    await redis.xadd(f"{key}:text", {"text": TEXT})


def build_status(
    provider_id: str, kind: DeliveryStatus = DeliveryStatus.SENT, reply_key: str = ""
) -> list[Event]:
    return [StatusChanged(channel="whatsapp", provider_id=provider_id, status=kind, reply_key=reply_key)]


async def find_traces(redis: Redis) -> list[str]:
    """Return every key that has a byte of the contact's, in its name or its content."""
    found = []
    async for key in redis.scan_iter("*"):
        content = f"{key.decode()} {await read_key(redis, key.decode())!r}"
        if has_trace(content.encode()):
            found.append(key.decode())
    return found


def has_trace(content: bytes) -> bool:
    words = (DIGITS, USER, NAME, EMAIL, REPLY_MARK, base64.b64encode(DIGITS.encode()).decode())
    return any(word.lower().encode() in content.lower() for word in words)


@pytest.mark.parametrize("spelling", [*SPELLINGS, NAME, NAME.upper()])
async def test_a_contact_is_found_by_any_identifier_in_any_spelling(
    gateway: InboundGateway, spelling: str
) -> None:
    await gateway.receive(build_whatsapp_message(1), WHATSAPP)
    await gateway.receive(build_sms(1), SMS)

    assert (await ContactSearch(gateway.redis).find(spelling)).sessions == (SMS, WHATSAPP)


@pytest.mark.parametrize("spelling", [EMAIL, EMAIL.upper(), "7700", NAME, NAME.lower(), TICKET])
async def test_a_tickets_requester_is_found(gateway: InboundGateway, spelling: str) -> None:
    await gateway.receive(build_comment(1), TICKET)

    assert (await ContactSearch(gateway.redis).find(spelling)).sessions == (TICKET,)


@pytest.mark.parametrize("other", ["+15550102361", OURS, meta.OURS, "US.1", "Zoe", "acme", "+5159", ACCOUNT])
async def test_nobody_else_is_found(gateway: InboundGateway, other: str) -> None:
    """The business's own side of a conversation is not its contact."""
    await gateway.receive(build_whatsapp_message(1), WHATSAPP)
    await gateway.receive(build_sms(1), SMS)

    assert (await ContactSearch(gateway.redis).find(other)).sessions == ()
    assert (await ContactErasure(gateway.redis).erase(other)).is_empty


@pytest.mark.parametrize("spelling", [NUMBER, "+1 555 010 2360", SMS])
async def test_what_outlived_the_session_is_found(redis: Redis, spelling: str) -> None:
    use_cipher(redis, parse_encryption_keys(generate_master_key()))
    sealer = await cipher_of(redis).sealer()
    for session in (SMS, f"{SMS}9"):
        reply = sealer.stored_reply(session, f'{{"key":"1","body":"{TEXT}"}}'.encode()).decode()
        await redis.xadd("tg:dead", {"session": session, "letter": f'{{"reason":"no","reply":{reply}}}'})
        await redis.xadd("tg:hook_dead", {"hook": "crm", "session": session, "event": "{}"})

    exported = await export_contact(redis, spelling)
    assert exported is not None
    [letter] = exported["records"]["dead letters"]
    assert TEXT in str(letter)
    assert (await ContactErasure(redis).erase(spelling)).removed == {"dead letters": 1, "hook events": 1}
    assert [await redis.xlen(stream) for stream in ("tg:dead", "tg:hook_dead")] == [1, 1]


@pytest.mark.long
async def test_nothing_of_the_contact_stays(gateway: InboundGateway) -> None:
    await leave_traces_everywhere(gateway)
    assert len(await find_traces(gateway.redis)) > 20

    receipt = await ContactErasure(gateway.redis).erase(NUMBER)
    await ContactErasure(gateway.redis).erase(EMAIL)

    assert await find_traces(gateway.redis) == []
    assert receipt.sessions == 2
    assert set(receipt.removed) >= {
        "broadcast rows",
        "dead letters",
        "dialog states",
        "held replies",
        "hook events",
        "identity links",
        "queued jobs",
        "kept replies",
        "log entries",
        "message records",
        "pieces of streamed text",
        "provider errors",
        "rejected webhooks",
        "scheduled messages",
        "sessions",
        "unsent replies",
        "waiting messages",
    }


async def test_other_contacts_keep_their_data(gateway: InboundGateway) -> None:
    await leave_traces_everywhere(gateway)
    other = f"twilio:{ACCOUNT}:{OURS}:+15550102361"
    form = {"AccountSid": ACCOUNT, "To": OURS, "From": "+15550102361", "Body": "hello", "MessageSid": "SM7"}
    await gateway.receive(build_channel().parse(build_webhook(list(form.items()))), other)
    await ContactErasure(gateway.redis).erase(NUMBER)

    assert await gateway.kinds(other) == ["accepted", "claimed", "committed", "said", "sending", "sent"]
    rows = await Broadcasts(gateway.redis, ProtocolLimits()).read_rows("spring", 0, 10)
    assert [(row.line, row.to) for row in rows] == [(2, ""), (3, "+15550102361")]
    assert rows[0].problem == "the contact's data was erased"
    assert (await ContactSearch(gateway.redis).find("+15550102361")).sessions == (other,)


@pytest.mark.parametrize("kind", [DeliveryStatus.DELIVERED, DeliveryStatus.FAILED])
async def test_a_late_status_is_not_stored(gateway: InboundGateway, kind: DeliveryStatus) -> None:
    await gateway.receive(build_whatsapp_message(1), WHATSAPP)
    await ContactErasure(gateway.redis).erase(NUMBER)
    before = sorted([key async for key in gateway.redis.scan_iter("*")])

    await gateway.inbox.accept(build_status("P1", kind, reply_key=f"{meta.OURS}:{DIGITS}:wamid.1.0"))

    after = {key async for key in gateway.redis.scan_iter("*")} - {b"tg:counts"}
    assert {key for key in after if not key.startswith(b"tg:statuses")} <= set(before)


async def test_a_redelivered_webhook_is_not_taken_again(gateway: InboundGateway) -> None:
    await gateway.receive(build_whatsapp_message(1), WHATSAPP)
    await gateway.receive(build_sms(1), SMS)
    await ContactErasure(gateway.redis).erase(NUMBER)

    for events in (build_whatsapp_message(1), build_sms(1)):
        await gateway.inbox.accept(events)

    assert await find_traces(gateway.redis) == []


async def test_a_new_message_begins_a_new_conversation(gateway: InboundGateway) -> None:
    await gateway.receive(build_whatsapp_message(1), WHATSAPP)
    await ContactErasure(gateway.redis).erase(NUMBER)
    await gateway.receive(build_whatsapp_message(2), WHATSAPP)

    assert gateway.channel.bodies == [f"1: {TEXT}", f"1: {TEXT}"]


async def test_a_worker_that_sends_meanwhile_writes_nothing_back(gateway: InboundGateway) -> None:
    """The contact is erased while the provider takes the reply; its status comes later."""
    await gateway.inbox.accept(build_whatsapp_message(1))
    claim = await gateway.mailbox.claim(WHATSAPP)
    assert claim is not None
    erasing: list[Any] = []
    original = gateway.channel.send

    async def send(reply: Any, http: object) -> Any:
        sent = await original(reply, http)
        erasing.append(await ContactErasure(gateway.redis).erase(NUMBER))
        return sent

    gateway.channel.send = send  # type: ignore[method-assign]
    await gateway.processor.process_claim(claim)
    await gateway.inbox.accept(build_status("P1", DeliveryStatus.DELIVERED))

    assert not erasing[0].is_empty
    assert await find_traces(gateway.redis) == []
    assert await gateway.redis.exists("tg:message:whatsapp:P1") == 0


async def test_of_an_opt_out_only_a_marker_stays(gateway: InboundGateway) -> None:
    await gateway.receive(build_sms(1), SMS)
    address = Address(channel="twilio", account=ACCOUNT, ours=OURS, theirs=NUMBER)
    stop = ControlReceived(id="c", session=SMS, address=address, act=ControlAction.OPT_OUT)
    await gateway.inbox.accept([stop])
    receipt = await ContactErasure(gateway.redis).erase(NUMBER)
    await gateway.receive(build_sms(2), SMS)

    assert receipt.opt_outs_kept == 1
    assert len(gateway.channel.bodies) == 1
    exported = await export_contact(gateway.redis, NUMBER)
    assert exported is not None
    assert exported["sessions"][0]["opt_out"] == "all"


async def test_the_text_of_a_message_that_the_contact_deleted_leaves_the_log(
    gateway: InboundGateway,
) -> None:
    for number in (1, 2):
        await gateway.receive(build_whatsapp_message(number), WHATSAPP)
    deleted = meta.build_message(
        "revoke", {"original_message_id": "wamid.1"}, id="wamid.3", from_user_id=USER
    ) | {"from": DIGITS}
    await gateway.receive(
        meta.build_channel().parse(
            meta.build_webhook(meta.build_batch(meta.build_value(deleted, contacts=[])))
        ),
        WHATSAPP,
    )

    entries = await read_log(gateway.redis, WHATSAPP)
    accepted = [entry.data["turn"] for entry in entries if entry.kind == "accepted"]
    assert accepted == ["wamid.2"]
    assert [entry.data["redacted"] for entry in entries if entry.kind == "activity"] == [True]


@pytest.mark.long
async def test_the_files_of_the_server_have_nothing_of_the_contact(durable_server: EmbeddedRedis) -> None:
    async with open_redis(durable_server.url) as redis:
        gateway = InboundGateway(redis, ["twilio", "whatsapp", "zendesk"])
        await leave_traces_everywhere(gateway)
        await redis.bgsave()  # an operator's own snapshot
        await redis.config_set("appendfsync", "always")
        erasure = ContactErasure(redis)
        receipts = [await erasure.erase(NUMBER), await erasure.erase(EMAIL)]
        await gateway.mailbox.aclose()

    durable_server.stop()  # it deletes the former file in the background, and waits for that
    assert all(receipt.is_complete for receipt in receipts)
    assert set(receipts[0].files) == {"append_only_file", "snapshot"}
    files = [path for path in durable_server.folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".aof" for path in files)
    assert [path.name for path in files if has_trace(path.read_bytes())] == []


@pytest.mark.long
async def test_an_export_has_everything_that_an_erasure_deletes(gateway: InboundGateway) -> None:
    await leave_traces_everywhere(gateway)

    exported = await export_contact(gateway.redis, NUMBER)
    assert exported is not None
    assert [session["id"] for session in exported["sessions"]] == [SMS, WHATSAPP]
    assert exported["sessions"][0]["log"][0]["d"]["text"] == TEXT
    assert exported["sessions"][1]["mailbox"][0]["text"] == TEXT
    receipt = await ContactErasure(gateway.redis).erase(NUMBER)
    of_sessions = {"sessions", "dialog states", "log entries", "queued jobs"}
    assert {each for each in receipt.removed if each.endswith(("records", "events", "rows", "letters"))} <= (
        set(exported["records"]) | of_sessions
    )
    assert await export_contact(gateway.redis, NUMBER) is None


async def test_a_job_that_is_being_run_only_loses_the_name(gateway: InboundGateway) -> None:
    """RQ ends it; a failed one is deleted with its place in RQ's registry."""
    redis = gateway.redis
    call = f'["{rq_layout.JOB_FUNCTION}", null, ["{SMS}"], {{}}]'
    await gateway.receive(build_sms(1), SMS)
    for job, state in (("a", "started"), ("b", "failed")):
        await redis.hset(f"{rq_layout.JOB_KEY_PREFIX}{job}", mapping={"data": call, "status": state})
    await redis.zadd(rq_layout.failed_jobs_key(), {"b": 1})
    receipt = await ContactErasure(redis).erase(NUMBER)

    assert receipt.removed["jobs"] == 3  # one is the session's own, which is queued
    assert await find_traces(redis) == []
    assert await redis.hget(f"{rq_layout.JOB_KEY_PREFIX}a", "status") == b"started"
    assert await redis.zcard(rq_layout.failed_jobs_key()) == 0


async def test_a_worker_that_streams_its_text_writes_nothing_back(gateway: InboundGateway) -> None:
    address = Address(channel="web", account="web", ours="web", theirs="ada")
    turn = Turn(id="1", session="web:ada", address=address, text=TEXT, streamed=True)
    await gateway.inbox.accept([TurnReceived(turn=turn)])
    await gateway.mailbox.claim("web:ada")
    publisher = TextPublisher(gateway.redis, turn, TurnListener())
    publisher.on_text(TEXT)
    await publisher.finish()
    assert await gateway.redis.xlen("tg:{web:ada}:text") == 1

    await ContactErasure(gateway.redis).erase("web:ada")
    publisher.on_text(TEXT)
    await publisher.finish()

    assert await find_traces(gateway.redis) == []
