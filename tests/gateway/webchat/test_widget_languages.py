"""The widget in the language of its script tag, the page or the browser, and the bot in the same one."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.gateway.webchat.customer_site import Shop, expect_answered, needs_browser, open_widget


class Words(NamedTuple):
    label: str
    send: str
    close: str
    conversation: str
    you: str
    too_long: str


WORDS = {
    "en": Words(
        "Write a message", "Send", "Close", "Conversation", "You", "too long: 10,001 of at most 10,000"
    ),
    "de": Words(
        "Nachricht schreiben", "Senden", "Schließen", "Unterhaltung", "Sie", "zu lang: 10.001 von höchstens"
    ),
    "es": Words("Escriba un mensaje", "Enviar", "Cerrar", "Conversación", "Usted", "largo: 10.001 de 10.000"),
}


def expect_language(page: Page, language: str) -> None:
    """Check the words that a user sees or hears."""
    words = WORDS[language]
    expect(page.get_by_label(words.label)).to_have_attribute("placeholder", words.label)
    for name in (words.send, words.close):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
    expect(page.get_by_role("log")).to_have_attribute("aria-label", words.conversation)


def read_locale(request: Request) -> str:
    """Return the locale that a message carries."""
    body: dict[str, str] = request.post_data_json or {}
    return body["locale"]


@pytest.mark.long
@needs_browser
@pytest.mark.parametrize("language", WORDS)
def test_a_conversation_in_each_language(browser: Browser, shop: Shop, language: str) -> None:
    context, words = browser.new_context(), WORDS[language]
    page = open_widget(context, shop, f"/?lang={language}")
    expect_language(page, language)
    field = page.get_by_label(words.label)
    field.focus()
    page.keyboard.insert_text("1" * 10_001)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text(words.too_long)
    field.fill("4321")
    with page.expect_request("**/stream") as sent:
        page.get_by_role("button", name=words.send, exact=True).click()
    assert read_locale(sent.value) == language
    expect(page.locator("li.bot")).to_have_text("Sie sagten: 4321" if language == "de" else "You said: 4321")
    expect(page.get_by_role("log")).to_match_aria_snapshot(f'- list:\n  - listitem: "{words.you}: 4321"')


@pytest.mark.long
@needs_browser
@pytest.mark.parametrize(
    ("query", "browser_language", "language", "locale"),
    [
        ("?language=es&lang=de", "en-GB", "es", "es"),
        ("?language=de_AT&lang=es", "en-GB", "de", "de-AT"),
        ("?language=!%22&lang=de-CH", "en-GB", "de", "de-CH"),
        ("?lang=", "es-MX", "es", "es-MX"),
        ("?lang=fr", "de-DE", "de", "fr"),  # no words in French; the flow may have them
        ("?lang=ja", "fr-FR", "en", "ja"),
        ("?lang=fil", "en-GB", "en", "fil"),
    ],
)
def test_the_script_tag_counts_before_the_page_and_the_browser(
    browser: Browser, shop: Shop, query: str, browser_language: str, language: str, locale: str
) -> None:
    page = open_widget(browser.new_context(locale=browser_language), shop, f"/{query}")
    expect_language(page, language)
    page.get_by_label(WORDS[language].label).fill("4321")
    with page.expect_request("**/stream") as sent:
        page.keyboard.press("Enter")
    assert read_locale(sent.value) == locale
    assert page.evaluate("window[Symbol.for('turngate')].lang.slice(0, 2)") == language


@pytest.mark.long
@needs_browser
def test_a_conversation_keeps_its_language_on_a_page_in_another_one(browser: Browser, shop: Shop) -> None:
    context = browser.new_context()
    page = open_widget(context, shop)
    page.get_by_label(WORDS["en"].label).fill("4321")
    page.keyboard.press("Enter")
    expect_answered(page, "4321")
    page.goto(f"{shop.url}/?lang=de")
    expect_language(page, "de")
    page.get_by_label(WORDS["de"].label).fill("5678")
    page.keyboard.press("Enter")
    expect_answered(page, "5678")
