"""The load test: real HTTP between the simulated provider and a gateway, its figures, and the command."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import parse_qs

import httpx
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.cli import main
from gateway.load import (
    LoadGenerator,
    LoadPlan,
    LoadResult,
    MessageOutcome,
    find_capacity,
    simulated_provider,
)
from gateway.local.http_server import serve
from tests.paths import ROOT

ACCOUNT, TOKEN = "AC" + "0" * 31 + "1", "0123456789abcdef0123456789abcdef"


class EchoGateway:
    """Answers webhooks at once and each message through the API, `seconds` apart; some it never answers."""

    def __init__(self, *, seconds: float = 0.0, status: int = 200) -> None:
        self.provider_url = ""
        self.people: list[str] = []
        self._seconds, self._status = seconds, status
        self._turn = asyncio.Lock()
        self.app = Starlette(routes=[Route("/webhooks/twilio", self._receive, methods=["POST"])])

    async def _receive(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        self.people.append(form["From"])
        is_answered = form["Body"] != "silence" and self._status == 200
        return Response(
            status_code=self._status, background=BackgroundTask(self._reply, form) if is_answered else None
        )

    async def _reply(self, form: dict[str, str]) -> None:
        async with self._turn, httpx.AsyncClient(auth=(ACCOUNT, TOKEN), trust_env=False) as http:
            await asyncio.sleep(self._seconds)
            await http.post(
                f"{self.provider_url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
                data={"To": form["From"], "From": form["To"], "Body": "yes"},
            )


@asynccontextmanager
async def running_load(gateway: EchoGateway) -> AsyncIterator[LoadGenerator]:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serve(gateway.app))
        generator, gateway.provider_url = await stack.enter_async_context(
            simulated_provider(url, ACCOUNT, TOKEN)
        )
        yield generator


async def test_contacts_say_all_texts_and_each_message_is_timed() -> None:
    gateway = EchoGateway()
    async with running_load(gateway) as generator:
        result = await generator.run(LoadPlan(rate=40, seconds=0.5, texts=("hi", "and", "bye")))
    assert len(result.outcomes) == 20
    assert result.unanswered == 0
    assert result.refused == {}
    assert all(each.acknowledged_ms > 0 and each.reply_ms for each in result.outcomes)
    assert max(map(gateway.people.count, gateway.people)) <= 3
    assert result.is_within(60_000)
    assert not result.is_within(0)


async def test_messages_without_a_reply_and_refused_webhooks_are_counted() -> None:
    async with running_load(EchoGateway()) as generator:
        result = await generator.run(LoadPlan(rate=50, seconds=0.1, texts=("silence",), patience=0.2))
    assert result.unanswered == len(result.outcomes) == 5
    assert result.to_json()["reply_ms"]["p99"] == 0
    async with running_load(EchoGateway(status=401)) as generator:
        result = await generator.run(LoadPlan(rate=50, seconds=0.1, patience=0.2))
    assert result.refused == {"401": 5}
    assert not result.is_within(60_000)


@pytest.mark.long
async def test_the_highest_rate_is_found_between_a_good_and_a_bad_one() -> None:
    lines: list[str] = []
    async with running_load(EchoGateway(seconds=0.02)) as generator:
        plan = LoadPlan(rate=5, seconds=0.6, patience=1.0)
        rate, result = await find_capacity(generator, plan, 400, lines.append)
    assert result is not None
    assert 1 < rate < 200  # one after another, 20 ms each, and a backlog of 400 ms
    assert len(lines) >= 3


async def test_no_rate_is_found_where_nothing_is_answered() -> None:
    async with running_load(EchoGateway(status=500)) as generator:
        rate, result = await find_capacity(generator, LoadPlan(5, 0.2, patience=0.1), 100, lambda line: None)
    assert (rate, result) == (0.0, None)


def test_percentiles_of_no_replies_and_of_a_few() -> None:
    outcomes = [MessageOutcome(200, float(ms), ms * 2.0) for ms in (3, 1, 2)]
    figures = LoadResult(outcomes, 2.0).to_json()
    assert figures["answered_per_second"] == 1.5
    assert figures["acknowledgement_ms"] == {"p50": 2.0, "p95": 3.0, "p99": 3.0, "max": 3.0}
    assert LoadResult([], 1.0).to_json()["reply_ms"]["max"] == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set"),
        ({"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}, "did not answer"),
    ],
)
def test_what_is_missing_is_said(
    settings: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        sys, "argv", ["turngate", "load", "--url", "http://127.0.0.1:1", "--provider-port", "9417"]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.long
def test_the_command_starts_an_installation_and_says_what_a_message_costs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "load", "--rate", "10", "--seconds", "1", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert (figures["messages"], figures["unanswered"], figures["refused"]) == (10, 0, {})
    assert figures["cost_per_message"].keys() == {
        "web_cpu_ms",
        "worker_cpu_ms",
        "redis_cpu_ms",
        "redis_bytes",
    }
