"""The widget in a real browser, on a gateway started as an operator starts it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from gateway.webchat.widget import SCRIPT
from tests.gateway.console.test_browser import _CHROMIUM, _QUIET
from tests.gateway.running import RunningGateway

needs_browser = pytest.mark.skipif(
    not _CHROMIUM, reason="no Chromium here; `make browser` installs it on Debian"
)


def test_the_widget_script_is_small() -> None:
    assert len(gzip.compress(SCRIPT.read_bytes())) < 15_000


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    running = RunningGateway(tmp_path_factory.mktemp("widget"), TURNGATE_FLOW="kyc")
    running.wait_until_ready()
    yield running
    running.stop()


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_QUIET.split())
        context_ = browser.new_context()
        yield context_
        browser.close()


def opened(context: BrowserContext, gateway: RunningGateway) -> Page:
    page = context.new_page()
    page.goto(f"{gateway.url}/console/widget")
    page.get_by_role("button", name="Harbour Lane").click()
    return page


def say(page: Page, text: str) -> None:
    page.get_by_label("Write a message").fill(text)
    page.keyboard.press("Enter")


def received(page: Page, text: str) -> None:
    expect(page.locator("li.bot").last).to_contain_text(text, timeout=15_000)


@needs_browser
def test_a_conversation_with_quick_replies_survives_a_reload_and_a_second_tab(
    context: BrowserContext, gateway: RunningGateway
) -> None:
    page = opened(context, gateway)
    expect(page.get_by_label("Write a message")).to_be_focused()
    say(page, "hi")
    received(page, "last four digits")
    say(page, "4321")
    received(page, "date of birth")
    page.reload()
    received(page, "date of birth")
    assert page.locator("li.person").all_inner_texts() == ["hi", "4321"]

    other = opened(context, gateway)
    received(other, "date of birth")
    say(other, "23 April 1990")
    received(page, "you were born on 23 April 1990")
    page.get_by_role("button", name="Yes").click()
    received(page, "everything I need")
    received(other, "everything I need")


@needs_browser
def test_messages_written_offline_are_sent_once_after_reconnecting(
    context: BrowserContext, gateway: RunningGateway
) -> None:
    page = opened(context, gateway)
    say(page, "hi")
    received(page, "last four digits")
    expect(page.locator("li.person.waiting")).to_have_count(0)
    context.set_offline(True)
    say(page, "4321")
    expect(page.get_by_role("status")).to_contain_text("offline")
    expect(page.locator("li.person.waiting")).to_have_text("4321")
    context.set_offline(False)
    received(page, "date of birth")

    expect(page.locator("li.person")).to_have_text(["hi", "4321"])


@needs_browser
def test_messages_are_rendered_as_text_never_as_html(
    context: BrowserContext, gateway: RunningGateway
) -> None:
    page = opened(context, gateway)
    say(page, "<img src=x onerror=alert(1)> **bold** [bad](javascript:alert(1)) https://example.com/a")
    expect(page.locator("li.bot")).not_to_have_count(0, timeout=15_000)

    expect(page.locator("li.person img")).to_have_count(0)
    assert [link.get_attribute("href") for link in page.locator("li.person a").all()] == [
        "https://example.com/a"
    ]


def test_the_script_is_cacheable(gateway: RunningGateway) -> None:
    first = httpx.get(f"{gateway.url}/widget.js")
    again = httpx.get(f"{gateway.url}/widget.js", headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["content-type"].startswith("text/javascript")
    assert again.status_code == 304
