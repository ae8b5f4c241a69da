"""Signing in to the console in a real browser, without JavaScript for the sign-in itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.access.generated_key import new_secret
from tests.gateway.console import test_browser
from tests.gateway.environments.running import RunningGateway

pytestmark = test_browser.pytestmark
browser = test_browser.browser
KEY = new_secret()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    running = RunningGateway(tmp_path_factory.mktemp("sign-in"), TURNGATE_API_KEYS=f"anna:operator:{KEY}")
    running.wait_until_ready()
    yield running
    running.stop()


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def page(gateway: RunningGateway, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=request.param, viewport={"width": 375, "height": 667})
    yield context.new_page()
    context.close()


@pytest.mark.long
def test_a_key_opens_the_page_that_was_asked_for_until_signing_out(
    page: Page, gateway: RunningGateway
) -> None:
    refusals: list[str] = []
    page.on("console", lambda line: refusals.append(line.text) if "Security Policy" in line.text else None)
    page.goto(f"{gateway.url}/console/quarantine")
    expect(page.get_by_label("Operator key")).to_be_focused()
    page.get_by_label("Operator key").fill("a guess")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("This key is not known. Check it and try again.")
    page.get_by_label("Operator key").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Rejected webhooks")).to_be_visible()

    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    page.goto(f"{gateway.url}/console/sign-in")
    expect(page.get_by_text("You are signed in as anna")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{gateway.url}/console/desk")
    expect(page.get_by_label("Operator key")).to_be_visible()
    assert page.context.cookies() == []
    assert refusals == []


@pytest.mark.long
def test_the_console_works_with_a_session(browser: Browser, gateway: RunningGateway) -> None:
    page = browser.new_page()
    page.goto(f"{gateway.url}/console/simulator")
    page.get_by_label("Operator key").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{gateway.url}/console/simulator")
    test_browser.say(page, "hi")
    expect(page.locator("li.mine .bubble").last).to_have_text("hi")
    page.context.close()
