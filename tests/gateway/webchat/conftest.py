"""Fixtures of the tests of the widget on customers' pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.gateway.console.test_browser import CHROMIUM, QUIET
from tests.gateway.environments.running import RunningGateway
from tests.gateway.webchat.customer_site import Shop, running_shop


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, RunningGateway]]:
    with running_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.fixture
def shop(site: tuple[Shop, RunningGateway]) -> Shop:
    return site[0]


@pytest.fixture
def shop_gateway(site: tuple[Shop, RunningGateway]) -> RunningGateway:
    return site[1]


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> BrowserContext:
    return browser.new_context()
