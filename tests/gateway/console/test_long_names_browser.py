"""Names as long as a provider passes them on, in a real browser: no page scrolls sideways."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, Page, expect
from redis.asyncio import Redis

from core.model import TurnReceived
from gateway.redis.inbox import RedisInbox
from tests.fakes import build_turn
from tests.gateway.console import test_browser
from tests.gateway.environments.running import RunningGateway

pytestmark = test_browser.pytestmark
browser, gateway = test_browser.browser, test_browser.gateway
NAME = "N" * 200


async def write_with_name(gateway: RunningGateway) -> None:
    """Store a message of somebody with a long name, in a conversation that waits for an agent."""
    redis = Redis(unix_socket_path=str(next(gateway.folder.glob("**/redis.sock"))))
    message = build_turn(1, text="hello").model_copy(update={"profile_name": NAME})
    await RedisInbox(redis).accept([TurnReceived(turn=message)])
    await redis.hset("tg:{fake:1}", "owner", "waiting")
    await redis.zadd("tg:desk", {"fake:1": 1})
    await redis.aclose()


@pytest.fixture
def page(gateway: RunningGateway, browser: Browser) -> Iterator[Page]:
    with ThreadPoolExecutor(1) as thread:  # the browser's client has a loop in this one
        thread.submit(asyncio.run, write_with_name(gateway)).result()
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.long
@pytest.mark.parametrize("width", [320, 1440])
def test_a_long_name_leaves_every_page_as_wide_as_it_is(
    page: Page, gateway: RunningGateway, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{gateway.url}/console/conversations")
    expect(page.get_by_text("hello").first).to_be_visible()
    region = page.get_by_role("region", name="Table of conversations")
    assert region.evaluate("each => each.scrollWidth <= each.clientWidth")
    page.goto(f"{gateway.url}/console/desk")
    page.locator("#sessions a").first.click()
    expect(page.locator("#send")).to_contain_text("Send to")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
