"""Encryption at rest: no text and no name is readable in Redis, and all records can be decrypted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from core.errors import EncryptionKeyMissing, Rejected, StorageUnavailable
from core.model import Message, ParticipantPolicy, Turn, TurnReceived
from gateway.broadcasts.store import Broadcasts
from gateway.hooks.policy import DeliveryPolicy
from gateway.hooks.queue import HookQueue
from gateway.hooks.subscriptions import Subscriptions
from gateway.redis.encryption.cipher import cipher_of, use_cipher
from gateway.redis.encryption.data_keys import DATA_KEYS, add_data_key, read_data_keys, rewrap_data_keys
from gateway.redis.encryption.key_ring import KeyRing, generate_master_key, parse_encryption_keys
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.contact_export import export_contact
from gateway.redis.records.contacts.contact_search import ContactSearch
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.contacts.key_content import read_key
from gateway.redis.records.rewriting.reencryption import Reencryption
from gateway.redis.records.schedule import Schedule
from gateway.redis.records.sessions.conversation_list import ConversationList
from gateway.redis.records.sessions.dead_letters import DeadLetters, ReplayOutcome
from gateway.redis.records.sessions.log.session_log import read_log
from gateway.redis.records.sessions.search.conversation_search import ConversationSearch
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.redis.records.sessions.session_store import RedisSessionStore
from gateway.redis.sending.outbox import ProactiveSender
from tests.fakes import EchoDialog, build_turn
from tests.gateway.contacts.traces import NAME, NUMBER, SMS, TEXT, TICKET, WHATSAPP, leave_traces_everywhere
from tests.gateway.environments.inbound import InboundGateway

WRITTEN_BY_HAND = ("tg:own:*", "tg:quarantine", "tg:alarms", "*:held", "*:kept", "tg:dead", "*:text")


def build_ring(*keys: str) -> KeyRing:
    made = parse_encryption_keys(",".join(keys) or generate_master_key())
    assert made is not None
    return made


@pytest.fixture
async def gateway(redis: Redis) -> AsyncIterator[InboundGateway]:
    use_cipher(redis, build_ring())
    made = InboundGateway(redis, ["twilio", "whatsapp", "zendesk", "fake"])
    yield made
    await made.mailbox.aclose()


async def find_words(redis: Redis, *words: str) -> list[str]:
    """Return the keys that have one of the words, in their name or content."""
    found = []
    async for key in redis.scan_iter("*"):
        content = f"{key.decode()} {await read_key(redis, key.decode())!r}".lower()
        found += [key.decode() for word in words if word.lower() in content]
    return found


async def test_no_text_and_no_name_is_in_the_keyspace(gateway: InboundGateway) -> None:
    redis = gateway.redis
    await leave_traces_everywhere(gateway)
    for pattern in WRITTEN_BY_HAND:
        async for key in redis.scan_iter(pattern):
            await redis.delete(key)
    gateway.channel.planned_failures = [(Rejected("no"), False)] * 9
    await gateway.receive([TurnReceived(turn=build_turn(8, "fake:8", f"again {TEXT}"))], "fake:8")
    async with RedisSessionStore(redis).hold("program") as held:
        await held.save({"token": TEXT})

    hooks = await Subscriptions(redis).list_all()
    words = ["Quillfeather", "zebrafish", "offer", hooks[0].secrets[0].value]
    assert await find_words(redis, *words) == []
    assert hooks[0].url == "https://crm.example.com/hook"
    letters = [each async for each in DeadLetters(redis).list_between()]
    assert [each.text for each in letters if TEXT in each.text]
    async with RedisSessionStore(redis).hold("program") as held:
        assert held.state == {"token": TEXT}


async def test_everything_is_still_found_and_shown(gateway: InboundGateway) -> None:
    redis = gateway.redis
    await leave_traces_everywhere(gateway)

    found = await ConversationSearch(redis).search("Quillfeather", [])
    assert [row.session for row in found] == [TICKET, WHATSAPP]
    row = await ConversationList(redis).read_row(TICKET)
    assert row is not None
    assert (row.name, row.last_text) == (NAME, f"1: {TEXT}")
    assert (await ContactSearch(redis).find(NAME)).sessions == (SMS, WHATSAPP, TICKET)
    assert [each.data["text"] for each in await read_log(redis, WHATSAPP) if each.kind == "accepted"]
    assert await SessionIndex(redis).read_state(WHATSAPP) is not None
    exported = str(await export_contact(redis, NUMBER))
    assert "'sealed'" not in exported
    assert exported.count(NAME) > 5
    assert [each.variables for each in await Broadcasts(redis, ProtocolLimits()).read_rows("spring", 0, 1)]
    queue = HookQueue(redis, "crm", DeliveryPolicy())
    taken = await queue.take(0)
    assert taken is not None
    assert {each.data.get("text") for each in taken.new if each.kind == "message.received"} == {TEXT}

    await ContactErasure(redis).erase(NUMBER)
    assert (await ContactSearch(redis).find(NAME)).sessions == (TICKET,)


async def test_a_value_that_was_moved_into_another_session_does_not_decrypt(gateway: InboundGateway) -> None:
    redis = gateway.redis
    await gateway.receive([TurnReceived(turn=build_turn(1, "fake:1", TEXT))], "fake:1")
    state = await cast("Any", redis.hget("tg:{fake:1}", "state"))
    await cast("Any", redis.hset("tg:{fake:2}", "state", state))

    with pytest.raises(EncryptionKeyMissing, match="changed or moved"):
        await SessionIndex(redis).read_state("fake:2")


async def test_a_dead_letter_and_a_scheduled_message_come_back(gateway: InboundGateway) -> None:
    redis = gateway.redis
    gateway.channel.planned_failures = [(Rejected("no"), False)]
    await gateway.receive([TurnReceived(turn=build_turn(1, "fake:1", TEXT))], "fake:1")
    [letter] = [each async for each in DeadLetters(redis).list_between()]
    assert await DeadLetters(redis).replay(letter) is ReplayOutcome.REPLAYED
    await gateway.processor.run("fake:1")
    assert gateway.channel.bodies == [f"1: {TEXT}"]

    seconds, _ = await redis.time()
    channels: Any = gateway.channels
    sender = ProactiveSender(redis, channels, ProtocolLimits())
    later = Message(text=f"later for {NAME}")
    await sender.send("fake:1", "own-1", later, at_ms=(seconds + 3600) * 1000)
    rows: Any = await redis.zrange("tg:schedule", 0, -1)
    await redis.zadd("tg:schedule", {rows[0].decode(): 1})
    schedule = Schedule(redis, ProtocolLimits())
    [message] = await schedule.take_due()
    assert message.message == later
    await schedule.settle(message)

    await gateway.send("fake:1", "own-2", Message(text=f"offer for {NAME}"))
    claim = await gateway.mailbox.claim("fake:1")
    assert claim is not None
    assert await gateway.mailbox.defer(claim.lease, claim.view.outbox[0], int(seconds) * 1000)
    await gateway.mailbox.release(claim.lease)
    [deferred] = await schedule.take_due()
    await schedule.resume(deferred)
    await gateway.processor.run("fake:1")
    assert gateway.channel.bodies[-1] == f"offer for {NAME}"
    assert await find_words(redis, "Quillfeather") == []


async def test_without_the_key_lists_are_shown_and_a_contact_can_be_erased(redis: Redis) -> None:
    use_cipher(redis, build_ring())
    gateway = InboundGateway(redis, ["fake"])
    gateway.channel.planned_failures = [(Rejected("no"), False)]
    await gateway.receive([TurnReceived(turn=build_turn(1, "fake:1", TEXT))], "fake:1")
    use_cipher(redis, None)

    [row] = (await ConversationList(redis).read()).rows
    assert row.last_text == "(cannot be decrypted: its key is not set)"
    [letter] = await DeadLetters(redis).list_newest()
    assert "add that key to TURNGATE_ENCRYPTION_KEYS" in letter.reason
    assert await DeadLetters(redis).replay(letter) is ReplayOutcome.UNREADABLE
    assert (await ContactErasure(redis).erase("fake:1")).sessions == 1
    assert await redis.xlen("tg:dead") == 0
    await gateway.mailbox.aclose()


async def test_a_participants_own_session_is_readable(redis: Redis) -> None:
    use_cipher(redis, build_ring())
    policy = {"zendesk": ParticipantPolicy.OWN_SESSION}
    gateway = InboundGateway(redis, ["zendesk"], participants=policy)
    first, second = (build_turn(n, "zendesk:1", f"{TEXT} {n}") for n in (1, 2))
    moved = [
        each.model_copy(update={"address": each.address.model_copy(update={"channel": "zendesk"})})
        for each in (first, second)
    ]
    await gateway.inbox.accept([TurnReceived(turn=moved[0], author="zendesk:a:1", author_is_contact=True)])
    await gateway.inbox.accept([TurnReceived(turn=moved[1], author="zendesk:a:2")])
    await gateway.processor.run("zendesk:1:2")

    [entry] = [each for each in await read_log(redis, "zendesk:1:2") if each.kind == "accepted"]
    assert entry.data["text"] == f"{TEXT} 2"
    await gateway.mailbox.aclose()


async def test_what_was_stored_before_is_read_after_it_is_turned_on(redis: Redis) -> None:
    before = InboundGateway(redis, ["fake"])
    await before.receive([TurnReceived(turn=build_turn(1, "fake:1", TEXT))], "fake:1")
    await before.inbox.accept([TurnReceived(turn=build_turn(2, "fake:1", TEXT))])
    use_cipher(redis, build_ring())
    await before.processor.run("fake:1")

    texts = [each.data["text"] for each in await read_log(redis, "fake:1") if each.kind == "accepted"]
    assert texts == [TEXT, TEXT]
    assert await cast("Any", redis.hget("tg:{fake:1}", "state")) != TEXT
    await before.mailbox.aclose()


async def test_a_session_whose_key_is_missing_waits_for_it(redis: Redis, caplog: Any) -> None:
    """Not a failure of the turn: no dead letter, no apology; it continues when the key is back."""
    own = build_ring()
    use_cipher(redis, own)
    gateway = InboundGateway(redis, ["fake"])
    await gateway.inbox.accept([TurnReceived(turn=build_turn(1, "fake:1", TEXT))])
    for wrong in (None, build_ring()):
        use_cipher(redis, wrong)
        for _ in range(12):
            await gateway.process_when_due("fake:1")
    assert await redis.xlen("tg:dead") == 0
    assert TEXT not in caplog.text
    assert "add that key to TURNGATE_ENCRYPTION_KEYS" in caplog.text
    with pytest.raises(StorageUnavailable, match="no key of TURNGATE_ENCRYPTION_KEYS unwraps"):
        await RedisInbox(redis).accept([TurnReceived(turn=build_turn(2, "fake:1", TEXT))])

    use_cipher(redis, own)
    await gateway.process_when_due("fake:1")
    assert gateway.channel.bodies == [f"1: {TEXT}"]
    await gateway.mailbox.aclose()


async def test_keys_are_rotated_while_values_of_all_of_them_are_read(redis: Redis) -> None:
    old, new = generate_master_key(), generate_master_key()
    use_cipher(redis, build_ring(old))
    gateway = InboundGateway(redis, ["fake"])
    await gateway.receive([TurnReceived(turn=build_turn(1, "fake:1", TEXT))], "fake:1")
    assert await rewrap_data_keys(redis, build_ring(new, old)) == 2
    await add_data_key(redis, build_ring(new))
    use_cipher(redis, build_ring(new))
    await gateway.receive([TurnReceived(turn=build_turn(2, "fake:1", TEXT))], "fake:1")

    texts = [each.data["text"] for each in await read_log(redis, "fake:1") if each.kind == "accepted"]
    assert texts == [TEXT, TEXT]
    rows: Any = await redis.xrange("tg:{fake:1}:log")
    used = {key for each in rows for key in _key_ids(each)}
    assert used == set(await read_data_keys(redis, None)) - {"index"}
    await gateway.mailbox.aclose()


async def test_everything_is_written_with_the_new_key_while_messages_arrive(redis: Redis) -> None:
    """No plain text remains, every message is answered once, and a second run finds nothing."""
    gateway = InboundGateway(redis, ["twilio", "whatsapp", "zendesk", "fake"])
    await leave_traces_everywhere(gateway)
    for pattern in ("tg:own:*", "tg:quarantine", "tg:alarms", "*:text"):
        async for key in redis.scan_iter(pattern):
            await redis.delete(key)
    await redis.xtrim("tg:dead", maxlen=0, approximate=False)
    gateway.channel.planned_failures = [(Rejected("no"), False)]
    await gateway.receive([TurnReceived(turn=build_turn(8, "fake:8", TEXT))], "fake:8")
    for name in ("intercom.oauth.0123456789abcdef", "of a program"):
        async with RedisSessionStore(redis).hold(name) as held:
            await held.save({"token": "walrus"})
    use_cipher(redis, build_ring())

    async def run_conversation(session: str) -> None:
        for number in range(10):
            await gateway.receive(
                [TurnReceived(turn=build_turn(number, session, f"{TEXT} {number}"))], session
            )

    sessions = [f"fake:{name}" for name in "abcd"]
    rewriting = asyncio.create_task(Reencryption(redis).run())
    await asyncio.gather(*map(run_conversation, sessions))
    rewritten = await rewriting
    again = await Reencryption(redis).run()

    assert await find_words(redis, "Quillfeather", "zebrafish", "offer") == []
    assert await find_words(redis, "walrus") == ["tg:own:{of a program}"]
    assert again == 0
    assert rewritten > 30
    for session in sessions:
        said = [each.data["body"] for each in await read_log(redis, session) if each.kind == "said"]
        assert said == [f"{n + 1}: {TEXT} {n}" for n in range(10)]
    assert [row.session for row in await ConversationSearch(redis).search(NAME, [])] == [TICKET, WHATSAPP]
    assert [each.text async for each in DeadLetters(redis).list_between()] == [f"1: {TEXT}"]
    assert [
        row.variables["name"] for row in await Broadcasts(redis, ProtocolLimits()).read_rows("spring", 0, 1)
    ]
    await gateway.mailbox.aclose()


async def test_a_process_continues_when_the_keys_were_wrapped_with_one_that_it_lacks(
    redis: Redis, caplog: Any
) -> None:
    """An operator rotated before all processes had the new key: nothing fails until they are restarted."""
    old, new = generate_master_key(), generate_master_key()
    cipher = use_cipher(redis, build_ring(old))
    gateway = InboundGateway(redis, ["fake"])
    await gateway.receive([TurnReceived(turn=build_turn(1, "fake:1", TEXT))], "fake:1")
    await rewrap_data_keys(redis, build_ring(new, old))
    await cipher.refresh()
    await gateway.receive([TurnReceived(turn=build_turn(2, "fake:1", TEXT))], "fake:1")

    assert gateway.channel.bodies == [f"1: {TEXT}", f"2: {TEXT}"]
    assert "this process does not have" in caplog.text
    await gateway.mailbox.aclose()


async def test_a_dialog_that_reads_what_cannot_be_decrypted_is_not_given_up(redis: Redis) -> None:
    use_cipher(redis, build_ring())

    class ReadingDialog(EchoDialog):
        async def answer(self, *arguments: Any, **options: Any) -> Any:
            raise EncryptionKeyMissing("the state of an earlier session")

    gateway = InboundGateway(redis, ["fake"], dialog=ReadingDialog())
    await gateway.inbox.accept([TurnReceived(turn=build_turn(1, "fake:1", TEXT))])
    for _ in range(10):
        with pytest.raises(EncryptionKeyMissing):
            await gateway.processor.run("fake:1")
        await redis.hdel("tg:{fake:1}", "lease")

    assert await redis.xlen("tg:dead") == 0
    assert await redis.llen("tg:{fake:1}:mail") == 1
    await gateway.mailbox.aclose()


async def test_a_data_key_that_the_server_lost_is_stored_again(redis: Redis) -> None:
    cipher = use_cipher(redis, build_ring())
    sealer = await cipher.sealer()
    await redis.flushall()
    await cipher.refresh()

    assert sealer.key_id.encode() in await cast("Any", redis.hkeys(DATA_KEYS))


async def test_without_keys_nothing_changes(redis: Redis) -> None:
    stored = Turn(id="1", session="s", address=build_turn(1).address, text='"sealed":"enc:1:aa:bb"')
    sealer = await cipher_of(redis).sealer()

    assert sealer.turn(stored) == stored.model_dump_json(exclude_defaults=True).encode()
    assert await cipher_of(redis).open("s", sealer.turn(stored)) == sealer.turn(stored)
    assert await redis.exists(DATA_KEYS) == 0


def _key_ids(row: Any) -> list[str]:
    text = row[1][b"d"].decode()
    return [text.split('"sealed":"enc:1:')[1].split(":")[0]] if '"sealed"' in text else []
