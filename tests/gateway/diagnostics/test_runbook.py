"""Incidents of docs/runbook.md: each one is caused, diagnosed and fixed with the tools alone.

What a tool says is compared with the page, so that whoever reads the page at night finds these very words.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette

from channels.twilio import TwilioChannel, create_channel
from core.errors import Unavailable
from core.model import DeliveryStatus, FailureKind, StatusChanged, TurnReceived
from core.processing import AbuseLimits, SessionProcessor
from flows import DialogMachine, Flow
from gateway.app import create_app
from gateway.config.settings import Settings
from gateway.diagnostics.checks import run_checks
from gateway.redis.connection.connect import open_redis
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.processes.load import read_load
from gateway.redis.records.sessions.session_report import explain
from gateway.redis.records.sessions.silenced_sessions import end_silence
from gateway.redis.records.sessions.waiting_sessions import try_now
from gateway.redis.server.readiness import Readiness
from gateway.redis.sweeper import Sweeper
from gateway.server.metrics.redis_metrics import build_counters
from tests.channels.test_account_checks import ELSEWHERE, check, create_account, list_failures, serve_account
from tests.channels.twilio.builders import ENVIRON, build_payload, build_webhook
from tests.core.rig import SESSION, Rig
from tests.fakes import EchoDialog, build_turn
from tests.flows.conversation import document, edge, node
from tests.gateway.console.console_client import open_console
from tests.gateway.console.conversations.conversation_pages import open_first
from tests.gateway.environments.full_disk import fill_disk, make_room, make_server, needs_limits
from tests.gateway.environments.inbound import InboundGateway
from tests.gateway.environments.stack import ACCOUNT, BUSINESS_NUMBER, PERSON, build_message
from tests.gateway.server.test_webhooks import OneTurnChannel, open_client
from tests.paths import ROOT

TWILIO_SESSION = f"twilio:{ACCOUNT}:{BUSINESS_NUMBER}:{PERSON}"
RUNBOOK = " ".join((ROOT / "docs/runbook.md").read_text(encoding="utf-8").split())


def assert_says(output: str, *words: str) -> None:
    """Check that a tool says these words, and that the runbook has them."""
    for each in words:
        assert each in output, output[-3_000:]
        assert each in RUNBOOK, f"docs/runbook.md does not say {each!r}"


async def list_problems(url: str, **settings: str) -> str:
    """Return the problems that `turngate doctor` names."""
    given = Settings.model_validate({"REDIS_URL": url, **settings})
    return "\n".join([each.message async for each in run_checks(given) if not each.passed])


async def read_metric(redis: Redis, name: str) -> float:
    """Return the sum of a counter's samples, as `/metrics` has them."""
    families = build_counters((await read_load(redis)).counters)
    return sum(each.value for family in families for each in family.samples if each.name == f"{name}_total")


@pytest.mark.long
async def test_1_a_wrong_token(redis: Redis, redis_url: str) -> None:
    account = create_account("twilio")
    async with serve_account(account) as (environ, http), AsyncExitStack() as stack:

        def start_worker(token: str) -> SessionProcessor[httpx.AsyncClient]:
            mailbox = RedisMailbox(redis)
            stack.push_async_callback(mailbox.aclose)
            return SessionProcessor(
                mailbox=mailbox, dialog=EchoDialog(), channels={"twilio": connect(token)}, http=http
            )

        def connect(token: str) -> TwilioChannel:
            channel = create_channel({**environ, "TWILIO_AUTH_TOKEN": token}, "https://bots.example.com")
            assert channel is not None
            return channel

        await RedisInbox(redis).accept([build_message(1, "hello")])
        worker = start_worker("a-token-that-was-revoked")
        await worker.run(TWILIO_SESSION)
        name = f"twilio:{environ['TWILIO_ACCOUNT_SID']}"
        async with open_console(redis, accounts={"twilio": connect("a-token")}) as console:
            assert_says((await console.get("/console")).text, "is paused: twilio 20003: Authenticate")
            assert_says(await list_problems(redis_url), "circuit breaker open")
            [report] = await explain(redis, TWILIO_SESSION, 50)
            assert_says(f"{report.wait_reason} {report.breaker_reason}", "20003")
            worker = start_worker(environ["TWILIO_AUTH_TOKEN"])
            tried = await console.post("/console/accounts/one/try", data={"name": name})
            assert_says(tried.text, "A reply is tried now")
        await worker.run(TWILIO_SESSION)

    assert [each.text for each in account.simulator.list_messages(2e9, person=PERSON)] == ["1: hello"]
    assert (await explain(redis, TWILIO_SESSION, 50))[0].unsent == 0
    assert "circuit breaker" not in await list_problems(redis_url)


