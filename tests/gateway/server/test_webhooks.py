"""The webhook endpoint: size limit, verification, storage, and only then the acknowledgement."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from redis.asyncio import Redis
from starlette.types import ASGIApp

from core.errors import InvalidSignature, MalformedWebhook
from core.model import DeliveryStatus, Event, FailureKind, StatusChanged, TurnReceived
from core.ports import Webhook, WebhookResponse
from gateway.app import create_app
from gateway.local.http_server import serve
from gateway.redis.connection.connect import open_redis
from gateway.redis.inbox import RedisInbox
from tests.fakes import FakeChannel, build_turn
from tests.gateway.access.rule import build_operator_auth
from tests.gateway.environments.stack import API_KEY, KEY


class OneTurnChannel(FakeChannel):
    """Reads the body as the id of a turn; the bodies `forged` and `broken` are rejected as such."""

    def verify(self, webhook: Webhook) -> None:
        if webhook.body == b"forged":
            raise InvalidSignature("expected c2VjcmV0")

    def parse(self, webhook: Webhook) -> list[Event]:
        if webhook.body == b"broken":
            raise MalformedWebhook("no id")
        return [TurnReceived(turn=build_turn(int(webhook.body)))]

    def answer(self, webhook: Webhook, events: Sequence[Event]) -> WebhookResponse:
        return WebhookResponse(content_type="text/xml", body=b"<Response/>")


def open_client(app: ASGIApp) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://bots.example.com")


@pytest.fixture
async def http(redis: Redis) -> AsyncIterator[httpx.AsyncClient]:
    operator = build_operator_auth(redis, API_KEY)
    app = create_app({"fake": OneTurnChannel()}, RedisInbox(redis), redis, operator=operator)
    async with open_client(app) as opened:
        yield opened


async def test_a_verified_message_is_stored_and_answered_as_the_provider_expects(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    response = await http.post("/webhooks/fake", content=b"1")

    assert (response.status_code, response.text) == (200, "<Response/>")
    assert response.headers["content-type"].startswith("text/xml")
    assert await redis.llen("tg:{fake:1}:mail") == 1


async def test_a_redelivery_is_acknowledged_and_deduplicated(http: httpx.AsyncClient, redis: Redis) -> None:
    for _ in range(3):
        assert (await http.post("/webhooks/fake/A1", content=b"1")).status_code == 200

    assert await redis.llen("tg:{fake:1}:mail") == 1


@pytest.mark.parametrize("path", ["/webhooks/fake/", "/webhooks/fake/A1/"])
async def test_a_slash_at_the_end_is_no_redirect(http: httpx.AsyncClient, redis: Redis, path: str) -> None:
    assert (await http.post(path, content=b"1")).status_code == 200

    assert await redis.llen("tg:{fake:1}:mail") == 1


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip", "GZIP", "identity,zstd"])
async def test_a_compressed_body_is_not_acknowledged(
    http: httpx.AsyncClient, redis: Redis, encoding: str
) -> None:
    response = await http.post("/webhooks/fake", content=b"1", headers={"Content-Encoding": encoding})

    assert (response.status_code, await redis.keys("tg:{*")) == (400, [])


@pytest.mark.parametrize("encoding", ["identity", "", "utf-8", "UTF-8", "none"])
async def test_a_body_that_is_not_compressed_is_read(http: httpx.AsyncClient, encoding: str) -> None:
    headers = {"Content-Encoding": encoding}

    assert (await http.post("/webhooks/fake", content=b"1", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"forged", 401, "bad_signature"),
        (b"broken", 400, "malformed"),
        (b"9" * 1001, 413, "too_large"),
    ],
)
async def test_rejected_webhooks_have_distinct_statuses_and_store_nothing(
    http: httpx.AsyncClient, redis: Redis, body: bytes, status: int, code: str
) -> None:
    response = await http.post("/webhooks/fake", content=body)

    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert "c2VjcmV0" not in response.text
    assert await redis.keys("tg:*") == []


async def test_a_body_without_content_length_is_limited_too(http: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    assert (await http.post("/webhooks/fake", content=endless())).status_code == 413


async def test_an_endless_chunked_body_is_rejected_at_the_size_limit(redis: Redis) -> None:
    """The answer must come while the body is still being sent, soon after the limit."""
    app = create_app({"fake": OneTurnChannel()}, RedisInbox(redis), redis)
    sent = 0
    async with serve(app) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"POST /webhooks/fake HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        answer = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
        while not answer.done():
            writer.write(b"40\r\n" + b"x" * 64 + b"\r\n")
            sent += 64
            await writer.drain()
            await asyncio.sleep(0)
        assert (await answer).startswith(b"HTTP/1.1 413")
        writer.close()

    assert sent < 1_000_000, "the bound of the fake channel is 1,000 bytes; the rest is what sockets buffer"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/webhooks/unknown", 404), ("DELETE", "/webhooks/fake", 405), ("GET", "/nothing", 404)],
)
async def test_all_errors_have_the_same_shape(
    http: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    response = await http.request(method, path)

    assert response.status_code == status
    assert set(response.json()["error"]) == {"code", "message"}


async def test_without_redis_the_answer_is_503_with_retry_after() -> None:
    redis = open_redis("redis://127.0.0.1:1/0", timeout=0.5)
    async with open_client(create_app({"fake": OneTurnChannel()}, RedisInbox(redis), redis)) as http:
        response = await http.post("/webhooks/fake", content=b"1")
        ready = await http.get("/readyz")
        alive = await http.get("/healthz")
    await redis.aclose()

    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert (ready.status_code, alive.status_code) == (503, 200)


async def test_whether_a_worker_is_alive_is_an_answer_of_its_own(
    http: httpx.AsyncClient,
) -> None:
    stored = await http.get("/readyz")
    processed = await http.get("/readyz", params={"workers": "1"})

    assert (stored.status_code, stored.json()) == (200, {"status": "ready"})
    assert processed.status_code == 503
    assert "turngate worker" in processed.json()["error"]["message"]


async def test_a_webhook_with_a_malformed_host_is_rejected(http: httpx.AsyncClient) -> None:
    response = await http.post("/webhooks/fake", content=b"1", headers={"Host": "["})

    assert (response.status_code, response.json()["error"]["code"]) == (400, "malformed")


async def test_metrics_count_received_events(http: httpx.AsyncClient) -> None:
    await http.post("/webhooks/fake", content=b"1")
    text = (await http.get("/metrics", headers=KEY)).text

    assert 'turngate_events_total{event="turn:new"} 1' in text
    assert "turngate_queued_drains 1" in text


async def test_metrics_count_deliveries_by_channel_status_and_class(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    statuses = {"P1": DeliveryStatus.DELIVERED, "P2": DeliveryStatus.FAILED, "P3": DeliveryStatus.FAILED}
    await RedisInbox(redis).accept(
        [
            StatusChanged(channel="fake", provider_id=name, status=status, failure=FailureKind.WINDOW)
            for name, status in statuses.items()
        ]
    )
    text = (await http.get("/metrics", headers=KEY)).text

    assert 'turngate_deliveries_total{channel="fake",status="delivered",failure=""} 1' in text
    assert 'turngate_deliveries_total{channel="fake",status="failed",failure="window"} 2' in text
    assert "turngate_account_alarms 0" in text
    assert 'event="delivery' not in text
