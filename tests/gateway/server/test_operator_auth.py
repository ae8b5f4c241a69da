"""Access to the console and the operator API: local access, keys with roles, guesses, other origins."""

from __future__ import annotations

import asyncio
import base64

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.access.operator_keys import Role
from gateway.redis.records.operators.audit_log import AuditLog
from gateway.server.operator_auth import OperatorAuth
from tests.gateway.access.rule import build_operator_auth

OPS, AGENT, VIEWER = "ops-4b1d9e7c2a6f", "agent-8c2f6a1e5d3b", "viewer-5f7a3c9b1e2d"
NAMED = f"ops:operator:{OPS},anna:agent:{AGENT},wall:viewer:{VIEWER}"
JSON = {"Content-Type": "application/json"}
FORWARDING = [
    {"X-Forwarded-For": "203.0.113.9"},
    {"X-Forwarded-Proto": "https"},
    {"X-Forwarded-Host": "bots.example.com"},
    {"Forwarded": "for=203.0.113.9"},
    {"X-Real-IP": "203.0.113.9"},
    {"Via": "1.1 proxy"},
    {"CF-Connecting-IP": "203.0.113.9"},
    {"True-Client-IP": "203.0.113.9"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-For": ""},
]


async def answer_inside(request: Request) -> Response:
    return PlainTextResponse("inside")


async def ask(
    rule: OperatorAuth,
    *,
    client: str = "127.0.0.1",
    host: str = "127.0.0.1:8000",
    headers: dict[str, str] | None = None,
    method: str = "GET",
    path: str = "/operator",
) -> httpx.Response:
    routes = [
        Route(f"/{role}", rule.require(answer_inside, role, "test_act"), methods=["GET", "POST", "DELETE"])
        for role in Role
    ]
    transport = httpx.ASGITransport(Starlette(routes=routes), client=(client, 50000))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as http:
        raw = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        return await http.request(method, path, headers=raw, content="{}" if method == "POST" else None)


def build_bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
async def test_without_a_key_loopback_requests_are_allowed(redis: Redis, host: str) -> None:
    assert (await ask(build_operator_auth(redis), host=host)).text == "inside"


@pytest.mark.parametrize(
    ("client", "host"),
    [
        ("192.0.2.7", "127.0.0.1"),
        ("127.0.0.1", "evil.example.com"),
        ("127.0.0.1", "127.0.0.1.evil.example"),
        ("127.0.0.1", "me@127.0.0.1"),
    ],
)
async def test_without_a_key_other_hosts_and_dns_names_for_loopback_are_denied(
    redis: Redis, client: str, host: str
) -> None:
    response = await ask(build_operator_auth(redis), client=client, headers={"Host": host})

    assert response.status_code == 403
    assert "TURNGATE_API_KEY" in response.json()["error"]["message"]


@pytest.mark.parametrize("headers", FORWARDING)
async def test_a_request_that_passed_a_proxy_is_not_from_this_machine(
    redis: Redis, headers: dict[str, str]
) -> None:
    assert (await ask(build_operator_auth(redis), headers=headers)).status_code == 403


@pytest.mark.parametrize("headers", [{}, *FORWARDING])
async def test_an_exposed_gateway_needs_a_key_from_this_machine_too(
    redis: Redis, headers: dict[str, str]
) -> None:
    rule = build_operator_auth(redis, OPS, exposure="credentials of twilio are set")
    assert (await ask(rule, headers=headers)).status_code == 401
    assert (await ask(rule, headers={**headers, **build_bearer(OPS)})).text == "inside"

    closed = build_operator_auth(redis, exposure="credentials of twilio are set")
    assert (await ask(closed, headers=headers)).status_code == 403


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
async def test_requests_with_a_key_are_allowed(redis: Redis, scheme: str) -> None:
    value = base64.b64encode(f"me:{OPS}".encode()).decode() if scheme == "Basic" else OPS
    response = await ask(
        build_operator_auth(redis, OPS),
        client="192.0.2.7",
        host="bots.example.com",
        headers={"Authorization": f"{scheme} {value}"},
    )

    assert response.text == "inside"


@pytest.mark.parametrize(
    "value", ["", "Basic", "Basic !!!", "Basic bWU6bm8=", "Bearer no", "Bearer \xff\xfe", "Digest x"]
)
async def test_requests_with_a_wrong_key_are_denied_even_from_loopback(redis: Redis, value: str) -> None:
    response = await ask(build_operator_auth(redis, OPS), headers={"Authorization": value})

    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("secret", "allowed"),
    [(VIEWER, ["viewer"]), (AGENT, ["viewer", "agent"]), (OPS, ["viewer", "agent", "operator"])],
)
async def test_each_role_may_do_what_it_includes(redis: Redis, secret: str, allowed: list[str]) -> None:
    rule = build_operator_auth(redis, "", NAMED)
    for role in Role:
        response = await ask(rule, headers=build_bearer(secret), path=f"/{role}")
        assert response.status_code == (200 if role in allowed else 403), role
        if response.status_code == 403:
            assert f"needs the role {role}" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (JSON, 200),
        ({**JSON, "Origin": "http://127.0.0.1:8000"}, 200),
        ({**JSON, "Origin": "https://bots.example.com"}, 200),
        ({**JSON, "Origin": "https://evil.example.com", "Sec-Fetch-Site": "same-origin"}, 200),
        ({**JSON, "Origin": "https://evil.example.com"}, 403),
        ({**JSON, "Origin": "http://bots.example.com"}, 403),
        ({**JSON, "Origin": "null"}, 403),
        ({**JSON, "Origin": "http://["}, 403),
        ({**JSON, "Sec-Fetch-Site": "cross-site"}, 403),
        ({**JSON, "Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "text/plain"}, 403),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 403),
        ({}, 403),
    ],
)
async def test_only_pages_of_the_console_may_post(redis: Redis, headers: dict[str, str], status: int) -> None:
    rule = build_operator_auth(redis, OPS, origin="https://bots.example.com")
    response = await ask(rule, headers={**headers, **build_bearer(OPS)}, method="POST")

    assert response.status_code == status


