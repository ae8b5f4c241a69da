"""The widget for people who use a screen reader, a large zoom, forced colours or a right-to-left script."""

from __future__ import annotations

import re
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.gateway.webchat.customer_site import Shop, expect_answered, needs_browser, open_widget, say
from tests.paths import ROOT

AXE = (ROOT / "tests/vendor/axe.min.js").read_text()


def run_in_widget(page: Page, script: str) -> Any:
    """Run a script that finds the widget's shadow root in `root`."""
    return page.evaluate(f"() => {{ const root = window[Symbol.for('turngate')].shadowRoot; {script} }}")


@pytest.mark.long
@needs_browser
def test_a_screen_reader_hears_who_speaks_and_only_what_is_new(context: BrowserContext, shop: Shop) -> None:
    page = open_widget(context, shop)
    say(page, "hello")
    expect_answered(page, "hello")
    run_in_widget(page, "for (const each of root.querySelectorAll('li')) each.isKnown = true;")
    say(page, "again")
    expect_answered(page, "again")
    known = run_in_widget(page, "return [...root.querySelectorAll('li')].map(each => Boolean(each.isKnown));")
    assert known == [True, True, False, False]
    expect(page.get_by_role("log")).to_match_aria_snapshot(
        '- list:\n  - listitem: "You: hello"\n  - listitem: /Harbour. You said. hello/'
    )
    expect(page.get_by_role("log")).to_have_attribute("aria-busy", "false")


@pytest.mark.long
@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(browser: Browser, shop: Shop, scheme: Literal["light", "dark"]) -> None:
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    page = open_widget(context, shop)
    page.set_viewport_size({"width": 320, "height": 256})  # in a larger one axe sees no colour of the panel
    say(page, "hello, see https://example.com")
    expect_answered(page, "hello")
    context.set_offline(True)
    say(page, "later")
    expect(page.get_by_role("status")).to_contain_text("offline")
    page.evaluate(f"(() => {{ {AXE} }})()")
    found: Any = page.evaluate("axe.run(window[Symbol.for('turngate')]).then((found) => found.violations)")
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


@pytest.mark.long
@needs_browser
@pytest.mark.parametrize("path", ["/", "/?dir=rtl"])
def test_a_window_of_320_by_256_pixels_shows_messages_and_the_field(
    browser: Browser, shop: Shop, path: str
) -> None:
    """The size of a usual window at a zoom of 400 % (WCAG 1.4.10)."""
    context = browser.new_context(viewport={"width": 320, "height": 256})
    page = open_widget(context, shop, path)
    say(page, "hello")
    expect_answered(page, "hello")
    box = page.locator(".log").bounding_box()
    assert box is not None
    assert box["height"] > 100
    for button in (page.get_by_role("button", name="Send"), page.get_by_role("button", name="Close")):
        expect(button).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    close = page.get_by_role("button", name="Close").bounding_box()
    assert close is not None
    assert (close["x"] < 160) is (path == "/?dir=rtl")


@pytest.mark.long
@needs_browser
def test_in_forced_colours_bubbles_and_buttons_keep_their_shape(browser: Browser, shop: Shop) -> None:
    page = open_widget(browser.new_context(forced_colors="active"), shop)
    say(page, "hello")
    expect_answered(page, "hello")
    for each in (page.locator("li.person"), page.get_by_role("button", name="Send"), page.locator(".panel")):
        expect(each).to_have_css("border-top-style", "solid")
        expect(each).to_have_css("border-top-width", re.compile("[1-9]px"))


@pytest.mark.long
@needs_browser
def test_a_long_title_leaves_room_for_the_button(browser: Browser, shop: Shop) -> None:
    page = browser.new_context(viewport={"width": 320, "height": 480}).new_page()
    page.goto(f"{shop.url}/?title={'Donaudampfschifffahrtsgesellschaft' * 3}")
    page.get_by_role("button", name="Donau").click()
    expect(page.get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
    assert run_in_widget(page, "return root.querySelector('header').scrollWidth;") <= 320 - 2 * 16
