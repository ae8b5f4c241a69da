"""A person whose request is refused gets a page that says what to do; a program gets the JSON error."""

from __future__ import annotations

from redis.asyncio import Redis

from tests.gateway.console.console_client import open_console

PAGE = {"Accept": "text/html,application/xhtml+xml"}
SIGNED_OUT = {**PAGE, "Authorization": "none"}


async def test_a_form_after_the_sign_in_expired_leads_back_to_its_page(redis: Redis) -> None:
    async with open_console(redis, "agent") as http:
        former = f"{http.base_url}/console/desk?conversation=abc&done=sent&form=1"
        answer = await http.post(
            "/console/desk/abc/reply", data={"text": "hello"}, headers={**SIGNED_OUT, "Referer": former}
        )
        program = await http.post(
            "/console/desk/abc/reply", data={"text": "hello"}, headers={"Authorization": "none"}
        )

    assert answer.status_code == 401
    assert "You are signed out" in answer.text
    assert "Nothing was done." in answer.text
    assert 'href="/console/sign-in?next=%2Fconsole%2Fdesk%3Fconversation%3Dabc"' in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert program.json()["error"]["code"] == "unauthorized"


async def test_a_page_that_a_role_may_not_open_says_so(redis: Redis) -> None:
    async with open_console(redis, "viewer") as http:
        former = f"{http.base_url}/console/conversations"
        page = await http.get("/console/audit", headers={**PAGE, "Referer": former})
        elsewhere = await http.get(
            "/console/audit", headers={**PAGE, "Referer": "https://evil.example/console/x"}
        )
        program = await http.get("/console/audit")

    assert page.status_code == 403
    assert "This is not permitted" in page.text
    assert "has the role viewer." in page.text
    assert 'href="/console/conversations"' in page.text
    assert 'href="/console"' in elsewhere.text
    assert program.json()["error"]["code"] == "forbidden"


async def test_a_form_without_a_choice_says_what_is_missing(redis: Redis) -> None:
    async with open_console(redis) as http:
        answer = await http.post("/console/accounts/one/try", data={"name": ""}, headers=PAGE)

    assert answer.status_code == 400
    assert "Name must be that of an account" in answer.text
