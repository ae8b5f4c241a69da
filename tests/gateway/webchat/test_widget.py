"""The widget in a real browser, on a gateway started as an operator starts it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests.gateway.console.test_browser import CHROMIUM, QUIET
from tests.gateway.environments.running import RunningGateway
from tests.gateway.webchat.sessions.test_user_identity import SECRET, build_token

needs_browser = pytest.mark.skipif(
    not CHROMIUM, reason="no Chromium here; `make browser` installs it on Debian"
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    running = RunningGateway(
        tmp_path_factory.mktemp("widget"), TURNGATE_FLOW="kyc", TURNGATE_WEB_IDENTITY_SECRET=SECRET
    )
    running.wait_until_ready()
    yield running
    running.stop()


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        context_ = browser.new_context()
        yield context_
        browser.close()


def open_widget(context: BrowserContext, gateway: RunningGateway) -> Page:
    page = context.new_page()
    page.goto(f"{gateway.url}/console/widget")
    page.get_by_role("button", name="Harbour Lane").click()
    return page


def say(page: Page, text: str) -> None:
    page.get_by_label("Write a message").fill(text)
    page.keyboard.press("Enter")


def expect_reply(page: Page, text: str) -> None:
    expect(page.locator("li.bot").last).to_contain_text(text, timeout=15_000)


@pytest.mark.long
@needs_browser
def test_a_conversation_with_quick_replies_survives_a_reload_and_a_second_tab(
    context: BrowserContext, gateway: RunningGateway
) -> None:
    page = open_widget(context, gateway)
    expect(page.get_by_label("Write a message")).to_be_focused()
    say(page, "hi")
    expect_reply(page, "last four digits")
    say(page, "4321")
    expect_reply(page, "date of birth")
    page.reload()
    expect_reply(page, "date of birth")
    assert page.locator("li.person").all_inner_texts() == ["hi", "4321"]

    other = open_widget(context, gateway)
    expect_reply(other, "date of birth")
    say(other, "23 April 1990")
    expect_reply(page, "you were born on 23 April 1990")
    page.get_by_role("button", name="Yes").click()
    expect_reply(page, "everything I need")
    expect_reply(other, "everything I need")


@pytest.mark.long
@needs_browser
def test_messages_written_offline_are_sent_once_after_reconnecting(
    context: BrowserContext, gateway: RunningGateway
) -> None:
    page = open_widget(context, gateway)
    say(page, "hi")
    expect_reply(page, "last four digits")
    expect(page.locator("li.person.waiting")).to_have_count(0)
    context.set_offline(True)
    say(page, "4321")
    expect(page.get_by_role("status")).to_contain_text("offline")
    expect(page.locator("li.person.waiting")).to_have_text("4321")
    context.set_offline(False)
    expect_reply(page, "date of birth")

    expect(page.locator("li.person")).to_have_text(["hi", "4321"])


@pytest.mark.long
@needs_browser
def test_messages_are_rendered_as_text_never_as_html(
    context: BrowserContext, gateway: RunningGateway
) -> None:
    page = open_widget(context, gateway)
    say(page, "<img src=x onerror=alert(1)> **bold** [bad](javascript:alert(1)) https://example.com/a")
    expect(page.locator("li.bot")).not_to_have_count(0, timeout=15_000)

    expect(page.locator("li.person img")).to_have_count(0)
    assert [link.get_attribute("href") for link in page.locator("li.person a").all()] == [
        "https://example.com/a"
    ]


def identify(page: Page, user: str) -> None:
    page.evaluate("token => window.Turngate.identify(token)", build_token(sub=user, name=f"Name of {user}"))


def read_storage(page: Page) -> str:
    return str(page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])"))


def list_person_texts(page: Page) -> list[str]:
    return page.locator("li.person").all_inner_texts()


@pytest.mark.long
@needs_browser
def test_a_user_has_the_same_conversation_on_another_device(
    context: BrowserContext, gateway: RunningGateway
) -> None:
    laptop = open_widget(context, gateway)
    identify(laptop, "same-talk")
    say(laptop, "hi")
    expect_reply(laptop, "last four digits")

    assert context.browser is not None
    other_device = context.browser.new_context()
    phone = open_widget(other_device, gateway)
    expect(phone.locator(".log li")).to_have_count(0)
    identify(phone, "same-talk")
    expect_reply(phone, "last four digits")
    assert list_person_texts(phone) == ["hi"]


@pytest.mark.long
@needs_browser
def test_after_logout_nothing_of_the_last_person_is_left(
    context: BrowserContext, gateway: RunningGateway
) -> None:
    page, other_tab = open_widget(context, gateway), open_widget(context, gateway)
    for each in (page, other_tab):
        identify(each, "leaves")
    say(page, "hi")
    expect_reply(page, "last four digits")
    expect_reply(other_tab, "last four digits")
    context.set_offline(True)
    say(page, "secret words")
    expect(page.get_by_role("status")).to_contain_text("offline")
    page.get_by_label("Write a message").fill("a draft")
    page.evaluate("window.Turngate.logout()")
    context.set_offline(False)

    for each in (page, other_tab):
        expect(each.locator(".log li")).to_have_count(0)
        assert "token" not in read_storage(each)
        assert "secret words" not in read_storage(each)
    assert page.get_by_label("Write a message").input_value() == ""
    page.get_by_role("button", name="Harbour Lane").click()
    say(page, "hello")
    expect_reply(page, "last four digits")
    assert list_person_texts(page) == ["hello"]


@pytest.mark.long
@needs_browser
def test_an_unsent_message_is_sent_as_its_author_or_not_at_all(
    context: BrowserContext, gateway: RunningGateway
) -> None:
    page = open_widget(context, gateway)
    identify(page, "first")
    say(page, "hi")
    expect_reply(page, "last four digits")
    context.set_offline(True)
    say(page, "words of the first")
    expect(page.get_by_role("status")).to_contain_text("offline")
    context.set_offline(False)
    page.evaluate("token => window.Turngate.identify(token)", build_token(sub="second"))
    say(page, "words of the second")
    expect_reply(page, "last four digits")

    assert list_person_texts(page) == ["words of the second"]
    assert "words of the first" not in read_storage(page)


@pytest.mark.long
@needs_browser
def test_unsent_words_of_a_user_wait_on_pages_that_identify_nobody(
    context: BrowserContext, gateway: RunningGateway
) -> None:
    page = open_widget(context, gateway)
    identify(page, "waits")
    page.route("**/stream", lambda route: route.abort())
    say(page, "hi")
    expect(page.get_by_role("status")).to_contain_text("Trying again")
    page.reload()
    page.unroute("**/stream")
    expect(page.locator(".log li")).to_have_count(0)
    say(page, "a visitor")
    expect_reply(page, "last four digits")
    assert list_person_texts(page) == ["a visitor"]
    identify(page, "waits")
    expect_reply(page, "last four digits")
    expect(page.locator("li.person")).to_have_text(["hi"])


@pytest.mark.long
@needs_browser
def test_a_page_that_identifies_nobody_does_not_show_a_users_conversation(
    context: BrowserContext, gateway: RunningGateway
) -> None:
    page = open_widget(context, gateway)
    identify(page, "hidden")
    say(page, "hi")
    expect_reply(page, "last four digits")
    page.reload()
    expect(page.get_by_label("Write a message")).to_be_visible()
    say(page, "a visitor")
    expect_reply(page, "last four digits")
    assert list_person_texts(page) == ["a visitor"]
    identify(page, "hidden")
    expect(page.locator("li.person")).to_have_text(["hi"])


@pytest.mark.long
@needs_browser
def test_a_refused_identity_is_an_error_for_the_page_and_sends_nothing(
    context: BrowserContext, gateway: RunningGateway
) -> None:
    page = open_widget(context, gateway)
    outcome = page.evaluate(
        "token => window.Turngate.identify(token).then(() => 'identified', error => error.constructor.name)",
        build_token("wrong-secret-0123456789-0123456789-0123"),
    )
    assert outcome != "identified"
    say(page, "hi")
    expect(page.get_by_role("status")).to_contain_text("sign in again")
    expect(page.locator("li.bot")).to_have_count(0)
    # a function is asked for a token again and again, so a page need not renew it
    page.evaluate("token => window.Turngate.identify(async () => token)", build_token(sub="late"))
    say(page, "hello")
    expect_reply(page, "last four digits")
    assert list_person_texts(page) == ["hello"]


@pytest.mark.long
@needs_browser
def test_a_token_is_renewed_before_it_expires(context: BrowserContext, gateway: RunningGateway) -> None:
    page = open_widget(context, gateway)
    say(page, "hi")
    expect_reply(page, "last four digits")
    place = next(name for name in page.evaluate("Object.keys(localStorage)") if name.endswith(":session"))
    before = page.evaluate(
        """place => {
          const session = JSON.parse(localStorage[place]);
          localStorage[place] = JSON.stringify({...session, renew_at: 0});
          return session;
        }""",
        place,
    )
    page.reload()
    expect_reply(page, "last four digits")
    after = page.evaluate("place => JSON.parse(localStorage[place])", place)

    assert after["session_id"] == before["session_id"]
    assert after["renew_at"] > before["renew_at"]
