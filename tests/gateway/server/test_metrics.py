"""`/metrics`: shared values from Redis, each process's own ones, and Prometheus' conventions."""

from __future__ import annotations

import asyncio
import shutil
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis

from core.errors import Rejected, Unavailable
from core.model import DeliveryStatus, FailureKind, StatusChanged, Turn, TurnReceived
from core.ports import State, TurnListener, TurnOutcome
from core.steps import Step, listen
from gateway.app import create_app
from gateway.redis.connection.connect import open_redis
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.processes.step_durations import StepDurations
from gateway.redis.records.processes.worker_presence import announce
from tests.fakes import EchoDialog, build_turn
from tests.gateway.access.rule import build_operator_auth
from tests.gateway.environments.inbound import InboundGateway
from tests.gateway.environments.stack import API_KEY, KEY
from tests.gateway.server.test_webhooks import OneTurnChannel, open_client

SESSION = "fake:1"


def build_web_process(redis: Redis) -> httpx.AsyncClient:
    app = create_app(
        {"fake": OneTurnChannel()}, RedisInbox(redis), redis, operator=build_operator_auth(redis, API_KEY)
    )
    return open_client(app)


class CountingDialog(EchoDialog):
    """Echoes, and says that it took 7 tokens."""

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        outcome = await super().answer(turn, state, listener=listener)
        return outcome._replace(details={"tokens": "7"})


def build_gateway(redis: Redis) -> InboundGateway:
    return InboundGateway(redis, ["fake"], dialog=CountingDialog())


@pytest.fixture
async def gateway(redis: Redis) -> AsyncIterator[InboundGateway]:
    made = build_gateway(redis)
    yield made
    await made.mailbox.aclose()


async def scrape(http: httpx.AsyncClient) -> dict[str, Metric]:
    """Return the metric families by name."""
    response = await http.get("/metrics", headers=KEY)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {family.name: family for family in text_string_to_metric_families(response.text)}


def read_values(family: Metric, **labels: str) -> dict[str, float]:
    """Return the values of the samples with these labels, by the sample's name."""
    return {
        sample.name: sample.value
        for sample in family.samples
        if "le" not in sample.labels and labels.items() <= sample.labels.items()
    }


async def make_traffic(gateway: InboundGateway) -> None:
    """Answer a message, deliver a copy of it, fail a send, reject another, and leave one message waiting."""
    durations = StepDurations(gateway.redis)
    with listen(durations):
        await gateway.receive([TurnReceived(turn=build_turn(1)), TurnReceived(turn=build_turn(1))], SESSION)
        gateway.channel.planned_failures = [(Unavailable("down"), False), (Rejected("no such number"), False)]
        await gateway.receive([TurnReceived(turn=build_turn(2))], SESSION)
        await gateway.process_when_due(SESSION)
        with Step("model", {"model": "openai/gpt", "operation": "decide"}):
            pass
        with Step("tool", {"tool": "find|order", "type": "python"}):
            pass
    await durations.flush()
    await gateway.inbox.accept(
        [StatusChanged(channel="fake", provider_id="P1", status=DeliveryStatus.FAILED)]
    )
    await gateway.inbox.accept([TurnReceived(turn=build_turn(3, session="fake:2"))])
    await announce(gateway.redis, "w1")


async def test_counters_are_by_channel_account_and_class(gateway: InboundGateway) -> None:
    await make_traffic(gateway)
    async with build_web_process(gateway.redis) as http:
        metrics = await scrape(http)
    account = {"channel": "fake", "account": "A1"}
    new, copy = (
        read_values(metrics["turngate_messages"], **account, **{"class": name})
        for name in ("new", "duplicate")
    )
    assert (new, copy) == ({"turngate_messages_total": 3}, {"turngate_messages_total": 1})
    assert read_values(metrics["turngate_replies"], **account, **{"class": "bot"}) == {
        "turngate_replies_total": 1
    }
    assert read_values(metrics["turngate_refused_replies"], **{"class": FailureKind.PERMANENT}) == {
        "turngate_refused_replies_total": 1
    }
    assert read_values(metrics["turngate_model_tokens"], **account) == {"turngate_model_tokens_total": 14}
    assert read_values(metrics["turngate_model_tokens_today"], **account) == {
        "turngate_model_tokens_today": 14
    }
    assert read_values(metrics["turngate_dead_letters"], **account) == {"turngate_dead_letters_total": 2}


