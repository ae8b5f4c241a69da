"""Open pages of the console while the server is silent."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.gateway.console import test_browser
from tests.gateway.environments.running import RunningGateway

pytestmark = [test_browser.pytestmark, pytest.mark.long]
browser, gateway = test_browser.browser, test_browser.gateway


def test_a_page_does_not_say_that_it_is_live_while_it_hears_nothing(
    browser: Browser, gateway: RunningGateway
) -> None:
    page = browser.new_page()
    page.clock.install()
    page.goto(f"{gateway.url}/console/conversations")
    expect(page.locator("#live")).to_have_text("Live")
    with gateway.stopped("web"):
        page.clock.fast_forward(50_000)
        expect(page.locator("#live")).to_have_text("Reconnecting…")
    expect(page.locator("#live")).to_have_text("Live", timeout=15_000)
    page.close()


def test_a_message_of_the_phone_is_sent_once_however_often_enter_is_pressed(
    browser: Browser, gateway: RunningGateway
) -> None:
    page = browser.new_page()
    page.goto(f"{gateway.url}/console/simulator")
    page.get_by_role("button", name="New contact").click()
    with gateway.stopped("web"):
        page.locator("#text").fill("hi")
        for _ in range(3):
            page.keyboard.press("Enter")
    test_browser.expect_reply(page, "last four digits")
    test_browser.say(page, "4321")
    test_browser.expect_reply(page, "date of birth")
    assert page.locator("li.mine .bubble").all_inner_texts() == ["hi", "4321"]
    page.close()
