"""Every route of the composed web application has its guard here; one that is not listed fails."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

from gateway.access.operator_keys import Role
from gateway.local.http_server import serve
from gateway.redis.records.operators.audit_log import AuditLog
from tests.gateway.server.test_operator_auth import AGENT, OPS, VIEWER, build_bearer

PUBLIC, SIGNATURE, SESSION = "public", "signature", "session or operator"
PRESENT = "agent, not in the audit log"
READS_SESSION = "session or viewer"
GUARDS = {
    ("POST", "/webhooks/{channel}"): SIGNATURE,
    ("GET", "/webhooks/{channel}"): SIGNATURE,
    ("POST", "/webhooks/{channel}/{account}"): SIGNATURE,
    ("GET", "/webhooks/{channel}/{account}"): SIGNATURE,
    ("POST", "/webhooks/{channel}/"): SIGNATURE,
    ("GET", "/webhooks/{channel}/"): SIGNATURE,
    ("POST", "/webhooks/{channel}/{account}/"): SIGNATURE,
    ("GET", "/webhooks/{channel}/{account}/"): SIGNATURE,
    ("GET", "/healthz"): PUBLIC,
    ("GET", "/readyz"): PUBLIC,
    ("GET", "/widget.js"): PUBLIC,
    ("GET", "/files/{token}/{name}"): SIGNATURE,
    ("GET", "/console/static"): PUBLIC,
    ("GET", "/console/sign-in"): PUBLIC,
    ("POST", "/console/sign-in"): PUBLIC,
    ("POST", "/console/sign-out"): PUBLIC,
    ("GET", "/metrics"): Role.VIEWER,
    ("GET", "/openapi.json"): Role.VIEWER,
    ("GET", "/console"): Role.VIEWER,
    ("GET", "/console/more"): Role.VIEWER,
    ("GET", "/console/simulator"): Role.VIEWER,
    ("GET", "/console/events"): Role.VIEWER,
    ("GET", "/console/conversations"): Role.VIEWER,
    ("POST", "/console/conversations/search"): Role.VIEWER,
    ("GET", "/console/conversations/{conversation}"): Role.VIEWER,
    ("POST", "/console/conversations/{conversation}/owner"): Role.AGENT,
    ("POST", "/console/conversations/{conversation}/reset"): Role.OPERATOR,
    ("POST", "/console/conversations/{conversation}/opt-out"): Role.AGENT,
    ("POST", "/console/conversations/{conversation}/erase"): Role.OPERATOR,
    ("POST", "/console/conversations/{conversation}/resend"): Role.OPERATOR,
    ("GET", "/console/conversations/{conversation}/flow.svg"): Role.VIEWER,
    ("GET", "/console/{rest}"): Role.VIEWER,
    ("GET", "/console/failures"): Role.VIEWER,
    ("POST", "/console/failures/replay"): Role.OPERATOR,
    ("POST", "/console/failures/drop"): Role.OPERATOR,
    ("GET", "/console/queue"): Role.VIEWER,
    ("GET", "/console/accounts"): Role.VIEWER,
    ("GET", "/console/audit"): Role.OPERATOR,
    ("GET", "/console/settings"): Role.OPERATOR,
    ("POST", "/console/say"): Role.OPERATOR,
    ("POST", "/console/owner"): Role.OPERATOR,
    ("GET", "/console/conversation"): Role.VIEWER,
    ("GET", "/console/agent"): Role.VIEWER,
    ("POST", "/console/agent"): Role.OPERATOR,
    ("GET", "/console/desk"): Role.VIEWER,
    ("POST", "/console/desk/{conversation}/reply"): Role.AGENT,
    ("POST", "/console/desk/{conversation}/assign"): Role.AGENT,
    ("POST", "/console/desk/{conversation}/file"): Role.AGENT,
    ("POST", "/console/desk/{conversation}/owner"): Role.AGENT,
    ("POST", "/console/desk/{conversation}/presence"): PRESENT,
    ("GET", "/console/desk/sessions"): Role.VIEWER,
    ("GET", "/console/desk/log"): Role.VIEWER,
    ("POST", "/console/desk/say"): Role.AGENT,
    ("POST", "/console/desk/act"): Role.AGENT,
    ("GET", "/console/quarantine"): Role.VIEWER,
    ("POST", "/console/quarantine/replay"): Role.OPERATOR,
    ("GET", "/console/widget"): Role.VIEWER,
    ("GET", "/console/broadcasts"): Role.VIEWER,
    ("POST", "/console/broadcasts/check"): Role.OPERATOR,
    ("POST", "/console/broadcasts/start"): Role.OPERATOR,
    ("POST", "/console/broadcasts/{name}/{act}"): Role.OPERATOR,
    ("GET", "/console/templates"): Role.VIEWER,
    ("POST", "/console/templates/sync"): Role.OPERATOR,
    ("GET", "/console/accounts/one"): Role.VIEWER,
    ("POST", "/console/accounts/one/try"): Role.OPERATOR,
    ("GET", "/console/flows"): Role.VIEWER,
    ("GET", "/console/flows/{flow}/drawing.svg"): Role.VIEWER,
    ("GET", "/console/flows/{flow}/versions/{digest}.svg"): Role.VIEWER,
    ("GET", "/console/flows/{flow}/chat"): Role.OPERATOR,
    ("GET", "/console/flows/{flow}/chat/drawing.svg"): Role.OPERATOR,
    ("POST", "/console/flows/{flow}/chat"): Role.OPERATOR,
    ("POST", "/broadcasts"): Role.OPERATOR,
    ("GET", "/broadcasts"): Role.VIEWER,
    ("GET", "/broadcasts/{name}"): Role.VIEWER,
    ("GET", "/broadcasts/{name}/recipients"): Role.VIEWER,
    ("POST", "/broadcasts/{name}/{act}"): Role.OPERATOR,
    ("POST", "/turn"): SESSION,
    ("GET", "/turn/{message_id}"): READS_SESSION,
    ("POST", "/stream"): SESSION,
    ("POST", "/reset"): SESSION,
    ("POST", "/web/session"): "origin or operator",
    ("GET", "/web/history"): READS_SESSION,
    ("POST", "/messages"): Role.OPERATOR,
    ("GET", "/messages/{message_id}"): Role.VIEWER,
    ("DELETE", "/messages/{message_id}"): Role.OPERATOR,
    ("POST", "/messages/{message_id}/redact"): Role.OPERATOR,
    ("POST", "/console/conversations/{conversation}/redact"): Role.OPERATOR,
    ("POST", "/contacts/{contact}/opt-out"): Role.OPERATOR,
    ("DELETE", "/contacts/{contact}/opt-out"): Role.OPERATOR,
    ("GET", "/contacts/{contact}/export"): Role.OPERATOR,
    ("DELETE", "/contacts/{contact}"): Role.OPERATOR,
}
GUARDED = sorted(each for each, guard in GUARDS.items() if guard not in (PUBLIC, SIGNATURE))
ROLES = {
    PRESENT: Role.AGENT,
    SESSION: Role.OPERATOR,
    READS_SESSION: Role.VIEWER,
    "origin or operator": Role.OPERATOR,
}
SECRETS = {Role.VIEWER: VIEWER, Role.AGENT: AGENT, Role.OPERATOR: OPS}


@pytest.fixture
async def http(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        app.router.lifespan_context(app),
        serve(app, lifespan="off") as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        yield client


def list_routes(routes: list[BaseRoute]) -> set[tuple[str, str]]:
    found = set()
    for route in routes:
        if isinstance(route, Mount):
            assert route.path == "/console/static", "a mount has its routes inside: list them"
            found.add(("GET", route.path))
            continue
        assert isinstance(route, Route), f"{route} cannot be checked"
        path = re.sub(r":[^}]*(?=})", "", route.path)
        found |= {(method, path) for method in route.methods or () if method not in ("HEAD", "OPTIONS")}
    return found


@pytest.mark.usefixtures("http")
async def test_every_route_is_listed_with_its_guard(app: Starlette) -> None:
    assert list_routes(app.routes) == set(GUARDS)


async def ask(http: httpx.AsyncClient, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    address = re.sub(r"\{[^}]*\}", "x", path)
    body = "{}" if method == "POST" else None
    http.cookies.clear()
    return await http.request(
        method, address, content=body, headers={"Content-Type": "application/json", **headers}
    )


async def test_nobody_passes_a_guard_without_a_credential(http: httpx.AsyncClient) -> None:
    for method, path in GUARDED:
        for more in ({}, {"Cookie": "turngate_session=x"}, {"X-Forwarded-For": "203.0.113.9"}):
            answer = await ask(http, method, path, more)
            is_token_route = path == "/web/session"
            assert answer.status_code == (403 if is_token_route else 401), (method, path, more)
            assert "error" in answer.json()


async def test_405_names_every_method_of_the_path(http: httpx.AsyncClient) -> None:
    methods: dict[str, set[str]] = {}
    for method, path in GUARDS:
        methods.setdefault(path, set()).add(method)
    mounted = "/console/static"
    for path in methods.keys() - {mounted}:
        answer = await ask(http, "PATCH", path, {})
        assert answer.status_code == 405, path
        assert set(answer.headers["Allow"].split(", ")) >= methods[path], path


@pytest.mark.long
async def test_each_role_passes_exactly_its_guards(http: httpx.AsyncClient) -> None:
    for method, path in GUARDED:
        needed = Role(ROLES.get(GUARDS[method, path], GUARDS[method, path]))
        for role, secret in SECRETS.items():
            answer = await ask(http, method, path, build_bearer(secret))
            if role.includes(needed):
                assert answer.status_code not in (401, 403, 405, 429), (method, path, role, answer.text)
            else:
                assert answer.status_code == 403, (method, path, role)


@pytest.mark.long
async def test_every_act_of_an_operator_is_in_the_audit_log(http: httpx.AsyncClient, redis: Redis) -> None:
    for method, path in GUARDED:
        if method != "GET" and isinstance(GUARDS[method, path], Role):
            before = await redis.xlen("tg:audit")
            answer = await ask(http, method, path, build_bearer(OPS))
            assert await redis.xlen("tg:audit") == before + 1, (method, path)
            entry = (await AuditLog(redis).latest(1))[0]
            assert (entry.who, entry.status) == ("ops", answer.status_code)


@pytest.mark.long
async def test_public_routes_tell_nothing(http: httpx.AsyncClient) -> None:
    for method, path in sorted(each for each, guard in GUARDS.items() if guard == PUBLIC):
        answer = await ask(http, method, path, {})
        assert answer.status_code < 500
        assert "twilio" not in answer.text.lower()


@pytest.mark.long
async def test_webhooks_need_a_signature(http: httpx.AsyncClient) -> None:
    for method, path in sorted(each for each, guard in GUARDS.items() if guard == SIGNATURE):
        answer = await ask(http, method, path.replace("{channel}", "twilio"), {})
        assert answer.status_code in (401, 404, 405), (method, path)
