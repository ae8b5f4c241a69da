"""A customer's site with the widget, the gateway behind it, and what a visitor does there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.gateway.console.test_browser import CHROMIUM
from tests.gateway.environments.running import RunningGateway
from tests.gateway.webchat.sessions.test_user_identity import SECRET

needs_browser = pytest.mark.skipif(
    not CHROMIUM, reason="no Chromium here; `make browser` installs it on Debian"
)
_NODE = """
  - {{id: {0}, name: {0}, static_text: "You said: {{{{ message.text }}}}",
     edges: [{{id: from_{0}, condition: any answer, target_node_id: {1}}}]}}"""
_GERMAN = '{static_text: "Sie sagten: {{ message.text }}"}'
_FLOW = f"""
system_prompt: You repeat what people say.
initial_node: first
nodes:{_NODE.format("first", "next")}{_NODE.format("next", "first")}
languages: {{de: {{nodes: {{first: {_GERMAN}, next: {_GERMAN}}}}}}}
"""
_POLICY = (
    "default-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'; "
    "script-src {0}; connect-src {0}"
)
_PAGE = "<!doctype html><html{}><title>Shop</title><style>{}</style><h1>Shop</h1>{}</html>"


class Shop:
    """A site of another origin than the gateway's.

    `/strict` has a strict content security policy, `/bare` does not load the widget.

    The query of a page may have `lang` and `dir` of the page, `style`, and `language` and `title` of the
    widget.
    """

    gateway_url = ""

    def __init__(self) -> None:
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, _, query = self.path.partition("?")
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                if path == "/strict":
                    self.send_header("Content-Security-Policy", _POLICY.format(shop.gateway_url))
                self.end_headers()
                page = shop.build_page(
                    dict(parse_qsl(query, keep_blank_values=True)), has_widget=path != "/bare"
                )
                self.wfile.write(page.encode())

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def build_page(self, query: dict[str, str], *, has_widget: bool = True) -> str:
        """Return the HTML of a page."""
        page = {"lang": query.get("lang", "en"), "dir": query.get("dir", "ltr")}
        widget = {"src": f"{self.gateway_url}/widget.js", "data-title": query.get("title", "Harbour")}
        if language := query.get("language"):
            widget["data-language"] = language
        script = f"<script{_write_attributes(widget)} async></script>" if has_widget else ""
        return _PAGE.format(_write_attributes(page), query.get("style", ""), script)

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()


def _write_attributes(attributes: dict[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items() if value)


@contextmanager
def running_shop(folder: Path) -> Iterator[tuple[Shop, RunningGateway]]:
    """Run a site, and a gateway whose bot repeats each message."""
    (folder / "flow.yaml").write_text(_FLOW)
    shop = Shop()
    gateway = RunningGateway(
        folder,
        TURNGATE_FLOW=str(folder / "flow.yaml"),
        TURNGATE_WEB_IDENTITY_SECRET=SECRET,
        TURNGATE_WEB_ORIGINS=shop.url,
    )
    try:
        gateway.wait_until_ready()
        shop.gateway_url = gateway.url
        yield shop, gateway
    finally:
        gateway.stop()
        shop.close()


def open_widget(context: BrowserContext, shop: Shop, path: str = "/") -> Page:
    """Open a page of the site, and its widget."""
    return open_widget_on(context.new_page(), shop, path)


def open_widget_on(page: Page, shop: Shop, path: str = "/") -> Page:
    """Open a page of the site in an open tab, and its widget."""
    page.goto(f"{shop.url}{path}")
    page.get_by_role("button", name="Harbour", exact=True).click()
    return page


def say(page: Page, text: str) -> None:
    """Write a message."""
    page.get_by_label("Write a message").fill(text)
    page.keyboard.press("Enter")


def expect_answered(page: Page, text: str) -> None:
    """Wait until the bot has answered a message, and nothing waits."""
    expect(page.locator("li.bot").last).to_contain_text(f"You said: {text}", timeout=15_000)
    expect(page.locator("li.waiting")).to_have_count(0)


def list_person_texts(page: Page) -> list[str]:
    """Return the visitor's messages."""
    return page.locator("li.person").all_inner_texts()
