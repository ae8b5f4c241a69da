"""Erasure of a contact: all data is removed, late events store none, and a receipt lists the removals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.model import Address, ControlAction, ControlReceived, DeliveryStatus, Turn, TurnReceived
from core.ports import TurnListener
from gateway.broadcasts.store import Broadcasts
from gateway.redis import rq_layout
from gateway.redis.connection.connect import open_redis
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.contact_export import export_contact
from gateway.redis.records.contacts.contact_search import ContactSearch
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.sessions.log.session_log import read_log
from gateway.redis.server.embedded_server import EmbeddedRedis
from gateway.webchat.text_stream import TextPublisher
from tests.channels.twilio.builders import ACCOUNT, build_channel, build_webhook
from tests.channels.whatsapp import builders as meta
from tests.gateway.contacts.traces import (
    DIGITS,
    EMAIL,
    NUMBER,
    OURS,
    SMS,
    TEXT,
    USER,
    WHATSAPP,
    build_sms,
    build_status,
    build_whatsapp_message,
    find_traces,
    has_trace,
    leave_traces_everywhere,
)
from tests.gateway.environments.inbound import InboundGateway


@pytest.fixture
def durable_server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path / "data")
    server.start()
    yield server
    server.stop()


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
