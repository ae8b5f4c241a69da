"""The widget on pages that get in its way: their styles, blocked storage, shortcuts, focus and files."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.gateway.webchat.customer_site import (
    Shop,
    expect_answered,
    list_person_texts,
    needs_browser,
    open_widget,
    say,
)

RESETS = """
html { font-size: 62.5%; }
div:empty { display: none; }
body > div, body > * { position: static !important; width: 20px; transform: scale(.1); opacity: 0; }
* { font: 30px serif; letter-spacing: 9px; text-transform: uppercase; pointer-events: none; }
"""
NO_STORAGE = """
for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });
navigator.locks.request = async () => { throw new DOMException("denied", "SecurityError"); };
window.BroadcastChannel = class { constructor() { throw new DOMException("denied", "SecurityError"); } };
"""
SHORTCUTS = """
document.addEventListener("keydown", (event) => {
  if (["INPUT", "TEXTAREA"].includes(event.target.tagName)) return;
  window.taken = event.key;
  event.preventDefault();
});
"""
DROP = """
(types) => {
  const panel = window[Symbol.for("turngate")].shadowRoot.querySelector(".panel");
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(["x"], "x.png", { type: "image/png" }));
  return types.map((type) => {
    const event = new DragEvent(type, { dataTransfer, bubbles: true, composed: true, cancelable: true });
    panel.dispatchEvent(event);
    return event.defaultPrevented;
  });
}
"""
COMPOSED_ENTER = """
(field) => field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, cancelable: true }))
"""


def find_field(page: Page) -> str:
    """Return the tag of the element of the page that has the focus."""
    return str(page.evaluate("document.activeElement.tagName"))


@pytest.mark.long
@needs_browser
def test_styles_of_the_page_do_not_change_the_widget(context: BrowserContext, shop: Shop) -> None:
    page = open_widget(context, shop, f"/?style={quote(RESETS)}")
    say(page, "hello")
    expect_answered(page, "hello")
    field, panel = page.get_by_label("Write a message"), page.locator(".panel").bounding_box()
    expect(field).to_have_css("font-size", "16px")
    for name, value in (("letter-spacing", "normal"), ("text-transform", "none")):
        expect(field).to_have_css(name, value)
    assert panel is not None
    assert panel["width"] == 23 * 16
    expect(page.get_by_role("button", name="Harbour", exact=True)).to_be_in_viewport(ratio=1)


@pytest.mark.long
@needs_browser
def test_a_browser_that_blocks_storage_has_a_conversation(context: BrowserContext, shop: Shop) -> None:
    context.add_init_script(NO_STORAGE)
    page = open_widget(context, shop)
    for text in ("hello", "again"):
        say(page, text)
        expect_answered(page, text)
    assert list_person_texts(page) == ["hello", "again"]
    page.evaluate("window.Turngate.logout()")
    expect(page.locator(".log li")).to_have_count(0)


@pytest.mark.long
@needs_browser
def test_shortcuts_of_the_page_do_not_take_letters(context: BrowserContext, shop: Shop) -> None:
    context.add_init_script(SHORTCUTS)
    page = open_widget(context, shop)
    page.get_by_label("Write a message").press_sequentially("is /help free?")
    page.keyboard.press("Enter")
    expect_answered(page, "is /help free?")
    assert page.evaluate("window.taken") is None
    page.keyboard.press("Escape")
    expect(page.get_by_label("Write a message")).to_be_hidden()
    expect(page.get_by_role("button", name="Harbour", exact=True)).to_be_focused()


@pytest.mark.long
@needs_browser
def test_a_page_keeps_its_focus(context: BrowserContext, shop: Shop) -> None:
    page = open_widget(context, shop)
    page.reload()
    expect(page.get_by_label("Write a message")).to_be_visible()
    assert find_field(page) == "BODY"
    page.evaluate("window.Turngate.close()")
    expect(page.get_by_label("Write a message")).to_be_hidden()
    assert find_field(page) == "BODY"


@pytest.mark.long
@needs_browser
def test_a_dropped_file_does_not_replace_the_page(context: BrowserContext, shop: Shop) -> None:
    page = open_widget(context, shop)
    assert page.evaluate(DROP, ["dragover", "drop"]) == [True, True]
    expect(page.get_by_role("status")).to_have_text("Files cannot be sent here.")


@pytest.mark.long
@needs_browser
def test_the_enter_that_ends_a_composition_sends_nothing(context: BrowserContext, shop: Shop) -> None:
    page = open_widget(context, shop)
    field = page.get_by_label("Write a message")
    field.fill("に")
    field.evaluate(COMPOSED_ENTER)
    expect(field).to_have_value("に")
    page.keyboard.press("Enter")
    expect_answered(page, "に")


@pytest.mark.long
@needs_browser
def test_it_is_used_by_keyboard_alone(context: BrowserContext, shop: Shop) -> None:
    page = context.new_page()
    page.goto(shop.url)
    opener = page.get_by_role("button", name="Harbour", exact=True)
    expect(opener).to_be_visible()
    page.keyboard.press("Tab")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Write a message")).to_be_focused()
    page.keyboard.type("hello")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("world")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("li.bot")).to_contain_text("world", timeout=15_000)
    for _ in range(3):
        page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Enter")
    expect(opener).to_be_focused()
    expect(opener).to_have_attribute("aria-expanded", "false")


@pytest.mark.long
@needs_browser
def test_a_printed_page_has_no_widget(context: BrowserContext, shop: Shop) -> None:
    page = open_widget(context, shop)
    page.emulate_media(media="print")
    expect(page.locator(".panel")).to_be_hidden()
