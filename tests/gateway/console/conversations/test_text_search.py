"""Search by words of messages: bounded, no words in the index, erased and expired with the session."""

from __future__ import annotations

import asyncio
from time import perf_counter

import pytest
from redis.asyncio import Redis

from core.model import Message, TurnReceived
from core.processing import SessionProcessor
from gateway.middleware.inbox.text_index import TextIndex
from gateway.redis.encryption.cipher import use_cipher
from gateway.redis.encryption.key_ring import generate_master_key, parse_encryption_keys
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.sessions.search.conversation_search import ConversationSearch
from gateway.redis.records.sessions.search.text_words import MAX_WORDS, WordDigests, split_words
from gateway.redis.records.sessions.search.word_index import WordIndex
from gateway.redis.sending.outbox import ProactiveSender
from tests.effort import FULL
from tests.fakes import EchoDialog, FakeChannel, build_turn
from tests.gateway.console.console_client import open_console

SESSIONS = 100_000 if FULL else 1_000


async def accept_message(redis: Redis, number: int, session: str, text: str) -> None:
    words = WordIndex(redis, ProtocolLimits())
    await TextIndex(RedisInbox(redis), words).accept([TurnReceived(turn=build_turn(number, session, text))])
    await words.flush()


async def find_sessions(redis: Redis, query: str) -> list[str]:
    words = await WordDigests(redis).of(query)
    return sorted(row.session for row in await ConversationSearch(redis).search(query, ["fake"], words))


async def test_words_find_conversations_in_any_spelling_and_order(redis: Redis) -> None:
    await accept_message(redis, 1, "fake:1", "My PARCEL has not arrived, señor!")
    await accept_message(redis, 2, "fake:2", "the parcel is broken")
    await accept_message(redis, 3, "fake:3", "荷物がまだ届きません")

    assert await find_sessions(redis, "parcel") == ["fake:1", "fake:2"]
    assert await find_sessions(redis, "arrived parcel Senor") == ["fake:1"]
    assert await find_sessions(redis, "まだ届") == ["fake:3"]
    assert await find_sessions(redis, "parcels") == []
    async with open_console(redis) as http:
        page = await http.post("/console/conversations/search", data={"term": "broken parcel"})
    assert "the parcel is broken" in page.text
    assert "broken" not in str(page.url)


async def test_a_flush_waits_for_writes_in_progress(redis: Redis) -> None:
    """A redaction removes the words afterwards, or they would come back."""
    words = WordIndex(redis, ProtocolLimits())
    await TextIndex(RedisInbox(redis), words).accept([TurnReceived(turn=build_turn(1, "fake:1", "a parcel"))])
    writing = asyncio.create_task(words.flush())
    await asyncio.sleep(0)
    await words.flush()

    assert writing.done()
    assert await find_sessions(redis, "parcel") == ["fake:1"]


async def test_what_the_bot_and_an_agent_wrote_is_found_too(redis: Redis) -> None:
    words, channel = WordIndex(redis, ProtocolLimits()), FakeChannel()
    mailbox = RedisMailbox(redis, words=words)
    processor = SessionProcessor(mailbox=mailbox, dialog=EchoDialog(), channels={"fake": channel}, http=None)
    await RedisInbox(redis).accept([TurnReceived(turn=build_turn(1, "fake:1", "hello"))])
    await processor.run("fake:1")
    sender = ProactiveSender(redis, {"fake": channel}, ProtocolLimits(), words=words)
    await sender.send("fake:1", "agent-1", Message(text="Your umbrella is here"), voice="person")
    await words.flush()
    await mailbox.aclose()

    [reply] = channel.sent_replies
    assert await find_sessions(redis, reply.body) == ["fake:1"]
    assert await find_sessions(redis, "umbrella") == ["fake:1"]


async def test_words_of_the_business_leave_room_for_those_of_the_contact(redis: Redis) -> None:
    await accept_message(redis, 1, "fake:1", "hello")
    words = WordIndex(redis, ProtocolLimits())
    for number in range(25):
        text = " ".join(f"w{number}x{word}" for word in range(MAX_WORDS))
        words.add("fake:1", (text,), "business")
    await words.flush()
    await accept_message(redis, 2, "fake:1", "umbrella")

    assert await redis.scard("tg:{fake:1}:terms") <= 310
    assert await find_sessions(redis, "umbrella") == ["fake:1"]


async def test_the_index_has_digests_of_this_server_and_no_words(redis: Redis) -> None:
    await accept_message(redis, 1, "fake:1", "secretword")
    keys = [key.decode() async for key in redis.scan_iter("*term*")]

    assert any(key.startswith("tg:term:=") for key in keys)
    assert not any("secretword" in key for key in keys)
    assert all([await redis.pttl(key) > 0 for key in keys])


async def test_with_encryption_the_words_are_found_with_the_key_only(redis: Redis) -> None:
    use_cipher(redis, parse_encryption_keys(generate_master_key()))
    await accept_message(redis, 1, "fake:1", "secretword")
    assert await find_sessions(redis, "secretword") == ["fake:1"]
    use_cipher(redis, None)
    assert await find_sessions(redis, "secretword") == []


async def test_an_erased_contact_is_not_found_and_not_indexed_again(redis: Redis) -> None:
    words = WordIndex(redis, ProtocolLimits())
    await accept_message(redis, 1, "fake:1", "parcel")
    await TextIndex(RedisInbox(redis), words).accept([TurnReceived(turn=build_turn(2, "fake:1", "umbrella"))])
    await ContactErasure(redis).erase("fake:1", 0)
    await words.flush()  # what was waiting when the contact was erased

    assert await find_sessions(redis, "parcel") == []
    assert [key async for key in redis.scan_iter("tg:term:*")] == []


async def test_a_session_has_a_bounded_number_of_words(redis: Redis) -> None:
    for number in range(25):
        text = " ".join(f"w{number}x{word}" for word in range(2 * MAX_WORDS))
        await accept_message(redis, number, "fake:1", text)

    assert await redis.scard("tg:{fake:1}:terms") <= 600


@pytest.mark.timeout(300)
async def test_a_search_takes_as_long_with_many_conversations(redis: Redis) -> None:
    digests = await WordDigests(redis).of("hello parcel")
    for first in range(0, SESSIONS, 500):
        async with redis.pipeline(transaction=False) as pipeline:
            for number in range(first, first + 500):
                pipeline.hset(
                    f"tg:{{fake:{number}}}", mapping={"address": build_turn(1).address.model_dump_json()}
                )
                pipeline.zadd("tg:conversations", {f"fake:{number}": number})
            await pipeline.execute()
    for digest in digests:  # a word leads to at most this many sessions
        await redis.zadd(f"tg:term:{digest}", {f"fake:{SESSIONS - 1 - each}": each for each in range(1_000)})
    await find_sessions(redis, "hello parcel")

    started = perf_counter()
    found = await find_sessions(redis, "hello parcel")
    print(f"{1000 * (perf_counter() - started):.1f} ms with {SESSIONS} conversations")
    assert len(found) == 50


def test_a_text_has_few_words() -> None:
    assert split_words("Hi, HI! it's 7 a.m.") == ["hi", "it"]
    assert len(split_words(" ".join(map(str, range(100, 900))))) == MAX_WORDS
    assert split_words("") == []
