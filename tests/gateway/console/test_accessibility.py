"""Every page of the console without a violation of axe-core's rules, light and dark, wide and narrow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis as sync_redis
from playwright.sync_api import Browser, Page, expect

from gateway.console.layout.navigation import GROUPS
from tests.effort import FULL
from tests.gateway.console import test_browser
from tests.gateway.environments.running import RunningGateway
from tests.paths import ROOT

pytestmark = test_browser.pytestmark
browser, gateway = test_browser.browser, test_browser.gateway
AXE = (ROOT / "tests/vendor/axe.min.js").read_text()
PAGES = sorted({item.path for group in GROUPS for item in group.items})
MORE_PAGES = ["/console/more", "/console/quarantine", "/console/sign-in"]
WIDTHS = [375, 1440]
EVERY_VIEW = [(scheme, width) for scheme in ("light", "dark") for width in (320, *WIDTHS)]
VIEWS = EVERY_VIEW if FULL else [("light", 1440), ("dark", 375)]


@pytest.fixture
def page(gateway: RunningGateway, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(reduced_motion="reduce")  # axe would see colours in transition
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda line: errors.append(line.text) if line.type in ("error", "warning") else None)
    yield opened
    context.close()
    assert errors == []


def assert_accessible(page: Page) -> None:
    """Run axe in both schemes and widths, and look for content that makes the page scroll sideways."""
    for scheme, width in VIEWS:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(f"window.axe || (() => {{ {AXE} }})()")
        found: Any = page.evaluate("axe.run().then((found) => found.violations)")
        described = [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]
        assert described == [], (page.url, scheme, width)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, (page.url, width)


@pytest.mark.long
@pytest.mark.parametrize("path", [*PAGES, *MORE_PAGES])
def test_a_page_has_no_violation(page: Page, gateway: RunningGateway, path: str) -> None:
    answer = page.goto(f"{gateway.url}{path}")

    assert answer is not None
    assert answer.status == 200
    assert_accessible(page)


@pytest.mark.long
def test_a_conversation_on_the_simulated_phone_and_in_the_inbox_has_no_violation(
    page: Page, gateway: RunningGateway
) -> None:
    page.goto(f"{gateway.url}/console/simulator")
    page.get_by_role("radio", name="Intercom").check()
    test_browser.say(page, "hi")
    test_browser.expect_reply(page, "last four digits")
    assert_accessible(page)

    page.get_by_role("radio", name="SMS").check()
    test_browser.say(page, "hi")
    test_browser.expect_reply(page, "last four digits")
    page.get_by_role("button", name="Take over").click()
    expect(page.locator("#owner")).to_have_text("Agent")
    contact = page.locator("#person").inner_text()
    page.goto(f"{gateway.url}/console/desk")
    page.get_by_role("link", name=contact).click()
    expect(page.locator(".said-by.contact p")).to_have_text(["hi"])
    page.get_by_text("Template or file").click()
    expect(page.get_by_label("Or a file of yours")).to_be_visible()
    assert_accessible(page)


@pytest.mark.long
def test_lists_with_content_and_questions_have_no_violation(page: Page, gateway: RunningGateway) -> None:
    page.goto(f"{gateway.url}/console/simulator")
    test_browser.say(page, "hi " + "wort" * 60)
    test_browser.expect_reply(page, "last four digits")
    fill_failures(gateway)
    page.goto(f"{gateway.url}/console/conversations")
    assert_accessible(page)
    page.locator("tbody a").first.click()
    assert_accessible(page)
    page.get_by_role("link", name="Erase").click()
    expect(page.get_by_role("heading", name="Erase everything about this contact?")).to_be_visible()
    assert_accessible(page)
    page.goto(f"{gateway.url}/console/failures")
    assert_accessible(page)
    page.get_by_role("button", name="Drop the chosen").first.click()
    expect(page.get_by_role("heading", name="Drop 2 dead letters?")).to_be_visible()
    assert_accessible(page)
    for path in ("/console", "/console/accounts", "/console/queue", "/console/settings?check=1"):
        page.goto(f"{gateway.url}{path}")
        assert_accessible(page)


@pytest.mark.long
def test_a_chat_with_a_flow_has_no_violation(page: Page, gateway: RunningGateway) -> None:
    page.goto(f"{gateway.url}/console/flows")
    for summary in page.locator("summary").all():
        summary.click()
    expect(page.get_by_role("img", name="Nodes and edges of kyc.json")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Chat with it").click()
    assert_accessible(page)
    page.get_by_role("button", name="Begin", exact=True).click()
    page.get_by_label("Message", exact=True).fill("4321 " + "wort" * 60)
    page.keyboard.press("Enter")
    expect(page.locator(".said-by.bot")).to_have_count(2)
    page.evaluate("Promise.all([...document.images].map((each) => each.decode()))")
    assert_accessible(page)


def fill_failures(gateway: RunningGateway) -> None:
    """Write two dead letters, a paused account and a rejected webhook."""
    redis = sync_redis.Redis(unix_socket_path=str(next(gateway.folder.glob("**/redis.sock"))))
    for number in ("1", "2"):
        letter = {"reason": "gave up after 5 tries", "turns": []}
        redis.xadd("tg:dead", {"session": f"fake:{number}", "letter": json.dumps(letter)})
    redis.zadd("tg:paused", {"twilio:AC1": 9e12})
    redis.hset("tg:reasons", "twilio:AC1", "20003 Authenticate")
    rejected = {"channel": "twilio", "status": 403, "reason": "the signature does not match"}
    redis.xadd("tg:quarantine", {"delivery": json.dumps(rejected)})
    redis.close()


@pytest.mark.long
@pytest.mark.parametrize("width", WIDTHS)
def test_the_navigation_is_complete_and_names_the_present_page(
    page: Page, gateway: RunningGateway, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{gateway.url}/console/desk")
    navigation = page.get_by_role("navigation", name="Console")

    expect(navigation.locator("[aria-current=page]:visible")).to_contain_text("Inbox")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    if width < 768:
        navigation.get_by_role("link", name="More").click()
        listed = page.locator("main .links a")
    else:
        listed = navigation.locator("a:visible")
    hrefs = [each.get_attribute("href") for each in listed.all()]
    assert sorted(filter(None, hrefs)) == PAGES


@pytest.mark.long
def test_a_window_of_320_by_256_pixels_shows_messages_and_the_field(
    page: Page, gateway: RunningGateway
) -> None:
    """The size of a usual window at a zoom of 400 % (WCAG 1.4.10)."""
    page.set_viewport_size({"width": 320, "height": 256})
    page.goto(f"{gateway.url}/console/simulator")
    test_browser.say(page, "hi")
    test_browser.expect_reply(page, "last four digits")
    page.locator("#text").focus()
    expect(page.locator("#text")).to_be_in_viewport(ratio=1)
    box = page.locator("#log").bounding_box()
    assert box is not None
    assert box["height"] > 90
    assert page.evaluate("document.elementFromPoint(160, 10).closest('.top, .nav')") is None
