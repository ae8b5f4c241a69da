"""New web sessions are bounded by the client's address."""

from __future__ import annotations

import httpx
from redis.asyncio import Redis
from starlette.applications import Starlette

from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.sending.outbox import ProactiveSender
from gateway.webchat.api.routes import WebApi
from gateway.webchat.conversations import WebConversations
from gateway.webchat.sessions.session_limit import SessionLimit
from gateway.webchat.sessions.session_tokens import SessionTokens
from tests.gateway.access.rule import build_operator_auth

PAGE = {"origin": "https://www.example.com"}


async def test_an_address_gets_so_many_sessions_an_hour(redis: Redis) -> None:
    inbox = RedisInbox(redis)
    conversations = WebConversations(redis, inbox)
    api = WebApi(
        conversations=conversations,
        redis=redis,
        inbox=inbox,
        sender=ProactiveSender(redis, {}, ProtocolLimits()),
        operator=build_operator_auth(redis, "operator-key-of-thirty-two-characters"),
        tokens=SessionTokens(["0123456789abcdef"]),
        origins=[PAGE["origin"]],
        sessions_per_hour=3,
    )
    app = Starlette(routes=api.routes())

    refused: list[httpx.Headers] = []

    async def ask(address: str, **headers: str) -> int:
        transport = httpx.ASGITransport(app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=PAGE) as http:
            answer = await http.post("/web/session", headers=headers)
            refused.append(answer.headers)
            return answer.status_code

    assert [await ask("192.0.2.1") for _ in range(5)] == [200, 200, 200, 429, 429]
    assert 0 < int(refused[-1]["retry-after"]) <= 3600
    assert refused[-1]["access-control-expose-headers"] == "retry-after"
    assert await ask("192.0.2.2") == 200
    behind_proxy = [await ask("10.0.0.1", **{"x-forwarded-for": f"1.1.1.{n}, 192.0.2.3"}) for n in range(4)]
    assert behind_proxy == [200, 200, 200, 429]
    assert await ask("10.0.0.1", **{"x-forwarded-for": "192.0.2.4"}) == 200
    keys = [key async for key in redis.scan_iter("tg:web_sessions:*")]
    assert len(keys) == 4
    assert all(b"192.0.2" not in key for key in keys)
    assert all([0 < await redis.ttl(key) <= 3600 for key in keys])
    await conversations.aclose()


async def test_all_addresses_of_one_ipv6_network_count_together(redis: Redis) -> None:
    limit = SessionLimit(redis, 2)
    addresses = ["2001:db8:1:2::1", "2001:DB8:1:2:ffff::9", "2001:db8:1:2::3%eth0", "2001:db8:1:3::1"]

    waits = [await limit.seconds_until_allowed(each) for each in addresses]
    assert [wait == 0 for wait in waits] == [True, True, False, True]
    assert 0 < waits[2] <= 3600
    mapped = ("192.0.2.7", "::ffff:192.0.2.7", "192.0.2.7")
    waits = [await limit.seconds_until_allowed(each) for each in mapped]
    assert [wait == 0 for wait in waits] == [True, True, False]


async def test_zero_is_without_limit(redis: Redis) -> None:
    limit = SessionLimit(redis, 0)

    assert not any([await limit.seconds_until_allowed("192.0.2.1") for _ in range(10)])
