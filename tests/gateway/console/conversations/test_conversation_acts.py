"""Acts on a conversation in the console: by role, by a form of this console only."""

from __future__ import annotations

import re

import pytest
from redis.asyncio import Redis

from core.errors import Unavailable
from core.model import Owner
from gateway.redis.records.operators.audit_log import AuditLog
from gateway.redis.records.sessions.log.session_log import read_owner
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.redis.records.sessions.silenced_sessions import list_silenced
from tests.core.rig import Rig
from tests.gateway.console.console_client import open_console
from tests.gateway.console.conversations.conversation_pages import accept_message, open_first, process_session


@pytest.mark.long
async def test_each_role_sees_and_may_do_its_acts(redis: Redis) -> None:
    await accept_message(redis, 1)
    shown, allowed = {}, {}
    for role in ("viewer", "agent", "operator"):
        async with open_console(redis, role) as http:
            path, page = await open_first(http)
            shown[role] = [
                word for word in ("Take over", "Reset…", "Opt out…", "Erase…") if word in page.text
            ]
            asked = [
                await http.post(f"{path}/owner", data={"act": "close"}),
                await http.post(f"{path}/reset"),
                await http.post(f"{path}/opt-out"),
            ]
            allowed[role] = [each.status_code for each in asked]

    assert shown == {
        "viewer": [],
        "agent": ["Take over", "Opt out…"],
        "operator": ["Take over", "Reset…", "Opt out…", "Erase…"],
    }
    assert allowed["viewer"] == [403, 403, 403]
    assert allowed["agent"][0] == 200
    assert allowed["agent"][1:] == [403, 403]


async def test_an_agent_takes_over_and_gives_back(redis: Redis) -> None:
    await accept_message(redis, 1)
    async with open_console(redis, "agent") as http:
        path, _ = await open_first(http)
        taken = await http.post(f"{path}/owner", data={"act": "take_over"})
        owner = await read_owner(redis, "fake:1")
        back = await http.post(f"{path}/owner", data={"act": "give_back"})

    assert "You took the conversation over" in taken.text
    assert owner is Owner.HUMAN
    assert "The bot has the conversation again" in back.text
    assert await read_owner(redis, "fake:1") is Owner.BOT
    entry = (await AuditLog(redis).latest(1))[0]
    assert (entry.act, entry.target) == ("give_back", await AuditLog(redis).pseudonym("fake:1"))


async def test_an_agent_ends_a_silence_by_limits(redis: Redis) -> None:
    await accept_message(redis, 1)
    await redis.hset("tg:{fake:1}", "silenced", "replies_per_hour")
    await redis.zadd("tg:silenced", {"fake:1": 1})
    async with open_console(redis, "agent") as http:
        path, page = await open_first(http)
        resumed = await http.post(f"{path}/owner", data={"act": "resume"})
        again = await http.post(f"{path}/owner", data={"act": "resume"})

    assert "Let the bot answer" in page.text
    assert "The bot answers this contact again" in resumed.text
    assert "Let the bot answer" not in again.text
    assert await list_silenced(redis, 10) == []


async def test_reset_and_opt_out_ask_first_and_are_done_by_a_form(redis: Redis) -> None:
    await accept_message(redis, 1)
    await process_session(redis)
    assert await SessionIndex(redis).read_state("fake:1")
    async with open_console(redis) as http:
        path, _ = await open_first(http)
        for ask in ("reset", "opt_out", "erase"):
            assert "Keep" in (await http.get(f"{path}?ask={ask}")).text
        reset = await http.post(f"{path}/reset", data={"confirm": "1"})
        out = await http.post(f"{path}/opt-out", data={"confirm": "1"})

    assert "was reset" in reset.text
    assert await SessionIndex(redis).read_state("fake:1") is None
    assert "opted out" in out.text
    assert await redis.hget("tg:{fake:1}", "optout") == b"1"


async def test_an_operator_redacts_one_message(redis: Redis) -> None:
    await accept_message(redis, 1, text="my zebra")
    await accept_message(redis, 2, text="my horse")
    await process_session(redis)
    async with open_console(redis) as http:
        path, page = await open_first(http)
        entry = re.findall(r"\?message=([0-9-]+)#timeline", page.text)[0]
        asked = await http.get(f"{path}?ask=redact&message={entry}")
        done = await http.post(f"{path}/redact", data={"entry": entry})
        again = await http.post(f"{path}/redact", data={"entry": entry})

    assert f'name="entry" value="{entry}">Redact' in asked.text
    assert ("zebra" in page.text, "zebra" in done.text, "my horse" in done.text) == (True, False, True)
    assert "The text of the message was deleted" in done.text
    assert "This was not done" in again.text
    assert (await AuditLog(redis).latest(1, "fake:1"))[0].act == "redact"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example.com"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "", "Origin": "null"},
    ],
)
async def test_a_form_of_another_origin_changes_nothing(redis: Redis, headers: dict[str, str]) -> None:
    await accept_message(redis, 1)
    async with open_console(redis) as http:
        path, _ = await open_first(http)
        refused = await http.post(f"{path}/owner", data={"act": "take_over"}, headers=headers)

    assert refused.status_code == 403
    assert await read_owner(redis, "fake:1") is Owner.BOT


async def test_a_reply_that_waits_is_tried_at_once(redis: Redis, rig: Rig) -> None:
    pause = Unavailable("closed for a day", retry_after=80_000.0, one_contact=True)
    rig.channel.planned_failures = [(pause, False)]
    await rig.accept_turns(1)
    await rig.process()
    async with open_console(redis) as http:
        path, page = await open_first(http)
        tried = await http.post(f"{path}/owner", data={"act": "retry"})
        again = await http.post(f"{path}/owner", data={"act": "retry"})
    await rig.process()

    assert "Try to send now" in page.text
    assert "What waits is tried now" in tried.text
    assert "Nothing waits for another try" in again.text
    assert rig.channel.bodies == ["1: text 1"]
