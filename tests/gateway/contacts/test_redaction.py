"""Redaction of one message: its text is removed from all stored data, and the session continues."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest
from pydantic_core import to_json
from redis.asyncio import Redis

from core.errors import StorageUnavailable
from core.model import Event, Message
from flows.document import Flow
from flows.engine import DialogMachine
from gateway.hooks.subscription import Content, create_subscription
from gateway.hooks.subscriptions import Subscriptions
from gateway.middleware.inbox.text_index import TextIndex
from gateway.redis.encryption.cipher import cipher_of, use_cipher
from gateway.redis.encryption.key_ring import generate_master_key, parse_encryption_keys
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.contact_export import export_contact
from gateway.redis.records.contacts.key_content import read_key
from gateway.redis.records.operators.kept_webhooks import KeptWebhook, KeptWebhooks
from gateway.redis.records.redaction.message_redaction import MessageRedaction
from gateway.redis.records.redaction.redacted_words import MARK
from gateway.redis.records.sessions.search.conversation_search import ConversationSearch
from gateway.redis.records.sessions.search.text_words import WordDigests
from gateway.redis.records.sessions.search.word_index import WordIndex
from gateway.redis.sending.outbox import ProactiveSender
from tests.channels.whatsapp import builders as meta
from tests.flows.conversation import document, edge, input_schema, node
from tests.gateway.environments.inbound import InboundGateway

DIGITS, USER = "15550102360", "US.98765432109876543210"
SESSION = f"whatsapp:{meta.OURS}:{USER}"
SECRET = "it is Zebrafish-4711 really"
CODE = "Zebrafish-4711"
FLOW = document(
    node(
        "code",
        "What is the code?",
        edges=[
            edge(
                "given",
                "name",
                input_schema=input_schema(code={"type": "string", "pattern": "^Zebrafish-[0-9]+$"}),
            )
        ],
    ),
    node(
        "name",
        "Thanks for {{ code }}. Your name?",
        edges=[edge("given", "end", input_schema=input_schema(name={"type": "string"}))],
    ),
    node("end", "Bye {{ name }}."),
)


def build_message(number: int, text: str) -> list[Event]:
    made = meta.build_message(value={"body": text}, id=f"wamid.{number}") | {
        "from": DIGITS,
        "from_user_id": USER,
    }
    return meta.build_channel().parse(
        meta.build_webhook(meta.build_batch(meta.build_value(made, contacts=[])))
    )


def build_deletion(of: int) -> list[Event]:
    content = {"original_message_id": f"wamid.{of}"}
    made = meta.build_message("revoke", content, id=f"wamid.d{of}", from_user_id=USER) | {"from": DIGITS}
    return meta.build_channel().parse(
        meta.build_webhook(meta.build_batch(meta.build_value(made, contacts=[])))
    )


def make_gateway(redis: Redis) -> InboundGateway:
    return InboundGateway(redis, ["whatsapp"], dialog=DialogMachine(Flow.model_validate(FLOW), "rules"))


async def leave_words_everywhere(gateway: InboundGateway) -> None:
    """Let a message be answered, and its words be in every store of the session."""
    redis, key = gateway.redis, f"tg:{{{SESSION}}}"
    hook = create_subscription(
        "https://crm.example.com/hook",
        name="crm",
        events=(),
        include=tuple(Content),
        private_hosts=(),
        now_ms=0,
    )
    await Subscriptions(redis).add(hook)
    words = WordIndex(redis, ProtocolLimits())
    await gateway.receive(build_message(1, "hello"), SESSION)
    await TextIndex(gateway.inbox, words).accept(build_message(2, SECRET))
    await words.flush()
    await gateway.processor.run(SESSION)
    channels: Any = gateway.channels
    sender = ProactiveSender(redis, channels, ProtocolLimits())
    seconds, _ = await redis.time()
    await sender.send(SESSION, "own-late", Message(text=f"You said: {SECRET}"), at_ms=(seconds + 3600) * 1000)
    await sender.send(SESSION, "own-now", Message(text=f"again {CODE}"))
    sealer = await cipher_of(redis).sealer()
    reply = sealer.stored_reply(SESSION, json.dumps({"key": "h", "body": f"held {CODE}"}).encode())
    await cast("Any", redis.rpush(f"{key}:held", reply))
    await cast("Any", redis.hset(f"{key}:kept", "SMx", b"1 0 " + reply))
    await redis.xadd(f"{key}:text", {"text": SECRET})
    letter = {"reason": "no", "reply": json.loads(reply)}
    await redis.xadd("tg:dead", {"session": SESSION, "letter": to_json(letter)})
    kept = KeptWebhook(
        at_ms=seconds * 1000, messages=("wamid.2",), method="POST", path="/", body=SECRET, size=9
    )
    await KeptWebhooks(redis, hours=1).add(SESSION, kept)


async def find_traces(redis: Redis) -> list[str]:
    """Return the keys that have a byte of the words, deleted entries of streams included."""
    await redis.config_set("rdbcompression", "no")
    found = []
    async for key in redis.scan_iter("*"):
        content = (await redis.dump(key) or b"") + repr(await read_key(redis, key.decode())).encode()
        if b"zebrafish" in content.lower():
            found.append(key.decode())
    return found


async def test_no_byte_of_a_deleted_message_stays_and_the_dialog_continues(redis: Redis) -> None:
    gateway = make_gateway(redis)
    await leave_words_everywhere(gateway)
    assert len(await find_traces(redis)) >= 10
    await gateway.receive(build_deletion(2), SESSION)

    assert await find_traces(redis) == []
    state = await gateway.state(SESSION)
    assert [line["content"] for line in state["history"]][-2:] == [MARK, f"Thanks for {MARK}. Your name?"]
    assert state.get("slots", {}) == {}
    assert (state["node"], "activity" in await gateway.kinds(SESSION)) == ("name", True)
    digests = await WordDigests(redis).of("zebrafish")
    assert await ConversationSearch(redis).search("zebrafish", ["whatsapp"], digests) == []
    await gateway.receive(build_message(3, "Ada"), SESSION)
    assert gateway.channel.bodies[-1] == "Bye Ada."


@pytest.mark.parametrize("is_encrypted", [False, True])
@pytest.mark.parametrize(
    ("kind", "content", "slots"),
    [
        (
            "location",
            {"latitude": 47.497913, "longitude": 19.040236, "name": "Zebrafish Park", "address": "Reed 4"},
            {"where": {"latitude": 47.497913, "longitude": 19.040236, "name": "Zebrafish Park"}},
        ),
        (
            "contacts",
            [{"name": {"formatted_name": "Zebrafish"}, "phones": [{"phone": "+47497913"}]}],
            {"friend": "Zebrafish"},
        ),
        (
            "order",
            {"catalog_id": "1", "product_items": [{"product_retailer_id": "zebrafish", "quantity": 2}]},
            {"wanted": "zebrafish"},
        ),
        (
            "interactive",
            {
                "type": "nfm_reply",
                "nfm_reply": {
                    "name": "flow",
                    "body": "Sent",
                    "response_json": '{"pet": "zebrafish", "at": 9}',
                },
            },
            {"pet": "Zebrafish"},
        ),
    ],
)
async def test_what_was_shared_or_filled_in_is_redacted_with_the_slots_that_they_filled(
    redis: Redis, kind: str, content: object, slots: dict[str, Any], is_encrypted: bool
) -> None:
    if is_encrypted:
        use_cipher(redis, parse_encryption_keys(generate_master_key()))
    gateway = make_gateway(redis)
    made = meta.build_message(kind, content, id="wamid.1", from_user_id=USER) | {"from": DIGITS}
    events = meta.build_channel().parse(
        meta.build_webhook(meta.build_batch(meta.build_value(made, contacts=[])))
    )
    await gateway.receive(events, SESSION)
    exported = json.dumps(await export_contact(redis, SESSION))
    sealer = await cipher_of(redis).sealer()
    state = sealer.record(SESSION, json.dumps({"slots": slots, "filled": list(slots)}).encode(), frozenset())
    await cast("Any", redis.hset(f"tg:{{{SESSION}}}", "state", state))
    await gateway.receive(build_deletion(1), SESSION)

    left = json.dumps(await export_contact(redis, SESSION)).lower()
    assert "zebrafish" in exported.lower()
    assert ("zebrafish" in left, "47.497913" in left, "47497913" in left) == (False, False, False)


async def test_what_is_encrypted_is_redacted_too(redis: Redis) -> None:
    use_cipher(redis, parse_encryption_keys(generate_master_key()))
    gateway = make_gateway(redis)
    await leave_words_everywhere(gateway)
    before = json.dumps(await export_contact(redis, SESSION))
    await gateway.receive(build_deletion(2), SESSION)
    after = json.dumps(await export_contact(redis, SESSION))

    assert (before.count("Zebrafish") > 5, after.count("Zebrafish"), after.count(MARK) > 3) == (True, 0, True)


async def test_a_message_that_waits_is_not_answered(redis: Redis) -> None:
    gateway = make_gateway(redis)
    await gateway.receive(build_message(1, "hello"), SESSION)
    await gateway.inbox.accept(build_message(2, SECRET))
    await gateway.receive(build_deletion(2), SESSION)

    assert len(gateway.channel.bodies) == 1
    assert await redis.exists(f"tg:{{{SESSION}}}:mail") == 0
    await gateway.receive(build_message(3, CODE), SESSION)
    assert "Thanks for" in gateway.channel.bodies[-1]


async def test_a_worker_that_answers_it_meanwhile_writes_nothing_back(redis: Redis) -> None:
    gateway = make_gateway(redis)
    await gateway.receive(build_message(1, "hello"), SESSION)
    await gateway.inbox.accept(build_message(2, SECRET))
    claim = await gateway.mailbox.claim(SESSION)
    assert claim is not None
    await gateway.inbox.accept(build_deletion(2))
    await gateway.processor.process_claim(claim)
    await gateway.processor.run(SESSION)

    assert await find_traces(redis) == []
    assert len(gateway.channel.bodies) == 1
    await gateway.mailbox.aclose()


async def test_a_worker_may_finish_first(redis: Redis) -> None:
    gateway = make_gateway(redis)
    await gateway.receive(build_message(1, "hello"), SESSION)
    await gateway.inbox.accept(build_message(2, SECRET))
    claim = await gateway.mailbox.claim(SESSION)
    assert claim is not None
    redaction = MessageRedaction(redis, ProtocolLimits(), lease_seconds=30)
    redacting = asyncio.create_task(redaction.redact(SESSION, "wamid.2"))
    await gateway.processor.process_claim(claim)
    result = await redacting

    assert result.sessions == (SESSION,)
    assert len(gateway.channel.bodies) == 2
    assert await find_traces(redis) == []
    await gateway.mailbox.aclose()


async def test_what_a_worker_writes_after_the_lease_was_over_stays(redis: Redis) -> None:
    gateway = make_gateway(redis)

    class SlowRedaction(MessageRedaction):
        """A redaction that outlasts its lease, during which the next message is answered."""

        async def _clean(self, session: str, key: str, *rest: Any) -> int:
            if key.endswith(":log") and "Bye Ada." not in gateway.channel.bodies:
                await gateway.receive(build_message(3, "Ada"), SESSION)
            return await super()._clean(session, key, *rest)

    await gateway.receive(build_message(1, "hello"), SESSION)
    await gateway.receive(build_message(2, SECRET), SESSION)
    await SlowRedaction(redis, ProtocolLimits(lease_ms=1)).redact(SESSION, "wamid.2")

    assert gateway.channel.bodies[-1] == "Bye Ada."
    assert (await gateway.state(SESSION))["node"] == "end"
    assert await find_traces(redis) == []


async def test_a_reply_is_redacted_by_its_key_or_the_providers_id(redis: Redis) -> None:
    gateway = make_gateway(redis)
    await gateway.send(SESSION, "own-none")
    await gateway.receive(build_message(1, "hello"), SESSION)
    await gateway.send(SESSION, "own-1", Message(text=SECRET))
    await gateway.processor.run(SESSION)
    result = await MessageRedaction(redis, ProtocolLimits()).redact(SESSION, "own-1")

    assert result.sessions == (SESSION,)
    assert await find_traces(redis) == []


async def test_a_redaction_that_was_killed_is_completed_by_its_repetition(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider repeats the event, as it got no answer."""
    gateway = make_gateway(redis)
    await leave_words_everywhere(gateway)
    for name in ("_clean_others", "_write_state", "_drop_webhooks", "_forget_search_words"):
        with monkeypatch.context() as patch:
            patch.setattr(MessageRedaction, name, raise_killed)
            with pytest.raises(StorageUnavailable):
                await gateway.inbox.accept(build_deletion(2))
    await gateway.inbox.accept(build_deletion(2))

    assert await find_traces(redis) == []
    assert (await gateway.kinds(SESSION)).count("activity") == 1


