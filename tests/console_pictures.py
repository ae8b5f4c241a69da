"""Takes the screenshots of the console for docs/ on a gateway with simulated providers: `make pictures`.

With a folder as argument it also takes every page there, light and dark, wide and as on a phone, to look at.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx
import redis as sync_redis
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.gateway.console.test_accessibility import PAGES
from tests.gateway.console.test_browser import CHROMIUM, QUIET, expect_reply, say
from tests.gateway.environments.running import RunningGateway
from tests.paths import ROOT

_SIZE = {"width": 1280, "height": 900}
_PHONE = {"width": 375, "height": 800}
_CONVERSATIONS = (
    ("SMS", "Where is my parcel?"),
    ("WhatsApp", "What are your opening hours?"),
    ("Intercom", "I want to return my shoes"),
    ("SMS", "Talk to a person"),
    ("WhatsApp", "Can I talk to a person, please?"),
)


class Pictures:
    """A browser on a gateway with some conversations."""

    def __init__(self, gateway: RunningGateway, browser: Browser) -> None:
        self.gateway = gateway
        self._browser = browser

    def open(self, path: str, *, scheme: str = "light", width: dict[str, int] | None = None) -> Page:
        """Open a page of the console."""
        context = self._browser.new_context(
            viewport=width or _SIZE,  # type: ignore[arg-type] # a dictionary of these two keys
            color_scheme=scheme,  # type: ignore[arg-type] # light or dark
            reduced_motion="reduce",
            timezone_id="UTC",
        )
        page = context.new_page()
        page.goto(f"{self.gateway.url}{path}")
        return page

    def take(self, page: Page, name: str, *, whole: bool = False) -> None:
        """Take a screenshot of the page for the documentation."""
        page.screenshot(path=ROOT / "docs" / f"console-{name}.png", full_page=whole)

    def start_conversation(self, channel: str, text: str) -> Page:
        """Hold a short conversation on the simulated phone."""
        page = self.open("/console/simulator")
        page.get_by_role("radio", name=channel, exact=True).check()
        say(page, text)
        expect_reply(page, "")
        return page


def take_pictures(pictures: Pictures) -> None:
    """Take the pictures of the documentation."""
    phones = [pictures.start_conversation(channel, text) for channel, text in _CONVERSATIONS]
    person = phones[-2].locator("#person").inner_text()
    pictures.take(phones[0], "simulator")
    overview = pictures.open("/console")
    expect(overview.get_by_text("Live", exact=True)).to_be_visible()
    pictures.take(overview, "overview", whole=True)

    desk = pictures.open("/console/desk")
    desk.get_by_role("link", name=person).click()
    desk.get_by_role("radio", name="Internal note").check()
    desk.get_by_label("Answer to").fill("Asked for a person right away.")
    desk.get_by_role("button", name="Save note").click()
    expect(desk.locator(".said-by.note")).to_be_visible()
    desk.get_by_label("Answer to").fill("Grace here. How can I help?")
    desk.keyboard.press("Control+Enter")
    expect_reply(phones[-2], "Grace here")
    say(phones[-2], "My parcel is late.")
    expect(desk.locator(".said-by.contact")).to_have_count(2)
    pictures.take(desk, "inbox")

    page = pictures.open("/console/conversations")
    page.get_by_role("link", name=phones[0].locator("#person").inner_text()).first.click()
    expect(page.get_by_role("heading", name="Path through the flow")).to_be_visible()
    pictures.take(page, "conversation", whole=True)

    flows = pictures.open("/console/flows")
    for words in ("Conversations of the last", "Drawing"):
        flows.locator("summary", has_text=words).click()
    flows.evaluate("window.scrollTo(0, 0)")
    pictures.take(flows, "flows", whole=True)
    make_failures(pictures.gateway)
    pictures.take(pictures.open("/console/failures"), "failures", whole=True)


def make_failures(gateway: RunningGateway) -> None:
    """Make dead letters of two conversations, and call a webhook with a wrong signature."""
    redis = sync_redis.Redis(unix_socket_path=str(next(gateway.folder.glob("**/redis.sock"))))
    sessions: Any = redis.zrange("tg:conversations", 0, 1)
    for session in (each.decode() for each in sessions):
        address = json.loads(redis.hget(f"tg:{{{session}}}", "address") or b"")
        turn = {"id": "SM1", "session": session, "address": address, "text": "Where is my parcel?"}
        letter = {"reason": "ModelError: the model gave no answer", "turns": [turn]}
        redis.xadd("tg:dead", {"session": session, "letter": json.dumps(letter)})
    redis.close()
    httpx.post(f"{gateway.url}/webhooks/twilio", data={"Body": "hi"}, trust_env=False)


def take_all_views(pictures: Pictures, folder: Path) -> None:
    """Take each page in every scheme and width."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in PAGES:
        for scheme in ("light", "dark"):
            for name, width in (("wide", _SIZE), ("phone", _PHONE)):
                page = pictures.open(path, scheme=scheme, width=width)
                file = f"{path.strip('/').replace('/', '-')}-{scheme}-{name}.png"
                page.screenshot(path=folder / file, full_page=True)
                page.context.close()


def main() -> None:
    """Start a gateway and take the pictures."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        gateway = RunningGateway(Path(folder), TURNGATE_FLOW="support")
        gateway.wait_until_ready()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        pictures = Pictures(gateway, browser)
        take_pictures(pictures)
        if len(sys.argv) > 1:
            take_all_views(pictures, Path(sys.argv[1]))
        browser.close()
        gateway.stop()


if __name__ == "__main__":
    main()