async def test_histograms_of_every_step_come_from_all_workers(gateway: InboundGateway) -> None:
    await make_traffic(gateway)
    async with build_web_process(gateway.redis) as http:
        metrics = await scrape(http)
    counts = {
        name: read_values(family, **labels)[f"{name}_count"]
        for name, labels in {
            "turngate_queue_wait_seconds": {"channel": "fake"},
            "turngate_webhook_to_reply_seconds": {"channel": "fake"},
            "turngate_turn_seconds": {"channel": "fake", "result": "ok"},
            "turngate_model_call_seconds": {"model": "openai/gpt", "operation": "decide", "result": "ok"},
            "turngate_tool_call_seconds": {"tool": "find/order", "type": "python", "result": "ok"},
            "turngate_send_seconds": {"channel": "fake", "result": "unavailable"},
        }.items()
        if (family := metrics[name])
    }
    assert counts == {
        "turngate_queue_wait_seconds": 2,
        "turngate_webhook_to_reply_seconds": 1,
        "turngate_turn_seconds": 2,
        "turngate_model_call_seconds": 1,
        "turngate_tool_call_seconds": 1,
        "turngate_send_seconds": 1,
    }
    buckets = [
        sample.value
        for sample in metrics["turngate_queue_wait_seconds"].samples
        if sample.name.endswith("_bucket")
    ]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 2


async def test_gauges_tell_what_waits_now(gateway: InboundGateway) -> None:
    async with build_web_process(gateway.redis) as http:
        idle = await scrape(http)
        await make_traffic(gateway)
        await gateway.redis.zadd("tg:unanswered", {"fake:2": 1})
        await gateway.redis.zadd("tg:paused", {"fake:A9": 1})
        busy = await scrape(http)
    [oldest] = busy["turngate_oldest_unanswered_seconds"].samples
    assert read_values(idle["turngate_oldest_unanswered_seconds"]) == {
        "turngate_oldest_unanswered_seconds": 0
    }
    assert oldest.value > 1_000_000
    present = {
        name: read_values(busy[name])[name]
        for name in (
            "turngate_unanswered_sessions",
            "turngate_mailbox_messages",
            "turngate_longest_mailbox_messages",
            "turngate_workers",
            "turngate_redis_up",
            "turngate_paused_accounts",
        )
    }
    assert set(present.values()) == {1}, present
    assert read_values(busy["turngate_kept_dead_letters"]) == {"turngate_kept_dead_letters": 2}
    breakers = {
        sample.labels["account"]: sample.value for sample in busy["turngate_circuit_breaker_open"].samples
    }
    assert breakers == {"A1": 0, "A9": 1}


async def test_every_process_shows_the_same_shared_values_and_its_own_acknowledgements(
    redis: Redis,
) -> None:
    async with build_web_process(redis) as one, build_web_process(redis) as other:
        await one.post("/webhooks/fake", content=b"1")
        await one.post("/webhooks/fake", content=b"forged")
        await one.post("/webhooks/unknown", content=b"1")
        first, second = await scrape(one), await scrape(other)
    shared = [
        name for name in first if name.startswith("turngate_") and name != "turngate_webhook_ack_seconds"
    ]
    for name in shared:
        if name != "turngate_oldest_unanswered_seconds":
            assert first[name].samples == second[name].samples
    acknowledged = {
        sample.labels["status"]: sample.value
        for sample in first["turngate_webhook_ack_seconds"].samples
        if sample.name.endswith("_count")
    }
    assert acknowledged == {"200": 1, "401": 1}, "no unknown channel becomes a label"
    assert second["turngate_webhook_ack_seconds"].samples == []


async def test_without_redis_the_process_still_reports_its_own_metrics(redis: Redis) -> None:
    dead = open_redis("redis://127.0.0.1:1/0", timeout=0.5)
    async with open_client(
        create_app({}, RedisInbox(dead), dead, operator=build_operator_auth(redis, API_KEY))
    ) as http:
        metrics = await scrape(http)
    await dead.aclose()
    assert read_values(metrics["turngate_redis_up"]) == {"turngate_redis_up": 0}
    assert read_values(metrics["turngate_build_info"]) == {"turngate_build_info": 1}
    assert "turngate_messages" not in metrics


async def test_the_text_keeps_prometheus_conventions(gateway: InboundGateway) -> None:
    await make_traffic(gateway)
    await gateway.redis.hset("tg:counts", 'ignored:a "quoted"\nreason\\', 1)
    async with build_web_process(gateway.redis) as http:
        text = (await http.get("/metrics", headers=KEY)).text
        families = await scrape(http)
    assert all(family.documentation and family.type != "unknown" for family in families.values())
    assert 'ignored:a "quoted"\nreason\\' in {
        sample.labels["event"] for sample in families["turngate_events"].samples
    }
    assert "+1555" not in text
    assert "fake:1" not in text, "no session is a label"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed here")
async def test_promtool_finds_nothing_wrong(gateway: InboundGateway) -> None:
    await make_traffic(gateway)
    async with build_web_process(gateway.redis) as http:
        await http.post("/webhooks/fake", content=b"1")
        text = (await http.get("/metrics", headers=KEY)).text
    process = await asyncio.create_subprocess_exec(
        "promtool", "check", "metrics", stdin=PIPE, stdout=PIPE, stderr=STDOUT
    )
    output, _ = await process.communicate(text.encode())
    assert [line for line in output.decode().splitlines() if "turngate_" in line] == []
