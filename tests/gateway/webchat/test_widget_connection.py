"""The widget and its connection: limits, lost connections, restarts, and the wait for new messages."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from tests.gateway.environments.running import RunningGateway
from tests.gateway.webchat.customer_site import (
    Shop,
    expect_answered,
    list_person_texts,
    needs_browser,
    open_widget,
    open_widget_on,
    say,
)

HIDE = """
Object.defineProperty(document, "hidden", { get: () => window.isHidden === true });
window.hide = (isHidden) => {
  window.isHidden = isHidden;
  document.dispatchEvent(new Event("visibilitychange"));
};
"""
READ_SESSION = "JSON.parse(Object.entries(localStorage).find(([name]) => name.endsWith(':session'))[1])"
EXPIRE_SESSION = f"""() => {{
  const name = Object.keys(localStorage).find((each) => each.endsWith(":session"));
  localStorage[name] = JSON.stringify({{ ...{READ_SESSION}, renew_at: 1, expires_at: 1 }});
}}"""


def refuse(route: Route, status: int, **headers: str) -> None:
    """Answer as a proxy or firewall in front of the gateway does."""
    page = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
    route.fulfill(status=status, headers={**page, **headers}, body="{}")


def list_requests(page: Page, path: str) -> list[Request]:
    """Return a list to which later requests of a path are added."""
    found: list[Request] = []

    def add(request: Request) -> None:
        if path in request.url and request.method != "OPTIONS":
            found.append(request)

    page.on("request", add)
    return found


def start_conversation(context: BrowserContext, shop: Shop) -> Page:
    """Open a page whose clock the test moves, and have a first answer."""
    page = context.new_page()
    page.clock.install()
    open_widget_on(page, shop)
    say(page, "hello")
    expect_answered(page, "hello")
    return page


def run_slowly(page: Page, seconds: int, until: Callable[[], bool] = lambda: False) -> None:
    """Let time pass in steps, so that no request seems to take long."""
    for _ in range(seconds):
        if until():
            return
        page.clock.run_for(1_000)


def say_as_agent(page: Page, gateway: RunningGateway, text: str) -> None:
    """Answer the page's conversation at the desk."""
    session = f"web:{page.evaluate(READ_SESSION)['session_id']}"
    said = {"session": session, "text": text, "id": text}
    answer = httpx.post(f"{gateway.url}/console/desk/say", json=said, trust_env=False)
    assert answer.status_code == 202


@pytest.mark.long
@needs_browser
def test_a_server_that_asks_to_wait_is_left_alone_for_that_time(context: BrowserContext, shop: Shop) -> None:
    page = start_conversation(context, shop)
    page.route("**/stream", lambda route: refuse(route, 429, **{"Retry-After": "120"}))
    tried = list_requests(page, "/stream")
    say(page, "one")
    expect(page.get_by_role("status")).to_have_text(
        "The chat is busy. Your message is kept, and sent again in 2 minutes."
    )
    say(page, "two")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.clock.run_for(60_000)
    assert len(tried) == 1
    page.unroute("**/stream")
    page.clock.run_for(65_000)
    expect_answered(page, "two")
    assert list_person_texts(page) == ["hello", "one", "two"]


@pytest.mark.long
@needs_browser
def test_a_page_that_the_gateway_does_not_serve_says_so(context: BrowserContext, shop: Shop) -> None:
    page = context.new_page()
    warnings: list[str] = []
    page.on("console", lambda line: warnings.append(line.text) if line.type == "warning" else None)
    page.route("**/web/session", lambda route: refuse(route, 403))
    open_widget_on(page, shop)
    say(page, "hello")
    expect(page.get_by_role("status")).to_contain_text("not available")
    assert ["TURNGATE_WEB_ORIGINS" in each for each in warnings] == [True]


@pytest.mark.long
@needs_browser
def test_a_message_that_is_refused_after_a_retry_holds_up_no_other(
    context: BrowserContext, shop: Shop
) -> None:
    def refuse_one(route: Route) -> None:
        if "refused" in (route.request.post_data or ""):
            refuse(route, 409)
        else:
            route.continue_()

    page = start_conversation(context, shop)
    context.set_offline(True)
    say(page, "refused")
    expect(page.get_by_role("status")).to_contain_text("offline")
    say(page, "taken")
    page.route("**/stream", refuse_one)
    context.set_offline(False)
    expect_answered(page, "taken")
    assert list_person_texts(page) == ["hello", "taken"]


