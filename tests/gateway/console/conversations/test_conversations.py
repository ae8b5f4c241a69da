"""Conversations in the console: list, filters, search, one conversation, opaque URLs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

import channels
from core.model import DeliveryStatus, Message, StatusChanged
from gateway.console.conversations.event_lines import (
    describe_entries,
    describe_verification,
    list_visited_nodes,
)
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.operators.audit_log import AuditLog
from gateway.redis.records.sessions.conversation_ids import ConversationIds
from gateway.redis.records.sessions.conversation_list import (
    PAGE_ROWS,
    ConversationList,
    ConversationState,
    Cursor,
    parse_cursor,
)
from gateway.redis.records.sessions.log.session_log import LogEntry
from tests.fakes import ADDRESS
from tests.gateway.console.console_client import open_console
from tests.gateway.console.conversations.conversation_pages import (
    NUMBER,
    accept_message,
    list_links,
    open_first,
    process_session,
)
from tests.gateway.environments.inbound import InboundGateway


async def test_the_list_shows_the_newest_first_with_its_last_text_and_no_number_in_a_url(
    redis: Redis,
) -> None:
    await accept_message(redis, 1, "fake:one", "the first")
    await redis.zincrby("tg:conversations", -1, "fake:one")  # not within one millisecond
    await accept_message(redis, 2, f"fake:{NUMBER}", "the <second>", profile_name="Ada Lovelace")

    async with open_console(redis) as http:
        page = await http.get("/console/conversations")

    assert page.status_code == 200
    assert page.text.index("the &lt;second&gt;") < page.text.index("the first")
    assert "Ada Lovelace" in page.text
    hrefs = re.findall(r'(?:href|action)="([^"]*)"', page.text)
    assert not any("5550170" in each or "fake" in each for each in hrefs)


@pytest.mark.parametrize("name", ["\u200b", "\u3164 \u3164", "\u202e"])
async def test_a_contact_with_an_invisible_name_is_shown_by_the_number(redis: Redis, name: str) -> None:
    await accept_message(redis, 1, "fake:one", profile_name=name)

    async with open_console(redis) as http:
        page = await http.get("/console/conversations")

    assert re.search(
        rf'href="/console/conversations/[\w-]+"><bdi>{re.escape(ADDRESS.theirs)}</bdi>', page.text
    )


@pytest.mark.long
async def test_pages_follow_each_other_without_gap_or_repetition(redis: Redis) -> None:
    names = [f"fake:{number:03}" for number in range(2 * PAGE_ROWS + 7)]
    for number, name in enumerate(names):
        await accept_message(redis, number, name)
    await redis.zadd("tg:conversations", dict.fromkeys(names[:60], 5.0))  # the same time: ties across a page

    seen: list[str] = []
    async with open_console(redis) as http:
        path = "/console/conversations"
        for _ in range(3):
            page = await http.get(path)
            seen += list_links(page)
            older = re.search(r'class="end" href="([^"]*)"', page.text)
            path = older[1].replace("&amp;", "&") if older else ""

    assert path == ""
    assert len(seen) == len(set(seen)) == len(names)


@pytest.mark.long
@pytest.mark.parametrize("sessions", [200])
async def test_a_page_reads_a_bounded_number_of_conversations(redis: Redis, sessions: int) -> None:
    """Holds for any number of conversations, also with a filter that matches none."""
    for number in range(sessions):
        await accept_message(redis, number, f"fake:{number:06}")
    await redis.zadd("tg:conversations", {f"gone:{number}": 10 + number for number in range(2_000)})

    async def count_reads(state: ConversationState | None, channel: str) -> int:
        await redis.config_resetstat()
        await ConversationList(redis).read(state, channel)
        stats = await redis.info("commandstats")
        return int(stats["cmdstat_hmget"]["calls"])

    assert await count_reads(None, "") == PAGE_ROWS + 1
    assert await count_reads(ConversationState.CLOSED, "") <= 500
    assert await count_reads(None, "twilio") <= 500


async def test_filters_by_state_and_channel(redis: Redis) -> None:
    for number, name in enumerate(("fake:bot", "fake:waiting", "fake:closed")):
        await accept_message(redis, number, name, text=name.upper())
    await redis.hset("tg:{fake:waiting}", "owner", "waiting")
    await redis.zadd("tg:desk", {"fake:waiting": 1})
    await redis.hset("tg:{fake:closed}", "owner", "closed")

    async with open_console(redis, "viewer") as http:
        found = {
            query: [name for name in ("BOT", "WAITING", "CLOSED") if f"FAKE:{name}" in page.text]
            for query in (
                "",
                "?state=bot",
                "?state=waiting",
                "?state=closed",
                "?channel=fake",
                "?channel=twilio",
                "?state=x",
            )
            if (page := await http.get(f"/console/conversations{query}"))
        }

    every = ["BOT", "WAITING", "CLOSED"]
    assert found == {
        "": every,
        "?state=bot": ["BOT"],
        "?state=waiting": ["WAITING"],
        "?state=closed": ["CLOSED"],
        "?channel=fake": every,
        "?channel=twilio": [],
        "?state=x": every,
    }


@pytest.mark.parametrize(
    "term", [NUMBER, "1 (555) 01-70", "ada", "ADA  lovelace", "ada@example.com", "fake:1", "P1"]
)
async def test_a_search_finds_a_person_by_any_spelling_and_keeps_the_term_out_of_urls(
    redis: Redis, term: str
) -> None:
    await accept_message(
        redis, 1, profile_name="Ada Lovelace", details={"email": "Ada@Example.com"}, text="found me"
    )
    await accept_message(
        redis, 2, "fake:other", address=ADDRESS.model_copy(update={"theirs": "+15550199"}), text="another"
    )
    await redis.hset("tg:message:fake:P1", "session", "fake:1")

    async with open_console(redis, "viewer") as http:
        page = await http.post("/console/conversations/search", data={"term": term})

    assert page.status_code == 200
    assert "found me" in page.text
    assert "another" not in page.text
    assert (token := page.url.params["find"])
    assert term not in str(page.url).replace(token, "")  # it is random, and may have two letters in common
    assert token != term
    assert (await AuditLog(redis).latest(1))[0].act == "search"


@pytest.mark.long
async def test_an_erased_contact_is_not_in_the_list_and_not_found(redis: Redis) -> None:
    await accept_message(redis, 1, f"fake:{NUMBER}", profile_name="Ada Lovelace")
    assert await redis.exists(f"tg:term:{NUMBER}", "tg:term:ada")

    async with open_console(redis) as http:
        path, _ = await open_first(http)
        wrong = await http.post(f"{path}/erase", data={"contact": "+15550199"})
        done = await http.post(f"{path}/erase", data={"contact": "1 555 0170"})
        gone = await http.get(path)

    assert "Nothing was erased" in wrong.text
    assert "The contact was erased." in done.text
    assert gone.status_code == 404
    left = [key.decode() async for key in redis.scan_iter("*") if b"0170" in key or b"ada" in key]
    assert left == []
    assert await redis.zcard("tg:conversations") == 0


async def test_a_conversation_shows_authors_messages_and_outcomes(redis: Redis) -> None:
    await accept_message(redis, 1, text="<b>where</b> is my order?")
    await process_session(redis)
    log: Any = await redis.xrange("tg:{fake:1}:log")
    sent = next(fields for _, fields in log if fields[b"k"] == b"sent")
    provider_id = re.search(rb'"id":"([^"]+)"', sent[b"d"])
    assert provider_id
    await RedisInbox(redis).accept(
        [StatusChanged(channel="fake", provider_id=provider_id[1].decode(), status=DeliveryStatus.DELIVERED)]
    )

    async with open_console(redis, "viewer") as http:
        _, page = await open_first(http)

    assert "&lt;b&gt;where&lt;/b&gt;" in page.text
    assert "<b>where" not in page.text
    for words in (
        "Received and stored",
        "Processing began",
        "Sent: the provider accepted it",
        "Delivered",
        "Bot",
    ):
        assert words in page.text
    assert "Take over" not in page.text, "a viewer may not"


@pytest.mark.parametrize("opaque", ["x", "a" * 5_000, "%00", "fake:1", "🙂", "A" * 40])
async def test_a_url_that_was_not_made_here_is_a_page_that_says_so(redis: Redis, opaque: str) -> None:
    async with open_console(redis) as http:
        page = await http.get(f"/console/conversations/{opaque}")
        changed = await http.post(f"/console/conversations/{opaque}/owner", data={"act": "take_over"})

    assert page.status_code == changed.status_code == 404
    assert "is not kept" in page.text


@pytest.mark.parametrize("name", ["web:ada", "twilio:AC1:+15550170", "ü" * 300, "5 fake:{x}\n"])
async def test_opaque_names_are_stable_differ_by_server_and_cannot_be_changed(
    redis: Redis, name: str
) -> None:
    ids = ConversationIds(redis)
    await ids.load()
    opaque = ids.encode(name)
    assert ids.encode(name) == opaque
    assert ids.decode(opaque) == name
    for place in range(0, len(opaque), 7):
        changed = opaque[:place] + ("A" if opaque[place] != "A" else "B") + opaque[place + 1 :]
        assert ids.decode(changed) in ("", name)
    await redis.delete("tg:{access}:salt")
    other = ConversationIds(redis)
    await other.load()
    assert other.decode(opaque) == ""


async def test_a_message_of_the_business_is_an_activity_and_finds_its_contact(redis: Redis) -> None:
    await accept_message(redis, 1, "fake:old")
    await redis.zadd("tg:conversations", {"fake:old": 5})
    gateway = InboundGateway(redis, ["fake"])
    await gateway.send("fake:old", "own-1", Message(text="news"))
    await gateway.mailbox.aclose()

    page = await ConversationList(redis).read()
    assert [(row.session, row.last_text) for row in page.rows] == [("fake:old", "news")]
    assert page.rows[0].at_ms > 5


def test_the_timeline_says_by_what_a_message_was_verified() -> None:
    entry = LogEntry(id="1-0", at_ms=1, kind="accepted", data={"turn": "1"})
    for channel in channels.available():
        [line] = describe_entries([entry], describe_verification(channel))
        assert re.fullmatch(r"verified by x-[a-z0-9-]+: .{5,60}; not a duplicate", line.detail), line.detail
    assert describe_entries([entry], describe_verification("fake"))[0].detail == "verified, not a duplicate"


def test_the_visited_path_has_each_node_once_and_restarts_after_a_reset() -> None:
    nodes = ("a", "a", "b", "", "c")
    entries = [build_entry("committed", node=node, edge=f"to_{node}") for node in nodes]

    assert list_visited_nodes(entries, 10) == [("a", "to a"), ("b", "to b"), ("c", "to c")]
    assert list_visited_nodes(entries, 1) == [("c", "to c")]
    assert list_visited_nodes([*entries, build_entry("reset")], 10) == []


def build_entry(kind: str, **data: str) -> LogEntry:
    return LogEntry(id="1-0", at_ms=1, kind=kind, data={**data})


def test_a_cursor_is_read_back_and_anything_else_is_rejected() -> None:
    cursor = Cursor(1795400000000.0, "fake:a b")
    assert parse_cursor(cursor.dump()) == cursor
    wrong: Sequence[str] = ("", " ", "x y", "5", "nan fake", "-1 fake")
    assert [parse_cursor(each) for each in wrong] == [None] * len(wrong)
