"""The console's sign-in: a session in a cookie, bound to its key, against CSRF and guesses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette

from core.ports import Webhook
from gateway.console.operations.quarantine import QuarantinePage
from gateway.console.sign_in import SignInPage
from gateway.local.http_server import serve
from gateway.redis.records.operators.audit_log import AuditLog
from gateway.redis.records.operators.kept_webhooks import KeptWebhooks
from gateway.redis.records.operators.operator_sessions import OperatorSessions
from gateway.redis.records.operators.quarantine import Quarantine
from gateway.server.operator_auth import OperatorAuth
from tests.gateway.access.rule import build_operator_auth
from tests.gateway.server.test_operator_auth import AGENT, NAMED, OPS

PAGE = {"Accept": "text/html,application/xhtml+xml"}


async def refuse_replay(_: Webhook) -> int:
    raise AssertionError


@asynccontextmanager
async def open_quarantine(rule: OperatorAuth, redis: Redis) -> AsyncIterator[httpx.AsyncClient]:
    page = QuarantinePage(Quarantine(redis), KeptWebhooks(redis), rule, refuse_replay)
    routes = [*SignInPage(rule).routes(), *page.routes()]
    routes.append(page.post("/console/change", page.page, "change"))
    async with (
        serve(Starlette(routes=routes)) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        yield http


async def sign_in(http: httpx.AsyncClient, key: str = OPS, **more: str) -> httpx.Response:
    return await http.post("/console/sign-in", data={"key": key, **more})


def read_cookie(answer: httpx.Response) -> dict[str, str]:
    (morsel,) = SimpleCookie(answer.headers["set-cookie"]).values()
    return {"value": morsel.value, **{name: str(value) for name, value in morsel.items() if value}}


async def test_a_browser_is_sent_to_the_sign_in_page_and_back(redis: Redis) -> None:
    async with open_quarantine(build_operator_auth(redis, OPS), redis) as http:
        asked = await http.get("/console/quarantine?limit=5", headers=PAGE)
        form = await http.get(asked.headers["location"])
        back = await sign_in(http, next="/console/quarantine?limit=5")
        page = await http.get(back.headers["location"], headers=PAGE)
        program = await http.get("/console/quarantine", headers={"Cookie": ""})

    assert (asked.status_code, form.status_code) == (303, 200)
    assert 'value="/console/quarantine?limit=5"' in form.text
    assert "form-action 'self'" in form.headers["content-security-policy"]
    assert (back.status_code, page.status_code) == (303, 200)
    assert "Rejected webhooks" in page.text
    assert program.status_code == 401
    assert "Basic" not in program.headers["www-authenticate"], "browsers would open a dialog"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example.com/",
        "//evil.example.com",
        "/console/..//evil",
        "/console\\evil",
        "/console/sign-out",
        "/metrics",
        "javascript:x",
        "/console?x=\r\nSet-Cookie: a=b",
    ],
)
async def test_after_the_sign_in_only_pages_of_the_console_are_opened(redis: Redis, target: str) -> None:
    async with open_quarantine(build_operator_auth(redis, OPS), redis) as http:
        assert (await sign_in(http, next=target)).headers["location"] == "/console"


async def test_the_cookie_is_kept_from_scripts_and_other_pages(redis: Redis) -> None:
    async with open_quarantine(build_operator_auth(redis, OPS), redis) as http:
        private = read_cookie(await sign_in(http))
    async with open_quarantine(
        build_operator_auth(redis, OPS, exposure="PUBLIC_URL is https://x.example"), redis
    ) as http:
        exposed = read_cookie(await sign_in(http))

    assert private["httponly"] == "True"
    assert (private["samesite"], private["path"], private["max-age"]) == ("lax", "/", "43200")
    assert "secure" not in private
    assert exposed["secure"] == "True"
    assert len(exposed["value"]) >= 43
    keys = [key.decode() async for key in redis.scan_iter("tg:*session*")]
    assert all(private["value"] not in key for key in keys), "a copy of the database signs nobody in"
    assert len(keys) == 2
    assert min([await redis.ttl(key) for key in keys]) > 0


async def test_a_wrong_key_is_said_on_the_page_and_guesses_are_limited(redis: Redis) -> None:
    async with open_quarantine(build_operator_auth(redis, OPS), redis) as http:
        wrong = [await sign_in(http, "guess") for _ in range(5)]
        refused = await sign_in(http)

    assert {answer.status_code for answer in wrong} == {401}
    assert "This key is not known" in wrong[0].text
    assert "set-cookie" not in wrong[0].headers
    assert refused.status_code == 429
    assert "Try again in" in refused.text


async def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(redis: Redis) -> None:
    async with open_quarantine(build_operator_auth(redis, OPS), redis) as http:
        await sign_in(http)
        copied = dict(http.cookies)
        assert "signed in as <strong>operator</strong>" in (await http.get("/console/sign-in")).text
        origin = str(http.base_url).rstrip("/")
        forged = await http.post("/console/sign-out", headers={"Origin": "https://evil.example.com"})
        silent = await http.post("/console/sign-out")
        assert (await http.get("/console/quarantine")).status_code == 200
        left = await http.post("/console/sign-out", headers={"Origin": origin})
        cookie = "; ".join(f"{name}={value}" for name, value in copied.items())
        after = await http.get("/console/quarantine", headers={"Cookie": cookie})

    assert (forged.status_code, silent.status_code, left.status_code) == (403, 403, 303)
    assert after.status_code == 401


async def test_a_foreign_page_cannot_sign_in_or_act_with_the_cookie(redis: Redis) -> None:
    foreign = {"Origin": "https://evil.example.com"}
    json = {"Content-Type": "application/json"}
    async with open_quarantine(build_operator_auth(redis, OPS), redis) as http:
        planted = await http.post("/console/sign-in", data={"key": OPS}, headers=foreign)
        await sign_in(http)
        own = {"Origin": str(http.base_url).rstrip("/")}
        statuses = [
            (await http.post("/console/change", content="{}", headers=headers)).status_code
            for headers in (
                {**json, **own},
                {**json, "Sec-Fetch-Site": "same-origin"},
                {**json, **foreign},
                {**json, "Sec-Fetch-Site": "cross-site"},
                {**json, "Origin": "null"},
                json,
                own,
            )
        ]

    assert planted.status_code == 403
    assert statuses == [200, 200, 403, 403, 403, 403, 403]


async def test_a_session_has_the_role_of_its_key_and_ends_with_it(redis: Redis) -> None:
    async with open_quarantine(build_operator_auth(redis, "", NAMED), redis) as http:
        await sign_in(http, AGENT)
        headers = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
        read = await http.get("/console/quarantine")
        denied = await http.post("/console/change", content="{}", headers=headers)
        cookies = dict(http.cookies)
    without = ",".join(item for item in NAMED.split(",") if "anna" not in item)
    async with open_quarantine(build_operator_auth(redis, "", without), redis) as http:
        http.cookies.update(cookies)
        removed = await http.get("/console/quarantine")

    assert (read.status_code, denied.status_code, removed.status_code) == (200, 403, 401)


async def test_signing_in_again_ends_the_former_session(redis: Redis) -> None:
    async with open_quarantine(build_operator_auth(redis, OPS), redis) as http:
        first = read_cookie(await sign_in(http))["value"]
        second = read_cookie(await sign_in(http))["value"]

    assert first != second
    assert await OperatorSessions(redis).find(first) == ""


async def test_signing_in_and_out_is_in_the_audit_log(redis: Redis) -> None:
    async with open_quarantine(build_operator_auth(redis, "", NAMED), redis) as http:
        await sign_in(http, AGENT)
        await http.post("/console/sign-out", headers={"Sec-Fetch-Site": "same-origin"})

    entries = await AuditLog(redis).latest()
    assert [(entry.who, entry.act) for entry in entries] == [("anna", "sign_out"), ("anna", "sign_in")]


async def test_without_keys_the_page_says_so(redis: Redis) -> None:
    async with open_quarantine(build_operator_auth(redis), redis) as http:
        page, posted = await http.get("/console/sign-in"), await sign_in(http)

    assert "open to this machine only" in page.text
    assert posted.status_code == 403


@pytest.mark.parametrize(
    ("content", "kind"),
    [("{}", "application/json"), ("key=" + "x" * 9_000, "application/x-www-form-urlencoded"), ("key=x", "")],
)
async def test_what_is_not_a_form_is_refused(redis: Redis, content: str, kind: str) -> None:
    async with open_quarantine(build_operator_auth(redis, OPS), redis) as http:
        answer = await http.post("/console/sign-in", content=content, headers={"Content-Type": kind})

    assert answer.status_code == 403
