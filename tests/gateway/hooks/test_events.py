"""Events: their types, their content, and the step that stores them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from redis.asyncio import Redis
from standardwebhooks import Webhook

from core.errors import Rejected
from core.model import (
    ControlAction,
    ControlReceived,
    DeliveryStatus,
    Message,
    OptOutScope,
    StatusChanged,
    TurnReceived,
)
from gateway.hooks.event_types import EVENT_TYPES
from gateway.hooks.payload import encode_body, sign
from gateway.hooks.subscription import Content, create_subscription
from gateway.hooks.subscriptions import Subscriptions
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.hook_events import HookEvent
from gateway.redis.sending.outbox import ProactiveSender
from tests.core.rig import SESSION, Rig
from tests.fakes import ADDRESS, build_turn
from tests.gateway.environments.broadcasts import SPRING, BroadcastRig, build_rows
from tests.gateway.hooks.receiver import Receiver
from tests.gateway.hooks.setup import running_hook, subscribe

URL = "https://crm.example.com/hooks"
CONTACT_DATA = (ADDRESS.theirs, SESSION, "my secret words", "Grace")


async def _run_whole_life(rig: Rig) -> None:
    """Cause every kind of event in a session."""
    await rig.accept_turns(1, text="my secret words")
    await rig.process()
    for status in (DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ):
        await rig.inbox.accept([StatusChanged(channel="fake", provider_id="P1", status=status)])
    rig.channel.planned_failures = [(Rejected(f"{ADDRESS.theirs} is not valid", code="21211"), False)]
    await rig.accept_turns(2)
    await rig.process()
    await rig.accept_action(ControlAction.TAKE_OVER)
    await rig.accept_action(ControlAction.OPT_OUT, "C2")
    await rig.inbox.accept(
        [
            ControlReceived(
                id="C3",
                session=SESSION,
                address=ADDRESS,
                act=ControlAction.OPT_OUT,
                actor="Grace",
                scope=OptOutScope.ALL,
            )
        ]
    )


async def _read_entries(redis: Redis, stream: str = "tg:events") -> list[tuple[bytes, dict[bytes, bytes]]]:
    rows: Any = await redis.xrange(stream)
    return list(rows)


async def _receive_events(redis: Redis, receiver: Receiver, **options: object) -> list[dict[str, Any]]:
    rig = Rig(redis)
    async with running_hook(redis, receiver, **options) as crm:  # type: ignore[arg-type]
        await _run_whole_life(rig)
        await crm.delivery.deliver_all()
    return receiver.events


async def test_every_event_of_a_session_is_shown(redis: Redis, receiver: Receiver) -> None:
    events = await _receive_events(redis, receiver)
    assert [event["type"] for event in events] == [
        "message.received",
        "reply.sent",
        "reply.delivered",
        "reply.read",
        "message.received",
        "reply.failed",
        "dead_letter.added",
        "owner.changed",
        "optout.changed",
    ]
    data = [event["data"] for event in events]
    assert (data[0]["message_id"], data[1]["provider_id"], data[2]["provider_id"]) == ("M1", "P1", "P1")
    assert data[1]["reply"].startswith("M1")
    assert (data[5]["code"], data[5]["reason"]) == ("21211", "[number] is not valid")
    assert data[6]["failure"] == "permanent"
    assert data[6]["dead_letter"] == (await _read_entries(redis, "tg:dead"))[0][0].decode()
    assert (data[7]["previous"], data[7]["owner"], data[8]["scope"]) == ("bot", "human", "all")
    assert {(each["channel"], each["account"]) for each in data} == {("fake", "A1")}
    assert len({each["session_ref"] for each in data}) == 1


async def test_personal_data_is_neither_sent_nor_stored_unless_asked_for(
    redis: Redis, receiver: Receiver
) -> None:
    rig = Rig(redis)
    await subscribe(redis, receiver)
    await _run_whole_life(rig)
    stored = await _read_entries(redis)
    assert "my secret words" not in str(stored)
    assert "Grace" not in str(stored)
    assert all(fields[b"c"] == b"" for _, fields in stored)

    await redis.flushall()
    events = await _receive_events(redis, receiver)
    assert not [word for word in CONTACT_DATA if word in json.dumps(events)]


async def test_a_subscription_may_ask_for_text_and_contact(redis: Redis, receiver: Receiver) -> None:
    events = await _receive_events(redis, receiver, include=list(Content))
    data = events[0]["data"]
    assert (data["text"], data["session"], data["contact"]) == ("my secret words", SESSION, ADDRESS.theirs)


async def test_one_subscription_does_not_get_the_data_that_another_asks_for(
    redis: Redis, receiver: Receiver
) -> None:
    async with Receiver().running() as other:
        await subscribe(redis, other, name="all", include=list(Content))
        events = await _receive_events(redis, receiver)
    assert not [word for word in CONTACT_DATA if word in json.dumps(events)]


async def test_only_the_types_that_are_asked_for_are_stored(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    await subscribe(redis, receiver, events=["reply.sent", "owner.changed"])
    await _run_whole_life(rig)
    assert {fields[b"k"] for _, fields in await _read_entries(redis)} == {
        b"reply.sent",
        b"owner.changed",
    }


async def test_without_a_subscription_nothing_is_stored(redis: Redis) -> None:
    await _run_whole_life(Rig(redis))
    assert await redis.keys("tg:hook*") == []
    assert await redis.exists("tg:events") == 0


async def test_a_removed_subscription_leaves_nothing(redis: Redis, receiver: Receiver) -> None:
    await subscribe(redis, receiver)
    await _run_whole_life(Rig(redis))
    assert await Subscriptions(redis).remove("crm")
    assert await redis.keys("tg:hook*") == []
    assert await redis.exists("tg:events") == 0


async def test_a_duplicate_is_not_a_second_event(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    await subscribe(redis, receiver)
    await rig.accept_turns(1)
    await rig.accept_turns(1)
    assert await redis.xlen("tg:events") == 1


async def test_a_persons_message_from_the_console_is_a_take_over(redis: Redis, receiver: Receiver) -> None:
    rig = Rig(redis)
    await rig.accept_turns(1)
    await subscribe(redis, receiver, events=["owner.changed"])
    sender = ProactiveSender(redis, {"fake": rig.channel}, ProtocolLimits())
    await sender.send(SESSION, "agent-1", Message(text="hello"), voice="person")
    [(_, fields)] = await _read_entries(redis)
    assert json.loads(fields[b"d"]) == {"owner": "human", "previous": "bot"}


async def test_erasure_deletes_the_events_of_a_contact_in_every_state(
    redis: Redis, receiver: Receiver
) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver, events=["message.received"]) as crm:
        other = build_turn(5, "fake:2")
        address = other.address.model_copy(update={"theirs": "+15550199"})
        await rig.inbox.accept([TurnReceived(turn=other.model_copy(update={"address": address}))])
        for number, status in enumerate((500, 400)):
            receiver.default_status = status
            await rig.accept_turns(number)
            await crm.delivery.deliver_all()
        event = HookEvent(id="1-0", kind="reply.sent", session=SESSION)
        await redis.xadd(
            "tg:hook_dead", {"hook": "crm", "session": SESSION, "event": event.model_dump_json()}
        )
        await rig.accept_turns(3)
        waiting = await redis.hlen("tg:hook:crm:waiting")

        await ContactErasure(redis).erase(SESSION, 0)

        assert waiting > await redis.hlen("tg:hook:crm:waiting")
        everything = [str(await redis.hgetall("tg:hook:crm:waiting"))]
        everything += [str(await redis.xrange(stream)) for stream in ("tg:events", "tg:hook_dead")]
        assert f"{SESSION}'" not in str(everything)
        assert f'{SESSION}"' not in str(everything)
        receiver.default_status = 200
        await crm.run_for(3600, step=60)
    assert [event["data"]["message_id"] for event in receiver.events] == ["M5"]


async def test_an_event_in_progress_of_an_erased_contact_is_not_kept(
    redis: Redis, receiver: Receiver
) -> None:
    rig = Rig(redis)
    async with running_hook(redis, receiver) as crm:
        receiver.default_status = 500
        await rig.accept_turns(1)
        original = crm.delivery._try

        async def erase_first(event: HookEvent) -> object:
            await ContactErasure(redis).erase(SESSION, 0)
            return await original(event)

        crm.delivery._try = erase_first  # type: ignore[method-assign, assignment]
        await crm.delivery.deliver_batch()
    assert await redis.hlen("tg:hook:crm:waiting") == 0
    assert await redis.xlen("tg:hook_dead") == 0


async def test_accept_stays_one_call_with_a_subscription(redis: Redis, receiver: Receiver) -> None:
    """The acknowledgement waits for one script, and no command beside it."""
    rig = Rig(redis)
    await rig.accept_turns(1)
    for subscribed in (False, True):
        if subscribed:
            await subscribe(redis, receiver)
        before = await redis.info("commandstats")
        await rig.inbox.accept([TurnReceived(turn=build_turn(10 + subscribed, SESSION, ""))])
        after = await redis.info("commandstats")
        calls = {
            name: after[name]["calls"] - before.get(name, {"calls": 0})["calls"]
            for name in ("cmdstat_evalsha", "cmdstat_eval")
            if name in after
        }
        assert sum(calls.values()) == 1


def test_the_public_library_verifies_with_each_secret_while_it_is_rotated() -> None:
    now = 1_900_000_000_000
    hook = create_subscription(URL, name="crm", events=(), include=(), private_hosts=(), now_ms=now)
    rotated = hook.rotate(now, 3_600_000)
    body = encode_body(HookEvent(id="1795400000000-3", kind="reply.sent", session="s"), rotated)
    headers = sign(body, "evt_1795400000000_3", rotated.valid_secrets(now), now)
    assert len(headers["webhook-signature"].split()) == 2
    later = rotated.valid_secrets(now + 3_600_001)
    assert later == [rotated.secrets[0].value] != [hook.secrets[0].value]
    assert len(rotated.rotate(now + 1, 10**9).valid_secrets(now + 2)) == 3
    assert rotated.rotate(now + 1, 10**9).secrets[2].until_ms == now + 3_600_000  # no old one lives longer


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_a_payload_has_no_field_that_the_table_does_not_name(kind: str) -> None:
    hook = create_subscription(URL, name="", events=(), include=(), private_hosts=(), now_ms=0)
    assert hook.name == "crm.example.com"
    data = {"text": "words", "profile_name": "Ada", "code": "1", "key": "k", "id": "P1", "owner": "human"}
    event = HookEvent(id="1-0", kind=kind, session="s", account="fake:A1", data=data)
    sent = json.loads(encode_body(event, hook))["data"]
    assert set(sent) <= {"session_ref", "channel", "account", *EVENT_TYPES[kind].fields} - {"text"}


def test_a_providers_reason_names_nobody_unless_the_contact_is_asked_for() -> None:
    reason = "ada@example.com (555 01 70) is blocked, see https://api.example.com/x?token=abc"
    event = HookEvent(id="1-0", kind="reply.failed", session="s", data={"reason": reason})
    reasons = []
    for include in ((), (Content.CONTACT,)):
        hook = create_subscription(URL, name="", events=(), include=include, private_hosts=(), now_ms=0)
        reasons.append(json.loads(encode_body(event, hook))["data"]["reason"])

    assert reasons == ["[address] ([number]) is blocked, see https://api.example.com/x?[…]", reason]


def test_a_signature_is_of_standard_webhooks() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the example of the specification
    headers = sign(b'{"test": 2432232314}', "msg_p5jXN8AQM9LWM0D4loKWxJek", [secret], 1_614_265_330_000)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert Webhook(secret)


async def test_the_progress_of_a_broadcast_is_reported(redis: Redis, receiver: Receiver) -> None:
    rig = BroadcastRig(redis)
    async with running_hook(redis, receiver) as crm:
        await rig.store.start(SPRING, build_rows(4))
        await rig.run()
        await crm.delivery.deliver_all()
    told = [each["data"] for each in receiver.events if each["type"] == "broadcast.progress"]
    assert [each["state"] for each in told] == ["running", "finished"]
    assert told[-1]["broadcast"] == "spring"
    assert told[-1]["counts"] == {"total": 4, "processed": 4, "queued": 4, "scheduled": 0, "skipped": 0}
    assert "session_ref" not in told[-1]
    await rig.gateway.mailbox.aclose()
