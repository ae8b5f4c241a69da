"""The console in a real browser, on a gateway started as an operator starts it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.gateway.environments.running import RunningGateway

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium here; `make browser` installs it on Debian")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    running = RunningGateway(tmp_path_factory.mktemp("console"), TURNGATE_FLOW="kyc")
    running.wait_until_ready()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield opened
        opened.close()


@pytest.fixture
def page(gateway: RunningGateway, browser: Browser) -> Iterator[Page]:
    """The console in a fresh browser context. Any error that the page reports fails the test."""
    context = browser.new_context()
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda line: errors.append(line.text) if line.type in ("error", "warning") else None)
    opened.goto(f"{gateway.url}/console/simulator")
    yield opened
    context.close()
    assert errors == []


def say(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.keyboard.press("Enter")


def expect_reply(page: Page, text: str) -> None:
    expect(page.locator("li.theirs .bubble").last).to_contain_text(text, timeout=10_000)


@pytest.mark.long
def test_the_settings_of_a_simulated_gateway_are_in_order(page: Page, gateway: RunningGateway) -> None:
    page.goto(f"{gateway.url}/console/settings?check=1")

    expect(page.get_by_text("the console is open to this machine only")).to_be_visible()
    assert page.locator(".state.bad").count() == 0, page.locator("main").inner_text()


@pytest.mark.long
def test_the_phone_says_what_the_bot_did_and_links_to_the_timeline(page: Page) -> None:
    page.get_by_role("button", name="New contact").click()
    expect(page.locator("#inspector")).to_be_hidden()
    say(page, "hi")
    expect_reply(page, "last four digits")
    expect(page.locator("#inspected-facts")).to_contain_text("ask_last_four")
    page.get_by_role("link", name="Timeline, flow and dialog state").click()
    expect(page.get_by_role("heading", name="Path through the flow")).to_be_visible()


@pytest.mark.long
def test_what_is_typed_before_the_scripts_run_is_not_put_in_the_address(page: Page) -> None:
    held: list[Route] = []
    page.route("**/console/static/*.js", lambda route: held.append(route))
    page.goto(page.url, wait_until="commit")
    for label in ("Message", "Agent message"):
        expect(page.get_by_label(label, exact=True)).to_be_disabled()
    while held:
        held.pop().continue_()
    page.unroute("**/console/static/*.js")
    say(page, "hi")
    expect(page.locator("li.mine .bubble").last).to_have_text("hi")
    assert "hi" not in page.url


@pytest.mark.long
def test_the_agents_side_shows_the_whole_conversation(page: Page) -> None:
    page.get_by_role("radio", name="Intercom").check()
    expect(page.locator("#agent-hint")).to_be_visible()
    say(page, "hi there")
    expect_reply(page, "last four digits")
    expect(page.locator("#agent-log .contact")).to_contain_text("Contact: hi there")
    expect(page.locator("#agent-log .bot").last).to_contain_text("last four digits")
    expect(page.locator("#agent-hint")).to_be_hidden()


@pytest.mark.long
def test_a_conversation_by_keyboard_alone(page: Page) -> None:
    say(page, "hi")
    expect_reply(page, "last four digits")
    say(page, "4321")
    expect_reply(page, "date of birth")
    say(page, "23 April 1990")
    expect_reply(page, "you were born on 23 April 1990")
    page.get_by_role("button", name="Yes").press("Enter")
    expect_reply(page, "everything I need")

    assert page.locator("li.mine .bubble").all_inner_texts() == ["hi", "4321", "23 April 1990", "1"]


@pytest.mark.long
def test_each_bubble_shows_its_timeline_in_milliseconds(page: Page) -> None:
    say(page, "hi")

    expect(page.locator("li.mine .life")).to_have_text(
        re.compile(r"accepted.* claimed \d+ ms committed \d+ ms")
    )
    expect(page.locator("li.theirs .life")).to_have_text(
        re.compile(r"sent \d+ ms delivered \d+ ms"), timeout=10_000
    )


@pytest.mark.long
def test_whatsapp_is_a_separate_conversation_with_another_number(page: Page) -> None:
    say(page, "hi")
    expect_reply(page, "last four digits")
    page.get_by_role("radio", name="WhatsApp").check()

    expect(page.locator("#log li")).to_have_count(0)
    say(page, "hello")
    expect_reply(page, "last four digits")
    expect(page.locator("li.theirs .life")).to_contain_text("read", timeout=10_000)


@pytest.mark.long
def test_a_take_over_silences_the_bot_until_it_is_given_back(page: Page) -> None:
    say(page, "hi")
    expect_reply(page, "last four digits")
    page.get_by_role("button", name="Take over").click()
    expect(page.locator("#owner")).to_have_text("Agent")
    say(page, "4321")
    expect(page.locator("li.aside").last).to_contain_text("not answered: Agent")
    page.get_by_role("button", name="Hand back").click()
    expect(page.locator("#owner")).to_have_text("Bot")
    say(page, "4321")

    expect_reply(page, "date of birth")


def test_an_agent_answers_in_the_inbox_and_returns_the_conversation(
    page: Page, gateway: RunningGateway
) -> None:
    say(page, "hi")
    expect_reply(page, "last four digits")
    page.get_by_role("button", name="Take over").click()
    expect(page.locator("#owner")).to_have_text("Agent")
    desk = page.context.new_page()
    desk.goto(f"{gateway.url}/console/desk")
    contact = page.locator("#person").inner_text()
    desk.keyboard.press("j")
    expect(desk.get_by_role("link", name=contact)).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator(".said-by.contact p")).to_have_text(["hi"])
    desk.keyboard.press("n")
    expect(desk.get_by_role("button", name="Save note")).to_be_visible()
    desk.keyboard.type("a patient customer")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".said-by.note p")).to_have_text("a patient customer")
    desk.locator("body").press("r")
    desk.keyboard.type("Grace here.")
    desk.keyboard.press("Control+Enter")

    expect_reply(page, "Grace here.")
    expect(page.locator("#log")).not_to_contain_text("a patient customer")
    expect(desk.locator(".said-by.agent .state")).to_have_text("Delivered", timeout=10_000)
    desk.get_by_text("Template or file").click()
    picture = {"name": "map.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + bytes(100)}
    desk.get_by_label("Or a file of yours").set_input_files(picture)  # type: ignore[arg-type]
    expect(desk.locator("#upload-state")).to_have_text("map.png goes with the answer.")
    desk.get_by_label("Answer to").fill("Your map.")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".said-by.agent").last).to_contain_text("Your map.")
    expect(desk.locator(".said-by.agent .state").last).to_have_text("Delivered", timeout=10_000)
    desk.get_by_label("Answer to").fill("a draft")
    say(page, "4321")
    expect(desk.locator(".said-by.contact p")).to_have_text(["hi", "4321"])
    expect(desk.get_by_label("Answer to")).to_have_value("a draft")
    expect(desk).to_have_title("(1) Inbox · Turngate")
    desk.get_by_role("button", name="Give back to the bot").click()
    expect(page.locator("#owner")).to_have_text("Bot")
    expect(desk.locator("#sessions").get_by_text(contact)).to_have_count(0)
    say(page, "4321")
    expect_reply(page, "date of birth")


@pytest.mark.long
def test_the_inbox_shows_why_an_answer_was_not_sent(page: Page, gateway: RunningGateway) -> None:
    say(page, "hi")
    expect_reply(page, "last four digits")
    page.get_by_role("button", name="Take over").click()
    expect(page.locator("#owner")).to_have_text("Agent")
    say(page, "STOP")
    desk = page.context.new_page()
    desk.goto(f"{gateway.url}/console/desk")
    desk.get_by_role("link", name=page.locator("#person").inner_text()).click()
    expect(desk.locator(".event").last).to_contain_text("The contact opted out")
    desk.get_by_label("Answer to").fill("Grace here.")
    desk.keyboard.press("Control+Enter")

    expect(desk.get_by_role("alert")).to_contain_text("the person opted out")
    expect(desk.locator(".event").last).to_contain_text("not sent: the person opted out")
    expect(desk.get_by_label("Answer to")).to_have_value("Grace here.")


@pytest.mark.long
def test_the_conversation_is_restored_after_a_reload(page: Page) -> None:
    say(page, "hi")
    expect_reply(page, "last four digits")
    page.reload()

    expect_reply(page, "last four digits")
    expect(page.locator("li.mine .bubble")).to_have_text(["hi"])


@pytest.mark.long
def test_agents_answer_in_the_intercom_pane_and_return_the_conversation(page: Page) -> None:
    page.get_by_role("radio", name="Intercom").check()
    expect(page.locator("#standing")).to_have_text("no conversation yet")
    expect(page.get_by_role("button", name="Take over")).to_be_hidden()
    say(page, "hi")
    expect_reply(page, "last four digits")
    expect(page.locator("#standing")).to_have_text("open, assigned to nobody")
    page.get_by_label("Agent message", exact=True).fill("Hello, I am Grace.")
    page.get_by_role("button", name="Reply and take").click()
    expect(page.locator("#owner")).to_have_text("Agent")
    expect_reply(page, "Hello, I am Grace.")
    say(page, "4321")
    expect(page.locator("li.aside").last).to_contain_text("not answered: Agent")
    page.get_by_label("Agent message", exact=True).fill("a kind customer")
    page.get_by_role("button", name="Note").click()
    expect(page.locator("#agent-log .note")).to_have_text("Note: a kind customer")
    page.get_by_role("button", name="Assign to bot").click()
    expect(page.locator("#owner")).to_have_text("Bot")
    say(page, "4321")
    expect_reply(page, "date of birth")
    say(page, "23 April 1990")
    expect(page.locator(".chips button")).to_have_text(["Yes", "No"], timeout=10_000)
    page.get_by_role("button", name="Yes", exact=True).click()

    expect_reply(page, "everything I need")
    expect(page.locator("#log")).not_to_contain_text("a kind customer")


@pytest.mark.long
@pytest.mark.parametrize(
    ("desk", "begun", "back"),
    [
        ("Zendesk ticket", "assigned to nobody", "Assign to the bot"),
        ("Zendesk messaging", "control: bot", "Pass control to the bot"),
    ],
)
def test_agents_answer_in_the_zendesk_pane_and_return_the_conversation(
    page: Page, desk: str, begun: str, back: str
) -> None:
    page.get_by_role("radio", name=desk).check()
    say(page, "hi")
    expect_reply(page, "last four digits")
    expect(page.locator("#standing")).to_contain_text(begun)
    page.get_by_label("Agent message", exact=True).fill("Hello, I am Grace.")
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator("#owner")).to_have_text("Agent")
    expect_reply(page, "Hello, I am Grace.")
    say(page, "4321")
    expect(page.locator("li.aside").last).to_contain_text("not answered: Agent")
    page.get_by_role("button", name=back).click()
    expect(page.locator("#owner")).to_have_text("Bot")
    say(page, "4321")
    expect_reply(page, "date of birth")


@pytest.mark.long
@pytest.mark.parametrize("width", [360, 800, 1280])
def test_the_agent_pane_is_beside_or_below_the_phone(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    page.get_by_role("radio", name="Intercom").check()
    say(page, "a long word: " + "wort" * 60)
    expect_reply(page, "last four digits")

    for name in ("Send", "Delete"):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box
        assert box["x"] + box["width"] <= width


@pytest.mark.long
@pytest.mark.parametrize("width", [360, 1280])
def test_no_content_is_clipped(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    say(page, "a long word: " + "wort" * 60)
    expect_reply(page, "last four digits")

    body, box = page.locator("body").bounding_box(), page.get_by_role("button", name="Send").bounding_box()
    assert body
    assert box
    assert body["width"] <= width
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= 740


@pytest.mark.long
def test_whatsapp_cloud_shows_buttons_and_accepts_images(page: Page) -> None:
    page.get_by_role("radio", name="Cloud API").check()
    say(page, "hi")
    expect_reply(page, "last four digits")
    page.get_by_role("button", name="Send a picture").click()
    expect(page.locator("li.mine .bubble").last).to_contain_text("A picture", timeout=10_000)
    say(page, "4321")
    expect_reply(page, "date of birth")
    say(page, "23 April 1990")
    expect_reply(page, "you were born on 23 April 1990")
    expect(page.locator(".chips button")).to_have_text(["Yes", "No"])
    expect(page.locator("li.theirs .bubble").last).not_to_contain_text("1. Yes")
    page.get_by_role("button", name="Yes", exact=True).click()
    expect_reply(page, "everything I need")


@pytest.mark.long
def test_open_pages_follow_what_happens_in_the_zone_of_the_reader(
    page: Page, gateway: RunningGateway, browser: Browser
) -> None:
    context = browser.new_context(timezone_id="Asia/Tokyo")
    lists, conversation = context.new_page(), context.new_page()
    say(page, "hi")
    expect_reply(page, "last four digits")
    lists.goto(f"{gateway.url}/console/conversations")
    conversation.goto(f"{gateway.url}/console/conversations")
    conversation.locator("tbody a").first.click()
    expect(conversation.locator("#live")).to_have_text("Live")
    expect(conversation.locator("[data-zone]").first).to_have_text("GMT+9")
    time = conversation.locator(".said-by time").first
    hour = int(str(time.get_attribute("datetime"))[11:13])
    assert time.inner_text().startswith(f"{(hour + 9) % 24:02}:")

    say(page, "4321")
    expect(conversation.locator(".said-by.bot p").last).to_contain_text("date of birth")
    expect(conversation.locator(".said-by.bot .state").last).to_have_text("Delivered")
    expect(lists.get_by_text("New or changed conversations: 1. Show")).to_be_visible()
    context.close()


@pytest.mark.long
def test_a_hidden_inbox_counts_in_its_title_and_rings(
    page: Page, gateway: RunningGateway, browser: Browser
) -> None:
    page.get_by_role("button", name="New contact").click()
    context = browser.new_context()
    desk = context.new_page()
    desk.add_init_script(
        "window.rings = 0; const real = AudioContext;"
        "window.AudioContext = class extends real { constructor() { super(); "
        "window.rings += 1; document.documentElement.dataset.rings = window.rings; } };"
    )
    desk.clock.install()
    desk.goto(f"{gateway.url}/console/desk?show=all")
    desk.get_by_label("Sound for new messages").check()
    expect(desk.locator("#live")).to_have_text("Live")
    assert desk.evaluate("window.rings") == 1, "one hears what was turned on"
    before = desk.locator("#sessions a").count()
    desk.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    say(page, "hi")
    expect_reply(page, "last four digits")
    page.get_by_role("button", name="Take over").click()
    expect(page.locator("#owner")).to_have_text("Agent")
    say(page, "is anybody there?")
    expect(page.locator("li.aside").last).to_contain_text("not answered: Agent")
    desk.clock.fast_forward(16_000)

    expect(desk).to_have_title(f"({before + 1}) Inbox · Turngate")
    expect(desk.locator("#sessions .state.info", has_text="Unread").first).to_be_visible()
    expect(desk.locator("html")).to_have_attribute("data-rings", "2")
    context.close()