@pytest.mark.long
@needs_browser
def test_without_a_connection_the_widget_says_so_until_there_is_one(
    context: BrowserContext, shop: Shop
) -> None:
    page = start_conversation(context, shop)
    page.get_by_role("button", name="Close").click()
    context.set_offline(True)
    page.get_by_role("button", name="Harbour", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("There is no connection. Trying again…")
    context.set_offline(False)
    expect(page.get_by_role("status")).to_have_text("")


@pytest.mark.long
@needs_browser
def test_a_message_is_answered_once_when_the_server_is_killed_meanwhile(
    context: BrowserContext, shop_gateway: RunningGateway, shop: Shop
) -> None:
    page = open_widget(context, shop)
    say(page, "hello")
    expect_answered(page, "hello")
    with shop_gateway.stopped("worker"):
        with page.expect_response("**/stream"):
            say(page, "are you there?")
        os.kill(shop_gateway.children()["web"], signal.SIGKILL)
        expect(page.get_by_role("status")).to_contain_text("Trying again")
    expect(page.locator("li.bot")).to_have_count(2, timeout=30_000)
    expect_answered(page, "are you there?")
    assert list_person_texts(page) == ["hello", "are you there?"]
    expect(page.locator("li.bot")).to_have_count(2)


@pytest.mark.long
@needs_browser
def test_words_of_an_agent_are_shown_at_once_and_in_order(
    context: BrowserContext, shop_gateway: RunningGateway, shop: Shop
) -> None:
    page = start_conversation(context, shop)
    with page.expect_request("**/web/history?after=*"):
        say(page, "a question")
    expect_answered(page, "a question")
    page.clock.pause_at(page.evaluate("Date.now()") / 1_000 + 1)  # no timer of the page runs any more
    say_as_agent(page, shop_gateway, "Grace here")
    expect(page.locator("li.agent")).to_have_text(["Grace here"])
    say(page, "thank you")
    expect(page.locator("li.person.waiting")).to_have_count(0)
    say_as_agent(page, shop_gateway, "You are welcome")
    expect(page.locator("li.agent")).to_have_text(["Grace here", "You are welcome"])
    assert page.locator(".log li").all_inner_texts()[-3:] == ["Grace here", "thank you", "You are welcome"]


@pytest.mark.long
@needs_browser
def test_nobody_asks_for_messages_that_nobody_looks_at(
    context: BrowserContext, shop_gateway: RunningGateway, shop: Shop
) -> None:
    context.add_init_script(HIDE)
    page = start_conversation(context, shop)
    asked = list_requests(page, "/web/history")
    with page.expect_event("requestfailed"):  # the waiting request ends
        page.evaluate("hide(true)")
    say_as_agent(page, shop_gateway, "for later")
    asked.clear()
    page.clock.run_for(120_000)
    assert asked == []
    page.evaluate("hide(false)")
    expect(page.locator("li.agent")).to_have_text(["for later"])
    page.get_by_role("button", name="Close").click()
    asked.clear()
    page.clock.run_for(120_000)
    assert asked == []


@pytest.mark.long
@needs_browser
def test_a_server_without_an_answer_is_asked_more_and_more_rarely(
    context: BrowserContext, shop: Shop
) -> None:
    page = start_conversation(context, shop)
    page.route("**/web/history*", lambda route: refuse(route, 503))
    page.get_by_role("button", name="Close").click()
    asked = list_requests(page, "/web/history")
    page.get_by_role("button", name="Harbour", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("no connection")
    run_slowly(page, 600)
    assert 10 <= len(asked) <= 20  # every 5 seconds it were 120
    page.unroute("**/web/history*")
    with page.expect_response(lambda answer: "/web/history" in answer.url and answer.ok):
        run_slowly(page, 90, until=lambda: page.get_by_role("status").inner_text() == "")
    expect(page.get_by_role("status")).to_have_text("")


@pytest.mark.long
@needs_browser
def test_a_late_answer_does_not_replace_a_newer_one(context: BrowserContext, shop: Shop) -> None:
    page = start_conversation(context, shop)
    held: list[Route] = []
    page.route("**/web/history*", lambda route: held.append(route) if not held else route.continue_())
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Harbour", exact=True).click()
    say(page, "again")
    expect_answered(page, "again")
    old = {"messages": [], "cursor": "1-0"}
    assert held
    held[0].fulfill(json=old, headers={"Access-Control-Allow-Origin": "*"})
    say(page, "last")
    expect_answered(page, "last")
    assert list_person_texts(page) == ["hello", "again", "last"]


@pytest.mark.long
@needs_browser
def test_an_expired_session_is_replaced_by_the_next_message_only(context: BrowserContext, shop: Shop) -> None:
    page = start_conversation(context, shop)
    page.evaluate(EXPIRE_SESSION)
    page.reload()
    created = list_requests(page, "/web/session")
    expect(page.get_by_label("Write a message")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Harbour", exact=True).click()
    page.clock.run_for(60_000)
    assert created == []
    say(page, "anew")
    expect_answered(page, "anew")
    assert len(created) == 1
    assert list_person_texts(page) == ["anew"]


@pytest.mark.long
@needs_browser
def test_a_proxy_that_ends_long_requests_is_asked_for_shorter_ones(
    context: BrowserContext, shop: Shop
) -> None:
    page = start_conversation(context, shop)
    page.get_by_role("button", name="Close").click()
    page.route("**/web/history?after=*", lambda route: refuse(route, 504))
    asked = list_requests(page, "&wait=")
    page.get_by_role("button", name="Harbour", exact=True).click()
    run_slowly(page, 400)
    waits = [request.url.rpartition("=")[2] for request in asked]
    assert waits[:3] == ["25", "12", "6"]
    assert set(waits[3:]) == {"5"}