async def raise_killed(*_: object, **__: object) -> None:
    raise ConnectionError("the process was killed here")


async def test_an_unknown_message_or_session_is_not_found(redis: Redis) -> None:
    gateway = make_gateway(redis)
    await gateway.receive(build_message(1, "hello"), SESSION)
    redaction = MessageRedaction(redis, ProtocolLimits())

    assert (await redaction.redact(SESSION, "wamid.9")).sessions == ()
    assert (await redaction.redact("whatsapp:nobody", "wamid.1")).sessions == ()
    assert await redis.exists("tg:{whatsapp:nobody}") == 0
    assert await redis.hget(f"tg:{{{SESSION}}}", "lease") is None


async def test_an_unknown_message_takes_the_session_from_no_worker(redis: Redis) -> None:
    gateway = make_gateway(redis)
    await gateway.inbox.accept(build_message(1, "hello"))
    claim = await gateway.mailbox.claim(SESSION)
    assert claim is not None
    await MessageRedaction(redis, ProtocolLimits(), lease_seconds=0).redact(SESSION, "wamid.9")
    await gateway.processor.process_claim(claim)

    assert gateway.channel.bodies == ["What is the code?"]
    await gateway.mailbox.aclose()


async def test_words_that_another_process_indexes_meanwhile_leave_too(redis: Redis) -> None:
    gateway, elsewhere = make_gateway(redis), WordIndex(redis, ProtocolLimits())
    await gateway.receive(build_message(1, "umbrella"), SESSION)
    elsewhere.add(SESSION, ("umbrella",), "contact")  # it writes them half a second later
    await MessageRedaction(redis, ProtocolLimits()).redact(SESSION, "wamid.1")

    await elsewhere.flush()
    digests = await WordDigests(redis).of("umbrella")
    assert digests
    assert not any(await redis.smismember(f"tg:{{{SESSION}}}:terms", list(digests)))
