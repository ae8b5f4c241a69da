"""Pages of accounts, templates and broadcasts, and their operator actions."""

from __future__ import annotations

import re

from redis.asyncio import Redis

from core.errors import Unavailable
from core.model import MessageTemplate, TurnReceived
from gateway.broadcasts.store import Broadcasts
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.operators.audit_log import AuditLog
from gateway.redis.records.templates import TemplateRecords
from gateway.redis.sending.template_sync import UNLISTED, claim_key
from tests.fakes import build_turn
from tests.gateway.console.console_client import open_console
from tests.gateway.environments.inbound import InboundGateway

ACCOUNT = "/console/accounts/one?name=fake%3AA1"


async def test_an_operator_ends_an_accounts_pause_and_the_next_reply_is_tried(redis: Redis) -> None:
    gateway = InboundGateway(redis, ["fake"])
    gateway.channel.planned_failures = [(Unavailable("HTTP 503"), False)] * 5
    for number in range(5):
        await gateway.receive([TurnReceived(turn=build_turn(number, f"fake:{number}"))], f"fake:{number}")
    async with open_console(redis) as http:
        page = await http.get(ACCOUNT)
        tried = await http.post("/console/accounts/one/try", data={"name": "fake:A1"})
        jobs = await redis.llen("rq:queue:turns")
        for number in range(5):
            await gateway.processor.run(f"fake:{number}")
        after = await http.get(ACCOUNT)
        again = await http.post("/console/accounts/one/try", data={"name": "fake:A1"})
        unknown = await http.get("/console/accounts/one?name=nobody")
        overview = await http.get("/console")
    async with open_console(redis, "viewer") as http:
        viewed = await http.get(ACCOUNT)
    await gateway.mailbox.aclose()

    assert "Sending is paused: HTTP 503" in page.text
    assert "unavailable" not in page.text or "Try now" in page.text
    assert "A reply is tried now" in tried.text
    assert jobs >= 1
    assert "May send" in after.text
    assert gateway.channel.sent_replies
    assert "not paused any more" in again.text
    assert unknown.status_code == 404
    assert ACCOUNT in overview.text
    assert "Try now" not in viewed.text
    entry = (await AuditLog(redis).latest(1))[0]
    assert (entry.act, entry.target, entry.who) == ("try_account", "fake:A1", "ops")


async def test_templates_are_listed_by_pages_and_read_again_on_request(redis: Redis) -> None:
    templates = [
        MessageTemplate(name=f"t{number:03}", language="en", status="approved", quality="green")
        for number in range(101)
    ]
    rejected = MessageTemplate(name="zz", language="en", status="rejected", reason="no variables", text="<b>")
    await TemplateRecords(redis).replace("fake", [*templates, rejected], 1_000)
    await redis.set(claim_key("fake"), "1")
    async with open_console(redis) as http:
        first = await http.get("/console/templates")
        link = re.search(r'class="end" href="([^"]+)"', first.text)
        assert link
        second = await http.get(link[1])
        synced = await http.post("/console/templates/sync", data={"a": "1"})

    assert f"<dt>sunshine</dt><dd>{UNLISTED}</dd>" in first.text
    assert "102 templates" in first.text
    assert "t099" in first.text
    assert "t100" not in first.text
    assert "t100" in second.text
    assert "no variables" in second.text
    assert "&lt;b&gt;" in second.text
    assert "reads the lists now" in synced.text
    assert not await redis.exists(claim_key("fake"))


async def test_a_broadcast_is_checked_then_started_and_can_be_stopped(redis: Redis) -> None:
    form = {
        "name": "news",
        "channel": "fake",
        "account": "A1",
        "sender": "+15550100",
        "text": "Hello {{ name }}",
        "recipients": "to,name\n+15550101,Ada\n+15550102,\nnobody,Bo\n",
        "category": "marketing",
    }
    async with open_console(redis) as http:
        checked = await http.post("/console/broadcasts/check", data=form)
        unconfirmed = await http.post("/console/broadcasts/start", data={**form, "confirmed": "2"})
        wrong = await http.post("/console/broadcasts/check", data={**form, "name": "no name"})
        nothing = await Broadcasts(redis, ProtocolLimits()).list_names()
        started = await http.post("/console/broadcasts/start", data={**form, "confirmed": "3"})
        paused = await http.post("/console/broadcasts/news/pause", data={"a": "1"})
        stopped = await http.post("/console/broadcasts/news/stop", data={"a": "1"})
        late = await http.post("/console/broadcasts/news/resume", data={"a": "1"})
    async with open_console(redis, "viewer") as http:
        viewed = await http.get("/console/broadcasts")

    assert "of 3 would get it" in checked.text
    assert "no value for name" in checked.text
    assert "type 3" in unconfirmed.text
    assert (wrong.status_code, nothing) == (400, [])
    assert "is started" in started.text
    assert "Resume" in paused.text
    assert "Stopped" in stopped.text
    assert "another state" in late.text
    assert "New broadcast" not in viewed.text
