"""Sessions of visitors and of identified users: given, renewed, and refused."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from itsdangerous.timed import TimestampSigner
from redis.asyncio import Redis
from starlette.applications import Starlette

from core.model import Address, Turn, TurnReceived
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.contact_search import ContactSearch
from gateway.redis.records.sessions.log.session_log import read_log
from gateway.redis.sending.outbox import ProactiveSender
from gateway.webchat.api import session_api
from gateway.webchat.api.routes import WebApi
from gateway.webchat.conversations import WebConversations, WebMessage
from gateway.webchat.sessions import session_tokens
from gateway.webchat.sessions.session_tokens import SessionTokens, WebSession
from gateway.webchat.sessions.user_identity import IdentityVerifier
from tests.gateway.access.rule import build_operator_auth
from tests.gateway.environments.stack import API_KEY
from tests.gateway.webchat.sessions.test_user_identity import SECRET, build_token

TOKEN_SECRET = "0123456789abcdef0123456789abcdef"
PAGE = {"Origin": "https://www.example.com"}


@pytest.fixture(params=[SECRET])
async def http(redis: Redis, request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    conversations = WebConversations(redis, RedisInbox(redis))
    api = WebApi(
        conversations=conversations,
        redis=redis,
        inbox=RedisInbox(redis),
        sender=ProactiveSender(redis, {}, ProtocolLimits()),
        operator=build_operator_auth(redis, API_KEY),
        tokens=SessionTokens([TOKEN_SECRET]),
        identities=IdentityVerifier([request.param] if request.param else []),
        origins=[PAGE["Origin"]],
        sessions_per_hour=2,
    )
    transport = httpx.ASGITransport(Starlette(routes=api.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client
    await conversations.aclose()


async def test_an_operator_redacts_a_message(http: httpx.AsyncClient, redis: Redis) -> None:
    address = Address(channel="web", account="web", ours="web", theirs="ada")
    turn = Turn(id="m/1", session="web:ada", address=address, text="my zebra")
    await RedisInbox(redis).accept([TurnReceived(turn=turn)])
    operator = {"Authorization": f"Bearer {API_KEY}"}
    refused = await http.post("/messages/m%2F1/redact", json={})
    done = await http.post("/messages/m%2F1/redact", json={}, headers=operator)
    again = await http.post("/messages/m%2F1/redact", json={"session": "web:ada"}, headers=operator)

    assert refused.status_code == 401
    assert (done.status_code, done.json()) == (200, {"sessions": ["web:ada"], "records": 2})
    assert (again.status_code, again.json()["error"]["code"]) == (404, "unknown_message")
    assert [entry.kind for entry in await read_log(redis, "web:ada")] == ["activity"]


async def identify(http: httpx.AsyncClient, identity: str) -> httpx.Response:
    return await http.post("/web/session", json={"identity": identity}, headers=PAGE)


def build_bearer(answer: dict[str, Any]) -> dict[str, str]:
    return {**PAGE, "Authorization": f"Bearer {answer['token']}"}


async def test_a_user_has_one_session_on_every_device(http: httpx.AsyncClient) -> None:
    laptop, phone = [(await identify(http, build_token(name="Ada"))).json() for _ in range(2)]
    other = (await identify(http, build_token(sub="43"))).json()

    assert laptop["session_id"] == phone["session_id"] == "user:42"
    assert (laptop["user_id"], laptop["expires_in"]) == ("42", 12 * 3_600)
    assert other["session_id"] == "user:43"
    for own in (laptop, phone):
        history = await http.get("/web/history", headers=build_bearer(own))
        assert history.status_code == 200
        foreign = await http.get("/web/history", params={"session_id": "user:43"}, headers=build_bearer(own))
        assert foreign.status_code == 403


async def test_identified_users_are_not_counted_as_new_sessions_of_their_address(
    http: httpx.AsyncClient,
) -> None:
    assert {(await identify(http, build_token())).status_code for _ in range(5)} == {200}
    visitors = [(await http.post("/web/session", headers=PAGE)).status_code for _ in range(3)]
    assert visitors == [200, 200, 429]


async def test_a_token_is_renewed_for_its_own_session(http: httpx.AsyncClient) -> None:
    visitor = (await http.post("/web/session", headers=PAGE)).json()
    user = (await identify(http, build_token(name="Ada"))).json()
    for own in (visitor, user):
        for _ in range(3):  # no new session, so no limit
            renewed = await http.post("/web/session", headers=build_bearer(own))
            assert renewed.status_code == 200
            assert renewed.json()["session_id"] == own["session_id"]
            assert renewed.json()["user_id"] == own["user_id"]
    assert renewed.headers["cache-control"] == "no-store"


async def test_a_users_token_is_not_renewed_for_ever(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = (await identify(http, build_token())).json()
    now = time.time()
    for hours in (11, 22, 23.9):
        monkeypatch.setattr(time, "time", lambda hours=hours: now + hours * 3_600)
        for module in (session_api, session_tokens):
            monkeypatch.setattr(module, "time", time.time)
        own = (await http.post("/web/session", headers=build_bearer(own))).json()
    assert 0 < own["expires_in"] <= 360
    monkeypatch.setattr(session_tokens, "time", lambda: now + 24.1 * 3_600)
    assert (await http.post("/web/session", headers=build_bearer(own))).status_code == 401
    assert (await http.get("/web/history", headers=build_bearer(own))).status_code == 401


async def test_an_expired_token_is_neither_renewed_nor_a_guess(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as past:
        past.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time()) - 13 * 3_600)
        expired = SessionTokens([TOKEN_SECRET]).issue(WebSession(id="0" * 32))
    foreign = SessionTokens(["x" + TOKEN_SECRET]).issue(WebSession(id="0" * 32))
    for each in (expired, foreign):
        headers = build_bearer({"token": each})
        answers = {(await http.post("/web/session", headers=headers)).status_code for _ in range(12)}
        assert answers == {401}
    # an operator's key from the same address still counts
    key = {"Authorization": f"Bearer {API_KEY}"}
    assert (await http.post("/web/session", headers={**key, "Content-Type": "application/json"})).is_success


@pytest.mark.parametrize("identity", ["x", "a.b.c", "ä", " ", "x" * 9_000])
async def test_a_wrong_identity_never_becomes_a_visitor(http: httpx.AsyncClient, identity: str) -> None:
    refused = await identify(http, identity)

    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "invalid_identity"
    assert identity not in refused.text or len(identity) == 1


@pytest.mark.long
@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"{", b'{"identity": 1}', b'{"user": "42"}', b'{"identity": "' + b"x" * 70_000]
)
async def test_a_malformed_request_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    refused = await http.post("/web/session", content=body, headers=PAGE)

    assert refused.status_code in (400, 413)


@pytest.mark.parametrize("http", [""], indirect=True)
async def test_without_a_secret_nobody_is_identified(http: httpx.AsyncClient) -> None:
    refused = await identify(http, build_token())

    assert refused.status_code == 404
    assert "TURNGATE_WEB_IDENTITY_SECRET" in refused.json()["error"]["message"]


async def test_agents_and_erasure_know_an_identified_user(http: httpx.AsyncClient, redis: Redis) -> None:
    user = (await identify(http, build_token(name="Ada Ort", email="Ada@Example.com"))).json()
    submitted = await WebConversations(redis, RedisInbox(redis)).submit(
        SessionTokens([TOKEN_SECRET]).verify(user["token"]) or WebSession(id=""), WebMessage("m1", "hi")
    )

    assert submitted.session == "web:user:42"
    for spelling in ("ada@example.com", "42", "user:42", "ada ort", "web:user:42"):
        assert (await ContactSearch(redis).find(spelling)).sessions == ("web:user:42",)


@pytest.mark.parametrize("length", [201, 400])
async def test_a_message_id_beyond_the_bound_is_refused_not_cut(
    http: httpx.AsyncClient, redis: Redis, length: int
) -> None:
    user = build_bearer((await identify(http, build_token())).json())
    for path in ("/turn", "/stream"):
        by_body = await http.post(path, json={"text": "hi", "message_id": "x" * length}, headers=user)
        by_header = await http.post(
            path, json={"text": "hi"}, headers={**user, "Idempotency-Key": "x" * length}
        )
        assert (by_body.status_code, by_header.status_code) == (400, 400)
    assert [key async for key in redis.scan_iter("tg:{web:user:42}*")] == []
