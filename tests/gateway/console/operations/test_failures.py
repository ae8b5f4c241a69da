"""Failures, queue, accounts and audit log in the console."""

from __future__ import annotations

import re

import pytest
from redis.asyncio import Redis

from core.model import TurnReceived
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.operators.audit_log import AuditEntry, AuditLog
from gateway.redis.records.processes.worker_presence import announce
from gateway.redis.records.sessions.dead_letters import DeadLetters
from tests.core.rig import list_letters
from tests.fakes import build_turn
from tests.gateway.console.console_client import open_console
from tests.gateway.redis.records.sessions.test_dead_letters import add_dead_letters

IDS = re.compile(r'name="id" value="([^"]+)"')


async def test_dead_letters_are_grouped_by_cause_with_what_a_replay_does(redis: Redis) -> None:
    await add_dead_letters(
        redis, build_turn(1, text="<one>"), build_turn(2, "fake:2"), reason="gave up after 5 tries"
    )
    await add_dead_letters(redis, build_turn(3), reason="the flow failed")

    async with open_console(redis, "viewer") as http:
        page = await http.get("/console/failures")

    assert "2 × gave up after 5 tries" in page.text
    assert "1 × the flow failed" in page.text
    assert "It helps once the flow" in page.text
    assert "&lt;one&gt;" in page.text
    assert IDS.findall(page.text) == [], "a viewer chooses nothing"


async def test_chosen_letters_are_replayed_oldest_first_and_the_act_is_recorded(redis: Redis) -> None:
    await add_dead_letters(redis, build_turn(1), build_turn(2), build_turn(3))
    async with open_console(redis) as http:
        ids = IDS.findall((await http.get("/console/failures")).text)
        page = await http.post("/console/failures/replay", data={"id": ids[:2]})

    assert "2 dead letters replayed." in page.text
    assert [letter.turns[0].id for letter in await list_letters(redis)] == [build_turn(1).id]
    waiting = await redis.lrange("tg:{fake:1}:mail", 0, -1)
    assert [build_turn(2).id.encode() in waiting[0], build_turn(3).id.encode() in waiting[1]] == [True, True]
    assert (await AuditLog(redis).latest(1))[0].act == "replay_dead_letters"


async def test_letters_are_dropped_after_a_question_only(redis: Redis) -> None:
    await add_dead_letters(redis, build_turn(1), build_turn(2))
    async with open_console(redis) as http:
        ids = IDS.findall((await http.get("/console/failures")).text)
        asked = await http.post("/console/failures/drop", data={"id": ids})
        kept = len(await list_letters(redis))
        done = await http.post("/console/failures/drop", data={"id": ids, "confirm": "1"})

    assert "Drop 2 dead letters?" in asked.text
    assert kept == 2
    assert "2 dead letters dropped." in done.text
    assert await list_letters(redis) == []


async def test_letters_of_a_time_span_are_replayed(redis: Redis) -> None:
    await add_dead_letters(redis, build_turn(1), build_turn(2))
    async with open_console(redis) as http:
        page = await http.post("/console/failures/replay", data={"since": "1h"})

    assert "2 dead letters replayed." in page.text


@pytest.mark.parametrize("role", ["viewer", "agent"])
async def test_only_an_operator_replays_and_drops(redis: Redis, role: str) -> None:
    await add_dead_letters(redis, build_turn(1))
    (letter,) = await list_letters(redis)
    async with open_console(redis, role) as http:
        for act in ("replay", "drop"):
            refused = await http.post(f"/console/failures/{act}", data={"id": letter.id, "confirm": "1"})
            assert refused.status_code == 403

    assert await list_letters(redis) == [letter]


async def test_a_page_of_letters_is_bounded_and_the_next_one_follows(redis: Redis) -> None:
    for number in range(1, 131):
        await redis.xadd("tg:dead", {"session": "fake:1", "letter": "{}"}, id=f"{number}-0")
    async with open_console(redis) as http:
        first = await http.get("/console/failures")
        older = re.search(r'href="(/console/failures\?before=[^"]+)"', first.text)
        assert older
        second = await http.get(older[1])

    assert len(IDS.findall(first.text)) == 100
    assert len(IDS.findall(second.text)) == 30
    assert await DeadLetters(redis).list_newest("1-0") == []


async def test_the_overview_says_what_is_wrong_and_each_figure_leads_to_its_list(redis: Redis) -> None:
    async with open_console(redis, "viewer") as http:
        idle = await http.get("/console")
        await announce(redis, "w1")
        await RedisInbox(redis).accept([TurnReceived(turn=build_turn(9))])
        await add_dead_letters(redis, build_turn(1, "fake:2"))
        await redis.zadd("tg:paused", {"twilio:AC1": 9e12})
        await redis.hset("tg:reasons", "twilio:AC1", "20003 Authenticate")
        busy = await http.get("/console")
        tiles = re.findall(r'<li class="panel[^"]*"><a href="([^"#?]+)', busy.text)
        reached = [
            (await http.get(each)).status_code
            for each in tiles
            if "desk" not in each and "quarantine" not in each
        ]

    assert "No worker is running" in idle.text
    assert "No messages in the last 24 hours" in idle.text
    assert "twilio:AC1 is paused: 20003 Authenticate" in busy.text
    assert "1 dead letter: given up" in busy.text
    assert "Recent changes" not in busy.text, "a viewer has no audit log"
    assert len(tiles) == 16
    assert set(reached) == {200}


async def test_queue_and_accounts_show_who_works_and_who_may_send(redis: Redis) -> None:
    await announce(redis, "worker-1")
    await redis.zadd("tg:workers", {"worker-2": 1})
    await RedisInbox(redis).accept([TurnReceived(turn=build_turn(1))])
    await redis.zadd("tg:paused", {"twilio:AC1": 9e12})
    async with open_console(redis, "viewer") as http:
        queue, accounts = await http.get("/console/queue"), await http.get("/console/accounts")

    assert queue.text.index("worker-1") < queue.text.index("Working") < queue.text.index("Silent</span>")
    assert "5550170" not in queue.text
    assert accounts.text.index("twilio") < accounts.text.index("Paused") < accounts.text.index("May send")


async def test_the_audit_log_is_paged_and_for_operators(redis: Redis) -> None:
    for number in range(60):
        await AuditLog(redis).record(AuditEntry(who="anna", act=f"act_{number:02}"))
    async with open_console(redis) as http:
        first = await http.get("/console/audit")
        older = re.search(r'href="(/console/audit\?before=[^"]+)"', first.text)
        assert older
        second = await http.get(older[1])
    async with open_console(redis, "agent") as http:
        refused = await http.get("/console/audit")

    assert "act 59" in first.text
    assert "act 10" in first.text
    assert "act 09" not in first.text
    assert "act 09" in second.text
    assert refused.status_code == 403


@pytest.mark.parametrize(
    "letter", ["1-1", "0-0", "9" * 19 + "-" + "9" * 19, "١-١", "²-1", "-", "+", "1-1-1", ""]
)
async def test_any_id_of_a_dead_letter_has_a_page_without_an_error(redis: Redis, letter: str) -> None:
    await add_dead_letters(redis, build_turn(1))
    async with open_console(redis) as http:
        shown = await http.get("/console/failures", params={"before": letter})
        audit = await http.get("/console/audit", params={"before": letter})
        replayed = await http.post("/console/failures/replay", data={"id": letter})
        dropped = await http.post("/console/failures/drop", data={"id": letter, "confirm": "1"})

    assert {page.status_code for page in (shown, audit, replayed, dropped)} == {200}
    assert len(await list_letters(redis)) == 1