@pytest.mark.long
async def test_2_a_stuck_worker(redis: Redis, redis_url: str) -> None:
    limits = ProtocolLimits(lease_ms=1_000)
    stuck, healthy = RedisMailbox(redis, limits), Rig(redis, protocol=limits)
    await healthy.accept_turns(1)
    assert await stuck.claim(SESSION) is not None  # and it does nothing more
    [report] = await explain(redis, SESSION, 50)
    assert report.worker_until_ms
    assert report.unanswered == 1
    await redis.zadd("tg:workers", {"worker-1": 1_000})

    async with open_console(redis) as http:
        assert_says((await http.get("/console/queue")).text, "No worker is running", "Silent")
    assert_says(await list_problems(redis_url), "start one with `turngate worker`")
    await stuck.aclose()
    async with asyncio.timeout(5):  # its lease ends, and another worker takes the session
        while (await explain(redis, SESSION, 50))[0].unanswered:
            await Sweeper(redis, limits).sweep()
            await healthy.process()
            await asyncio.sleep(0.02)
    await healthy.mailbox.aclose()
    assert [each.body for each in healthy.channel.sent_replies] == ["1: text 1"]


@needs_limits
@pytest.mark.long
async def test_3_a_full_disk(tmp_path: Path) -> None:
    server = make_server(tmp_path)
    server.start()
    async with open_redis(server.url) as redis:
        app = create_app({"fake": OneTurnChannel()}, RedisInbox(redis), redis)
        await fill_disk(redis, server.folder)
        async with open_client(app) as http, open_console(redis) as console, asyncio.timeout(30):
            while (answer := await http.post("/webhooks/fake", content="1")).status_code == 200:
                pass  # what is written before the first error was answered already
            assert_says(f"{answer.status_code}", "503")
            assert (await http.get("/readyz")).status_code == 503
            assert_says(await Readiness(redis, cache_seconds=0).storage_problem(), "disk")
            assert_says(await list_problems(server.url), "disk")
            assert_says((await console.get("/console")).text, "Messages are refused")
            await make_room(redis)
            while (await http.post("/webhooks/fake", content="2")).status_code != 200:
                pass  # the server tries its disk again within a second
        assert await Readiness(redis, cache_seconds=0).storage_problem() == ""
        assert await redis.exists("tg:{fake:1}:mail")
    server.stop()


@pytest.mark.long
async def test_4_an_unregistered_webhook() -> None:
    account = create_account("twilio")
    account.simulator.account_resource._webhook_url = ELSEWHERE  # type: ignore[attr-defined]
    async with serve_account(account) as (environ, http):
        problems = list_failures(await check("twilio", environ, http))
        assert_says(" ".join(problems), "--fix")
        await check("twilio", environ, http, fix=True)
        assert list_failures(await check("twilio", environ, http)) == []


@pytest.mark.long
async def test_5_every_sms_is_blocked_with_30034(redis: Redis, redis_url: str, rig: Rig) -> None:
    rig.channel.capabilities = rig.channel.capabilities.model_copy(update={"statuses": True})
    await rig.accept_turns(1)
    await rig.process()
    await rig.inbox.accept(
        [
            StatusChanged(
                channel="fake",
                provider_id="P1",
                status=DeliveryStatus.FAILED,
                error_code="30034",
                error_text="unregistered",
                failure=FailureKind.ACCOUNT,
            )
        ]
    )

    async with open_console(redis) as http:
        assert_says((await http.get("/console")).text, "accepts replies and then reports 30034")
        failures = (await http.get("/console/failures")).text
        assert_says(failures, "Replay everything given up in")
        assert_says(await list_problems(redis_url), "the provider accepts replies and then reports 30034")
        assert await read_metric(redis, "turngate_dead_letters") == 1
        done = await http.post("/console/failures/replay", data={"since": "1h"})
    await rig.process()
    assert_says(done.text, "replayed")
    assert len(rig.channel.sent_replies) == 2


