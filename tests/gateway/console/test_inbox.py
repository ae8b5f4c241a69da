"""The inbox as pages and forms: lists, one agent at a time, notes, templates, saved replies."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from core.model import MessageTemplate, Owner, TemplateVariable, TurnReceived
from gateway.console.inbox.answer_form import parse_variables
from gateway.console.inbox.files import MAX_FILE_BYTES
from gateway.console.inbox.hand_over import summarize
from gateway.redis.records.operators.audit_log import AuditLog
from gateway.redis.records.public_files import PublicFiles
from gateway.redis.records.session_keys import session_key
from gateway.redis.records.sessions.agent_desk import AgentDesk
from gateway.redis.records.sessions.log.session_log import LogEntry, read_log, read_owner
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.redis.records.templates import TemplateRecords
from tests.fakes import build_turn
from tests.gateway.console.console_client import open_console
from tests.gateway.environments.inbound import InboundGateway

SESSION = "fake:1"
LINK = re.compile(r'href="/console/desk\?show=\w+&amp;conversation=([A-Za-z0-9_-]+)"')


@pytest.fixture
async def gateway(redis: Redis) -> AsyncIterator[InboundGateway]:
    """Return a gateway with a conversation that waits for an agent."""
    made = InboundGateway(redis, ["fake"])
    first = build_turn(1, text="I want a <person>").model_copy(update={"profile_name": "Ada"})
    await made.receive([TurnReceived(turn=first)], SESSION)
    made.channel.sent_replies.clear()
    await redis.hset("tg:{fake:1}", "owner", "waiting")
    seconds, _ = await redis.time()
    await redis.zadd("tg:desk", {SESSION: seconds * 1000})
    yield made
    await made.mailbox.aclose()


async def open_first(http: httpx.AsyncClient) -> tuple[str, httpx.Response]:
    """Open the first conversation of the list; return the path of its forms, and the page."""
    [opaque] = set(LINK.findall((await http.get("/console/desk")).text))
    return f"/console/desk/{opaque}", await http.get(f"/console/desk?conversation={opaque}")


async def test_an_agent_finds_answers_and_returns_a_conversation(
    redis: Redis, gateway: InboundGateway
) -> None:
    async with open_console(redis, "agent") as http:
        path, page = await open_first(http)
        sent = await http.post(f"{path}/reply", data={"mode": "reply", "text": "Anna here.", "id": "1"})
        await http.post(f"{path}/reply", data={"mode": "reply", "text": "Anna here.", "id": "1"})
        await gateway.processor.run(SESSION)
        mine = await http.get("/console/desk?show=mine")
        unassigned = await http.get("/console/desk?show=unassigned")
        given_back = await http.post(f"{path}/owner", data={"act": "give_back"})

    assert "<title>(1) Inbox" in page.text
    assert "I want a &lt;person&gt;" in page.text
    assert "Sent. Its state" in sent.text
    assert [each.body for each in gateway.channel.sent_replies] == ["Anna here."]
    assert "yours" in mine.text
    assert not LINK.search(unassigned.text)
    assert "The bot has the conversation again." in given_back.text
    assert not LINK.search(given_back.text)
    assert await redis.hget("tg:{fake:1}", "agent") is None
    acts = {each.act for each in await AuditLog(redis).latest(5)}
    assert acts == {"answer", "give_back"}


async def test_of_two_agents_one_answers_and_the_other_keeps_the_draft(
    redis: Redis, gateway: InboundGateway
) -> None:
    async with open_console(redis, "agent") as anna, open_console(redis) as ops:
        path, _ = await open_first(anna)
        answers = await asyncio.gather(
            anna.post(f"{path}/reply", data={"mode": "reply", "text": "from Anna"}),
            ops.post(f"{path}/reply", data={"mode": "reply", "text": "from the operator"}),
        )
        await gateway.processor.run(SESSION)
        lost = next(each for each in answers if each.status_code == 409)
        winner = "anna" if "anna has this conversation" in lost.text else "ops"
        loser = ops if winner == "anna" else anna
        taken = await loser.post(f"{path}/assign", data={"act": "take"})
        await loser.post(f"{path}/reply", data={"mode": "reply", "text": "second"})
        await gateway.processor.run(SESSION)

    assert sorted(each.status_code for each in answers) == [200, 409]
    assert ("from the operator" if winner == "anna" else "from Anna") in lost.text, "the draft is kept"
    assert "You have the conversation" in taken.text
    assert [each.body for each in gateway.channel.sent_replies] == [
        "from Anna" if winner == "anna" else "from the operator",
        "second",
    ]


async def test_a_note_with_a_file_and_a_template_never_leaves(redis: Redis, gateway: InboundGateway) -> None:
    async with open_console(redis, "agent") as http:
        path, _ = await open_first(http)
        form = {
            "mode": "note",
            "text": "a difficult <customer>",
            "file": "https://a.example/b",
            "template": "x|en",
        }
        noted = await http.post(f"{path}/reply", data=form)
        empty = await http.post(f"{path}/reply", data={"mode": "note", "text": " "})
    await gateway.receive([TurnReceived(turn=build_turn(2))], SESSION)

    assert "Internal note of anna, not sent" in noted.text
    assert "a difficult &lt;customer&gt;" in noted.text
    assert empty.status_code == 409
    assert gateway.channel.sent_replies == []
    assert await redis.llen("tg:{fake:1}:out") == 0
    assert await redis.hget("tg:{fake:1}", "agent") is None, "a note takes nothing over"
    assert [each.kind for each in await read_log(redis, SESSION)].count("note") == 1


async def test_a_note_that_is_submitted_twice_is_written_once(redis: Redis, gateway: InboundGateway) -> None:
    async with open_console(redis, "agent") as http:
        path, _ = await open_first(http)
        form = {"mode": "note", "text": "a difficult customer", "id": "1"}
        answers = await asyncio.gather(*(http.post(f"{path}/reply", data=form) for _ in range(3)))
        await http.post(f"{path}/reply", data={**form, "id": "2"})

    assert all("Note saved." in each.text for each in answers)
    assert [each.kind for each in await read_log(redis, SESSION)].count("note") == 2


async def test_an_answer_of_the_greatest_length_is_sent_in_any_script(
    redis: Redis, gateway: InboundGateway
) -> None:
    text = "नमस्ते" * 1_600
    async with open_console(redis, "agent") as http:
        path, _ = await open_first(http)
        await http.post(f"{path}/reply", data={"mode": "reply", "text": text, "id": "1"})
        await gateway.processor.run(SESSION)

    assert "".join(each.body for each in gateway.channel.sent_replies) == text


async def test_a_saved_reply_is_filled_in_and_what_is_unknown_is_not_sent(
    redis: Redis, gateway: InboundGateway
) -> None:
    async with open_console(redis, "agent") as http:
        path, page = await open_first(http)
        refused = await http.post(
            f"{path}/reply", data={"mode": "reply", "text": "Your order {{ order }} is on its way."}
        )
        bad_file = await http.post(f"{path}/reply", data={"mode": "reply", "text": "", "file": "http://a"})
    async with open_console(redis, "viewer") as http:
        _, viewed = await open_first(http)

    assert "Hello Ada, how can I help?" in page.text
    assert "{{ order }}" in refused.text
    assert (refused.status_code, bad_file.status_code) == (409, 409)
    assert gateway.channel.sent_replies == []
    assert 'id="composer"' not in viewed.text


async def test_a_template_is_chosen_with_its_variables_and_passes_the_gate(
    redis: Redis, gateway: InboundGateway
) -> None:
    variables = (TemplateVariable(name="1"), TemplateVariable(name="2"))
    template = MessageTemplate(name="news", language="en", status="approved", variables=variables)
    await TemplateRecords(redis).replace("fake", [template], 1_000)
    form = {"mode": "reply", "template": "news|en", "variables": "Ada\n2=twelve"}
    async with open_console(redis, "agent") as http:
        path, page = await open_first(http)
        answer = await http.post(f"{path}/reply", data=form)

    assert 'value="news|en"' in page.text
    assert parse_variables(form["variables"], template) == {"1": "Ada", "2": "twelve"}
    assert "the channel fake has no templates" in answer.text, "the gate knows the channel"
    assert "2=twelve" in answer.text, "the draft is kept"
    assert gateway.channel.sent_replies == []


async def test_agents_see_who_is_present_and_who_writes(redis: Redis, gateway: InboundGateway) -> None:
    async with open_console(redis, "agent") as anna, open_console(redis) as ops:
        path, _ = await open_first(anna)
        await anna.post(f"{path}/presence", data={"state": "typing"})
        seen = await ops.get(path.replace("/console/desk/", "/console/desk?conversation="))
        own = await anna.get(path.replace("/console/desk/", "/console/desk?conversation="))

    assert "anna is writing…" in seen.text
    assert "anna is writing…" not in own.text
    assert await read_owner(redis, SESSION) == "waiting", "looking takes nothing over"
    assert await AgentDesk(redis).assign("fake:nobody", "anna", "claim") is None


async def test_an_agent_attaches_a_file_that_the_channel_can_send(
    redis: Redis, gateway: InboundGateway
) -> None:
    files = PublicFiles(redis, "https://bots.example.com", seconds=60)
    async with open_console(redis, "agent") as http:
        path, page = await open_first(http)
        given = {"name": "invoice 7.pdf", "body": b64encode(b"%PDF").decode()}
        published = await http.post(f"{path}/file", json=given)
        url = published.json()["url"]
        await http.post(f"{path}/reply", data={"mode": "reply", "text": "Here it is", "file": url})
        refused = {
            name: (await http.post(f"{path}/file", json={**given, **changed})).status_code
            for name, changed in {
                "script": {"name": "a.svg"},
                "unknown": {"name": "a.exe"},
                "path": {"name": "../a.pdf"},
                "empty": {"body": ""},
                "no base64": {"body": "%"},
                "large": {"body": b64encode(bytes(MAX_FILE_BYTES + 5_000)).decode()},
            }.items()
        }
        stranger = await http.post("/console/desk/x/file", json=given)
    await gateway.processor.run(SESSION)

    assert 'id="upload"' in page.text
    assert url.endswith("/invoice%207.pdf")
    [sent] = gateway.channel.sent_replies
    assert (sent.body, [each.url for each in sent.media]) == ("Here it is", [url])
    assert sent.media[0].content_type == "application/pdf"
    assert await files.load(url) == b"%PDF"
    assert await files.load("https://bots.example.com/files/x/a.pdf") is None
    assert refused == {
        "script": 415,
        "unknown": 415,
        "path": 400,
        "empty": 400,
        "no base64": 400,
        "large": 413,
    }
    assert stranger.status_code == 404
    assert {each.act for each in await AuditLog(redis).latest(20)} >= {"attach_file", "answer"}


async def test_what_is_unread_is_so_for_each_agent(redis: Redis, gateway: InboundGateway) -> None:
    async with open_console(redis, "agent") as anna, open_console(redis) as ops:
        await gateway.inbox.accept([TurnReceived(turn=build_turn(2, text="anybody there?"))])
        before = (await anna.get("/console/desk")).text
        path, _ = await open_first(anna)
        opaque = path.rpartition("/")[2]
        seen, of_others = [(await http.get("/console/desk")).text for http in (anna, ops)]
        await gateway.inbox.accept([TurnReceived(turn=build_turn(3, text="hello?"))])
        refreshed = await anna.get(
            f"/console/desk?conversation={opaque}", headers={"Sec-Fetch-Dest": "empty"}
        )
        await anna.post(f"{path}/presence", data={"state": "open"})
        looked = (await anna.get("/console/desk")).text

    for page, is_unread in (
        (before, True),
        (seen, False),
        (of_others, True),
        (refreshed.text, True),
        (looked, False),
    ):
        assert (">Unread<" in page, ">Unanswered<" in page) == (is_unread, not is_unread)


def build_entry(at_ms: int, kind: str, **data: Any) -> LogEntry:
    return LogEntry(id=f"{at_ms}-0", at_ms=at_ms, kind=kind, data=data)


def test_the_summary_begins_with_the_conversation_and_ends_with_the_hand_over() -> None:
    log = [
        build_entry(1, "accepted", turn="0", text="an older matter"),
        build_entry(2, "control", owner="bot", actor="reopen"),
        build_entry(3, "accepted", turn="A", text="My parcel is broken"),
        build_entry(4, "accepted", turn="B", text="Let me talk to somebody"),
        build_entry(5, "committed", turns=["B"], node="menu", edge="to_person"),
        build_entry(6, "control", owner="waiting", actor="flow"),
        build_entry(7, "control", owner="human", actor="Anna"),
        build_entry(8, "accepted", turn="C", text="are you there?"),
    ]
    state = {"slots": {"order_number": "4711", "empty": ""}, "summary": "They wrote before."}
    found = summarize(log, Owner.HUMAN, state)

    assert found is not None
    assert (found.wish, found.last_words, found.at_ms) == (
        "My parcel is broken",
        "Let me talk to somebody",
        6,
    )
    assert found.why == "the bot handed over at menu, because of: to person"
    assert (found.slots, found.earlier) == ((("order number", "4711"),), "They wrote before.")
    assert summarize(log, Owner.BOT, state) is None
    taken = summarize([*log[:2], build_entry(9, "control", owner="human", actor="Anna")], Owner.HUMAN, None)
    assert taken == (9, "Anna took the conversation over", "", "", "", ())
    assert summarize([], Owner.WAITING, None) == (0, "", "", "", "", ())


@pytest.mark.parametrize("desk_channels", [(), ("fake",)], ids=["own desk", "provider's desk"])
async def test_the_summary_is_above_the_messages(
    redis: Redis, gateway: InboundGateway, desk_channels: tuple[str, ...]
) -> None:
    async with open_console(redis, "agent", desk_channels=desk_channels) as http:
        _, page = await open_first(http)
        await redis.hset("tg:{fake:1}", "owner", "bot")
        _, without = await open_first(http)

    [summary] = re.findall(r'<section class="summary".*?</section>', page.text, re.DOTALL)
    assert page.text.index(summary) < page.text.index('id="message-log"')
    for words in ("Summary for agents", "Ada", "I want a &lt;person&gt;"):
        assert words in summary
    assert 'class="summary"' not in without.text
    assert ("Answered in the provider" in page.text) == bool(desk_channels)


async def fill_desk(redis: Redis, owner: Owner, agent: str, names: range) -> None:
    """Add conversations, each changed a second after the one before it."""
    address = await redis.hget(session_key(SESSION), "address") or b""
    for number in names:
        fields: list[Any] = ["owner", owner.value, "agent", agent, "address", address]
        await redis.hset(session_key(f"fake:{number}"), items=fields)
        await redis.zadd("tg:desk", {f"fake:{number}": number})


async def test_who_waits_is_listed_before_all_that_agents_have_however_many(
    redis: Redis, gateway: InboundGateway
) -> None:
    await fill_desk(redis, Owner.HUMAN, "bob", range(1_000, 1_230))
    await fill_desk(redis, Owner.HUMAN, "anna", range(2_000, 2_003))
    async with open_console(redis, "agent") as http:
        everything = (await http.get("/console/desk")).text
        unassigned = (await http.get("/console/desk?show=unassigned")).text
        mine = (await http.get("/console/desk?show=mine")).text

    assert "<title>(234) Inbox" in everything
    assert all(f">{words}</a>" in everything for words in ("Mine 3", "Unassigned 1", "All 234"))
    assert everything.index("Waiting for agent") < everything.index("bob has it")
    assert len(LINK.findall(unassigned)) == 1
    assert len(LINK.findall(mine)) == 3
    [longest, *_] = await SessionIndex(redis).list_awaiting_agent(1)
    assert longest.session == SESSION


async def test_a_long_list_has_pages_and_an_answer_leads_back_to_its_page(
    redis: Redis, gateway: InboundGateway
) -> None:
    await fill_desk(redis, Owner.WAITING, "", range(1_000, 1_150))
    async with open_console(redis, "agent") as http:
        first = (await http.get("/console/desk?show=unassigned")).text
        second = (await http.get("/console/desk?show=unassigned&from=100")).text
        opaque = re.findall(r"from=100&amp;conversation=([\w-]+)", second)[-1]
        noted = await http.post(
            f"/console/desk/{opaque}/reply?show=unassigned&from=100",
            data={"mode": "note", "text": "call back", "id": "1"},
        )
        beyond = (await http.get("/console/desk?show=unassigned&from=99999999")).text

    assert (first.count('class="talk"'), second.count('class="talk"')) == (100, 51)
    assert "1 to 100 of 151" in first
    assert 'rel="next" href="/console/desk?show=unassigned&amp;from=100"' in first
    assert "101 to 151 of 151" in second
    assert 'rel="prev" href="/console/desk?show=unassigned&amp;from=0"' in second
    assert 'rel="next"' not in second
    assert (noted.url.params["show"], noted.url.params["from"]) == ("unassigned", "100")
    assert "1 to 100 of 151" in beyond


async def test_the_inbox_leads_to_the_messages_before_those_that_it_shows(
    redis: Redis, gateway: InboundGateway
) -> None:
    async with open_console(redis, "agent") as http:
        _, short = await open_first(http)
        for number in range(150):
            note = {"k": "note", "d": f'{{"agent": "anna", "text": "note {number}"}}'}
            await redis.xadd(f"{session_key(SESSION)}:log", note)  # type: ignore[arg-type]
        _, long = await open_first(http)
        [link] = re.findall(r'href="(/console/conversations/[^"]+before=[^"]+)">Earlier messages', long.text)
        before = await http.get(link)

    assert "Earlier messages" not in short.text
    assert "I want a &lt;person&gt;" in before.text
    assert ">note 0<" not in before.text
