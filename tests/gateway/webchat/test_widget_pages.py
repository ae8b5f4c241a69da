"""The widget on customers' pages: strict policies, several tabs, a server that refuses or falls silent."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import BrowserContext, expect

from gateway.webchat.api.answer_stream import _format_event
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
from tests.gateway.webchat.sessions.test_user_identity import build_token


def test_no_character_of_an_answer_looks_like_the_end_of_a_line() -> None:
    text = "one\u2028two\u2029three\x85four\nfive"
    event = _format_event("text", {"text": text}, "1-0")

    assert len(event.splitlines()) == len(event.split("\n")) - 1
    assert json.loads(event.splitlines()[2].removeprefix("data: ")) == {"text": text}


@pytest.mark.long
@needs_browser
def test_a_strict_page_has_one_widget_however_often_it_loads_the_script(
    context: BrowserContext, shop: Shop
) -> None:
    page = open_widget(context, shop, "/strict")
    say(page, "hello")
    expect_answered(page, "hello")
    load_again = f"""new Promise(done => {{ const script = document.createElement('script');
        script.onload = done; script.src = '{shop.gateway_url}/widget.js';
        document.head.append(script); }})"""
    page.goto(f"{shop.url}/")
    page.evaluate(load_again)
    page.evaluate("document.body.replaceWith(document.createElement('body'))")
    page.evaluate(load_again)
    expect(page.get_by_role("button", name="Harbour", exact=True)).to_have_count(1)


@pytest.mark.long
@needs_browser
def test_line_separators_of_unicode_are_characters_like_others(context: BrowserContext, shop: Shop) -> None:
    page = open_widget(context, shop)
    say(page, "one\u2028two")
    expect_answered(page, "one\u2028two")


@pytest.mark.long
@needs_browser
@pytest.mark.parametrize("text", ["**" + "\\" * 201 + "x", "[" * 9_999, "*a " * 3_000 + "`" * 999])
def test_no_text_keeps_the_page_busy(context: BrowserContext, shop: Shop, text: str) -> None:
    page = open_widget(context, shop)
    say(page, text)
    expect(page.locator("li.bot")).to_have_count(1, timeout=15_000)
    expect(page.locator("li.waiting")).to_have_count(0)


@pytest.mark.long
@needs_browser
def test_a_message_that_the_server_refuses_holds_up_no_other(context: BrowserContext, shop: Shop) -> None:
    page = open_widget(context, shop)
    say(page, "hello")
    expect_answered(page, "hello")
    refused = {"id": "refused", "text": "x" * 10_001, "payload": "", "owner": "visitor"}
    place = page.evaluate("Object.keys(sessionStorage).find(name => name.startsWith('turngate:'))")
    queue = place.rpartition(":")[0] + ":queue"
    page.evaluate(
        "([place, item]) => sessionStorage.setItem(place, JSON.stringify([item]))", [queue, refused]
    )
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("cannot be sent")
    assert page.get_by_label("Write a message").input_value() == refused["text"]
    say(page, "half of an emoji: \ud83d.")
    expect_answered(page, "half of an emoji: �.")
    assert list_person_texts(page) == ["hello", "half of an emoji: �."]


@pytest.mark.long
@needs_browser
def test_a_message_that_is_too_long_is_neither_cut_nor_lost(context: BrowserContext, shop: Shop) -> None:
    page = open_widget(context, shop)
    page.get_by_label("Write a message").focus()
    page.keyboard.insert_text("y" * 10_001)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("10,001 of at most 10,000")
    assert len(page.get_by_label("Write a message").input_value()) == 10_001
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(page.locator("li.bot")).to_have_count(1, timeout=15_000)


@pytest.mark.long
@needs_browser
def test_a_server_that_falls_silent_is_asked_again(
    context: BrowserContext, shop_gateway: RunningGateway, shop: Shop
) -> None:
    page = context.new_page()
    page.clock.install()
    open_widget_on(page, shop)
    say(page, "hello")
    expect_answered(page, "hello")
    with shop_gateway.stopped("web"):
        say(page, "are you there?")
        expect(page.locator("li.waiting")).to_have_count(1)
        page.clock.fast_forward(46_000)
        expect(page.get_by_role("status")).to_contain_text("Trying again")
    page.clock.fast_forward(2_000)
    expect_answered(page, "are you there?")
    assert list_person_texts(page) == ["hello", "are you there?"]


@pytest.mark.long
@needs_browser
def test_it_works_in_a_browser_without_newer_parts_of_the_platform(
    context: BrowserContext, shop: Shop
) -> None:
    context.add_init_script(
        """delete AbortSignal.any; delete String.prototype.toWellFormed; delete Navigator.prototype.locks;
        delete Crypto.prototype.randomUUID; delete window.BroadcastChannel;"""
    )
    page = open_widget(context, shop)
    say(page, "hello")
    expect_answered(page, "hello")


@pytest.mark.long
@needs_browser
def test_words_in_progress_are_shown_once_after_a_reload(
    context: BrowserContext, shop_gateway: RunningGateway, shop: Shop
) -> None:
    page = open_widget(context, shop)
    say(page, "hello")
    expect_answered(page, "hello")
    with shop_gateway.stopped("worker"), page.expect_request("**/stream"):
        say(page, "slow")
        with page.expect_response("**/web/history"):
            page.reload()
        expect(page.locator("li.person")).to_have_text(["hello", "slow"])
        expect(page.locator("li.waiting")).to_have_text(["slow"])
    expect_answered(page, "slow")
    assert list_person_texts(page) == ["hello", "slow"]


@pytest.mark.long
@needs_browser
def test_tabs_that_begin_together_are_one_conversation(
    context: BrowserContext, shop_gateway: RunningGateway, shop: Shop
) -> None:
    one, other = open_widget(context, shop), open_widget(context, shop)
    with shop_gateway.stopped("worker"):
        for tab in (one, other):
            with tab.expect_response("**/stream"):
                say(tab, "first" if tab is one else "second")
    for tab in (one, other):
        expect(tab.locator("li.person")).to_have_text(["first", "second"], timeout=15_000)


@pytest.mark.long
@needs_browser
def test_a_tab_that_slept_continues_with_the_token_that_another_one_renewed(
    context: BrowserContext, shop: Shop
) -> None:
    asleep = context.new_page()
    asleep.clock.install()
    open_widget_on(asleep, shop)
    say(asleep, "before")
    expect_answered(asleep, "before")
    asleep.evaluate(
        """() => {
          const place = Object.keys(localStorage).find(name => name.endsWith(':session'));
          const session = JSON.parse(localStorage[place]);
          localStorage[place] = JSON.stringify({
            ...session, renew_at: session.renew_at + 86400000, expires_at: session.expires_at + 86400000});
        }"""
    )
    asleep.clock.fast_forward(13 * 3_600_000)
    say(asleep, "after")
    expect_answered(asleep, "after")
    assert list_person_texts(asleep) == ["before", "after"]


@pytest.mark.long
@needs_browser
def test_a_renewal_asks_the_page_for_the_identity_again(context: BrowserContext, shop: Shop) -> None:
    page = context.new_page()
    page.clock.install()
    open_widget_on(page, shop)
    page.evaluate(
        """token => {
          window.asked = 0;
          return window.Turngate.identify(async () => { window.asked += 1; return token; });
        }""",
        build_token(sub="renews"),
    )
    say(page, "before")
    expect_answered(page, "before")
    assert page.evaluate("window.asked") == 1
    page.clock.fast_forward(7 * 3_600_000)
    say(page, "after")
    expect_answered(page, "after")
    assert page.evaluate("window.asked") == 2


@pytest.mark.long
@needs_browser
def test_a_page_from_the_back_forward_cache_knows_of_a_logout(context: BrowserContext, shop: Shop) -> None:
    page = open_widget(context, shop)
    page.evaluate("token => window.Turngate.identify(token)", build_token(sub="goes-back"))
    say(page, "private words")
    expect_answered(page, "private words")
    page.evaluate("localStorage.clear()")  # what a logout on another page does, while this one is cached
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(page.locator(".log li")).to_have_count(0)


@pytest.mark.long
@needs_browser
def test_a_duplicated_tab_sends_no_waiting_message_twice(context: BrowserContext, shop: Shop) -> None:
    page = open_widget(context, shop)
    say(page, "hello")
    expect_answered(page, "hello")
    page.route("**/stream", lambda route: route.abort())
    say(page, "waits")
    expect(page.get_by_role("status")).to_contain_text("Trying again")
    with context.expect_page() as opened:  # it gets a copy of the tab's storage
        page.evaluate("window.open(location.href, '_blank', 'popup')")
    expect_answered(opened.value, "waits")
    page.unroute("**/stream")
    for tab in (page, opened.value):
        expect_answered(tab, "waits")
        assert list_person_texts(tab) == ["hello", "waits"]


@pytest.mark.long
@needs_browser
def test_a_draft_survives_a_reload_and_nobody_else_sees_it(context: BrowserContext, shop: Shop) -> None:
    page = open_widget(context, shop)
    field = page.get_by_label("Write a message")
    page.evaluate("token => window.Turngate.identify(token)", build_token(sub="first"))
    field.fill("words of the first")
    page.reload()
    expect(field).to_be_visible()
    expect(field).to_have_value("")  # the page identifies nobody
    page.evaluate("token => window.Turngate.identify(token)", build_token(sub="first"))
    expect(field).to_have_value("words of the first")
    page.evaluate("token => window.Turngate.identify(token)", build_token(sub="second"))
    expect(field).to_have_value("")
    say(page, "sent")
    expect_answered(page, "sent")
    page.reload()
    page.evaluate("token => window.Turngate.identify(token)", build_token(sub="second"))
    expect(page.locator("li.person")).to_have_text(["sent"])
    expect(field).to_have_value("")


@pytest.mark.long
@needs_browser
def test_the_script_may_be_loaded_as_a_module(context: BrowserContext, shop: Shop) -> None:
    page = context.new_page()
    page.goto(f"{shop.url}/bare")
    page.evaluate(
        """src => document.head.append(Object.assign(
          document.createElement('script'), { type: 'module', src, crossOrigin: 'anonymous' }))""",
        f"{shop.gateway_url}/widget.js",
    )
    page.get_by_role("button", name="Chat", exact=True).click()
    say(page, "hello")
    expect_answered(page, "hello")