@pytest.mark.long
async def test_6_two_bots_answer_each_other(redis: Redis, rig: Rig) -> None:
    inbox = RedisInbox(redis, abuse={"fake": AbuseLimits(rounds=2)})
    for number in range(4):
        await inbox.accept([TurnReceived(turn=build_turn(number, text="We are closed until Monday."))])
        await rig.process()

    async with open_console(redis) as http:
        listed = await http.get("/console/conversations?state=silent")
        path, page = await open_first(http)
        assert_says(listed.text, "Silent")
        assert_says(page.text, "The bot is silent")
        [report] = await explain(redis, SESSION, 50)
        assert_says(report.silenced, "loop")
        assert await end_silence(redis, SESSION), "a false alarm ends by `turngate sessions --resume`"
        assert (await explain(redis, SESSION, 50))[0].silenced == ""
        await http.post(f"{path}/opt-out", data={"a": "1"})  # for good
        opted_out = await http.get("/console/conversations?state=opted_out")
    assert_says(opted_out.text, "Opted out")


@pytest.mark.long
async def test_7_a_broken_flow(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text("nodes: [", encoding="utf-8")
    assert_says(await list_problems(redis_url, TURNGATE_FLOW=str(tmp_path / "flow.yaml")), "line 1")
    bad = document(node("hello", "Hi {{ 1 / 0 }}", edges=[edge("on", "hello", keywords=["on"])]))
    gateway = InboundGateway(redis, ["fake"], dialog=DialogMachine(Flow.model_validate(bad), "rules"))
    await gateway.receive([TurnReceived(turn=build_turn(1))], SESSION)
    async with open_console(redis) as http:
        _, page = await open_first(http)
    assert_says(page.text, "a text of node hello could not be rendered (ZeroDivisionError)")
    assert await redis.hget("tg:counts", "template_failed") == b"1"
    await gateway.mailbox.aclose()

    good = document(node("hello", "Hi", edges=[edge("on", "hello", keywords=["on"])]))
    (tmp_path / "flow.yaml").write_text(json.dumps(good), encoding="utf-8")
    assert "line 1" not in await list_problems(redis_url, TURNGATE_FLOW=str(tmp_path / "flow.yaml"))


@pytest.mark.long
async def test_8_a_lost_public_url(redis: Redis) -> None:
    async def deliver(public_url: str) -> int:
        channel = create_channel(ENVIRON, public_url)
        assert channel is not None
        app: Starlette = create_app({"twilio": channel}, RedisInbox(redis), redis)
        hook = build_webhook(build_payload("sms"))  # signed for the address that the provider calls
        async with open_client(app) as http:
            answer = await http.post("/webhooks/twilio", content=hook.body, headers=dict(hook.headers))
        return answer.status_code

    assert await deliver("https://old.example.com") == 401
    async with open_console(redis) as http:
        assert_says((await http.get("/console/failures")).text, "Rejected webhooks")
        rejected = (await http.get("/console/failures")).text
        assert "https://old.example.com" in rejected, "the address that was used"
    assert await deliver("https://bots.example.com") == 200
    assert await redis.exists("tg:conversations")


async def test_9_a_long_pause(redis: Redis, rig: Rig) -> None:
    pause = Unavailable("closed for a day", retry_after=80_000.0, one_contact=True)
    rig.channel.planned_failures = [(pause, False)]
    await rig.accept_turns(1)
    await rig.process()
    [report] = await explain(redis, SESSION, 50)
    assert report.next_try_ms
    assert report.wait_reason == "closed for a day"
    assert "turngate sessions --retry SESSION" in RUNBOOK

    assert await try_now(redis, SESSION)
    await rig.process()

    assert rig.channel.bodies == ["1: text 1"]
    assert not await try_now(redis, SESSION)