async def test_a_foreign_page_may_not_delete(redis: Redis) -> None:
    rule = build_operator_auth(redis)
    for site, status in (("same-origin", 200), ("cross-site", 403)):
        answer = await ask(rule, headers={"Sec-Fetch-Site": site}, method="DELETE")
        assert answer.status_code == status


@pytest.mark.parametrize("host", ["[", "[::1", "a]b"])
async def test_a_malformed_host_is_denied(redis: Redis, host: str) -> None:
    assert (await ask(build_operator_auth(redis), headers={"Host": host})).status_code == 403


async def test_guesses_are_refused_after_a_few_also_if_the_last_one_is_right(redis: Redis) -> None:
    rule = build_operator_auth(redis, OPS)
    wrong = [(await ask(rule, headers=build_bearer(f"guess-{n}"))).status_code for n in range(5)]
    right = await ask(rule, headers=build_bearer(OPS))
    elsewhere = await ask(rule, headers=build_bearer(OPS), client="192.0.2.8")

    assert wrong == [401] * 5
    assert (right.status_code, right.json()["error"]["code"]) == (429, "too_many_attempts")
    assert int(right.headers["retry-after"]) >= 1
    assert elsewhere.status_code == 200


async def test_parallel_guesses_do_not_pass_the_limit_together(redis: Redis) -> None:
    rule = build_operator_auth(redis, OPS)
    guesses = [ask(rule, headers=build_bearer(f"guess-{n}")) for n in range(50)]
    statuses = [response.status_code for response in await asyncio.gather(*guesses)]

    assert (statuses.count(401), statuses.count(429)) == (5, 45)


async def test_the_pause_doubles_with_each_further_guess(redis: Redis) -> None:
    rule = build_operator_auth(redis, OPS)
    pauses = []
    for number in range(12):
        await ask(rule, headers=build_bearer(f"guess-{number}"))
        (name,) = [key async for key in redis.scan_iter("tg:{access}:wrong:*")]
        until = int(await redis.hget(name, "until") or 0)
        if until:
            seconds, _ = await redis.time()
            pauses.append(round(until / 1000 - seconds))
            await redis.hset(name, "until", "1")  # as if it were over

    expected = [1, 2, 4, 8, 16, 32, 60, 60]
    assert all(abs(pause - seconds) <= 1 for pause, seconds in zip(pauses, expected, strict=True)), pauses


async def test_guesses_from_many_addresses_are_limited_together_but_not_for_known_ones(redis: Redis) -> None:
    rule = build_operator_auth(redis, OPS)
    known = "198.51.100.1"
    assert (await ask(rule, headers=build_bearer(OPS), client=known)).status_code == 200
    for number in range(100):
        assert (await ask(rule, headers=build_bearer("x"), client=f"203.0.113.{number}")).status_code == 401

    assert (await ask(rule, headers=build_bearer(OPS), client="203.0.113.200")).status_code == 429
    assert (await ask(rule, headers=build_bearer(OPS), client=known)).status_code == 200


async def test_behind_a_proxy_guesses_are_counted_by_the_address_that_it_appends(redis: Redis) -> None:
    rule = build_operator_auth(redis, OPS)
    for number in range(7):
        await ask(rule, headers={**build_bearer("x"), "X-Forwarded-For": f"1.2.3.{number}, 203.0.113.9"})

    other = {**build_bearer(OPS), "X-Forwarded-For": "203.0.113.10"}
    same = {**build_bearer(OPS), "X-Forwarded-For": "203.0.113.9"}
    assert (await ask(rule, headers=other)).status_code == 200
    assert (await ask(rule, headers=same)).status_code == 429
    public = [
        await ask(rule, headers={**build_bearer("x"), "X-Forwarded-For": f"1.2.3.{n}"}, client="9.9.9.9")
        for n in range(6)
    ]
    assert public[-1].status_code == 429, "only a proxy of ours is asked for the address"


async def test_an_expired_session_token_is_not_a_guess(redis: Redis) -> None:
    rule = build_operator_auth(redis, OPS)
    token = f"web.{'a' * 6}.{'b' * 43}"
    answers = [await ask(rule, headers=build_bearer(token)) for _ in range(20)]

    assert {answer.status_code for answer in answers} == {401}
    assert (await ask(rule, headers=build_bearer(OPS))).status_code == 200


async def test_acts_are_in_the_audit_log_with_their_outcome(redis: Redis) -> None:
    rule = build_operator_auth(redis, "", NAMED)
    await ask(rule, headers={**build_bearer(AGENT), **JSON}, method="POST", path="/agent")
    await ask(rule, headers={**build_bearer(AGENT), **JSON}, method="POST", path="/operator")

    (entry,) = await AuditLog(redis).latest()
    assert (entry.who, entry.role, entry.via, entry.act, entry.status) == (
        "anna",
        "agent",
        "key",
        "test_act",
        200,
    )
