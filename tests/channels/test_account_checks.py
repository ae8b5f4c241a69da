"""Account checks at the providers, against the simulators: correct, wrong and repaired settings."""

from __future__ import annotations

import importlib
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

import channels
from channels._kit.account_check import AccountCheck
from channels._kit.simulator import SimulatedAccount
from core.errors import DeliveryError
from gateway.local.http_server import serve
from gateway.local.simulator_server import SimulatorServer

PUBLIC = "https://bots.example.com"
ELSEWHERE = "https://old.example.com/webhooks/x"
NAMES = channels.available()


def create_account(name: str) -> SimulatedAccount:
    module = importlib.import_module(f"channels.{name}.simulator.account")
    account: SimulatedAccount = module.create_account(PUBLIC, lambda: "0123456789abcdef0123456789abcdef")
    return account


def add_webhook(simulator: Any, endpoint: str) -> None:
    simulator.admin.webhooks["01J8"] = {"id": "01J8", "endpoint": endpoint, "status": "active"}


@asynccontextmanager
async def serve_account(
    account: SimulatedAccount,
) -> AsyncIterator[tuple[Mapping[str, str], httpx.AsyncClient]]:
    async with httpx.AsyncClient() as http, serve(SimulatorServer(account.simulator, http)) as url:
        yield account.settings(url), http


async def check(
    name: str, environ: Mapping[str, str], http: httpx.AsyncClient, *, fix: bool = False
) -> list[AccountCheck]:
    check_account = importlib.import_module(f"channels.{name}.account_check").check_account
    urls = [f"{PUBLIC}/webhooks/{name}"]
    return [each async for each in check_account(environ, urls, http, fix=fix)]


def list_failures(checks: list[AccountCheck]) -> list[str]:
    return [each.message for each in checks if not each.passed]


@pytest.mark.parametrize("name", NAMES)
async def test_an_account_that_is_in_order_passes(name: str) -> None:
    async with serve_account(create_account(name)) as (environ, http):
        checks = await check(name, environ, http)

    assert len(checks) >= 2
    assert list_failures(checks) == []


@pytest.mark.parametrize("name", NAMES)
async def test_wrong_credentials_are_the_providers_answer(name: str) -> None:
    secrets = ("TWILIO_AUTH_TOKEN", "WHATSAPP_ACCESS_TOKEN", "INTERCOM_ACCESS_TOKEN", "SUNSHINE_KEY_SECRET")
    wrong = dict.fromkeys((*secrets, "ZENDESK_API_TOKEN"), "wrong")
    async with serve_account(create_account(name)) as (environ, http):
        with pytest.raises(DeliveryError) as error:
            await check(name, {**environ, **wrong}, http)

    assert "wrong" not in error.value.reason


def point_elsewhere(name: str, simulator: Any) -> None:
    match name:
        case "twilio":
            resource = simulator.account_resource
            resource._webhook_url = ELSEWHERE
        case "whatsapp":
            simulator.app_resource.subscription["callback_url"] = ELSEWHERE
        case "sunshine":
            next(iter(simulator.app_resource.webhooks.values()))["target"] = ELSEWHERE
        case "zendesk":
            simulator.admin.webhooks["01J8"]["status"] = "inactive"


@pytest.mark.parametrize("name", ["twilio", "whatsapp", "sunshine", "zendesk"])
async def test_a_webhook_that_does_not_come_here_is_found_and_mended(name: str) -> None:
    account = create_account(name)
    point_elsewhere(name, account.simulator)
    async with serve_account(account) as (environ, http):
        before = await check(name, environ, http)
        mended = await check(name, environ, http, fix=True)
        after = await check(name, environ, http)

    assert [each.can_fix for each in before if not each.passed] == [True]
    assert "--fix" in list_failures(before)[0]
    assert list_failures(mended) == list_failures(after) == []


async def test_a_webhook_that_names_no_contacts_is_mended_where_the_business_writes_first() -> None:
    account = create_account("sunshine")
    simulator: Any = account.simulator
    [webhook] = simulator.app_resource.webhooks.values()
    webhook["includeFullSource"] = False
    async with serve_account(account) as (environ, http):
        before = await check("sunshine", environ, http)
        without = await check("sunshine", {**environ, "SUNSHINE_NOTIFICATION_INTEGRATIONS": ""}, http)
        await check("sunshine", environ, http, fix=True)

    assert "without includeFullSource" in list_failures(before)[0]
    assert list_failures(without) == []
    assert webhook["includeFullSource"] is True


async def test_a_subscription_without_messages_is_wrong_and_other_fields_stay() -> None:
    account = create_account("whatsapp")
    simulator: Any = account.simulator
    simulator.app_resource.subscription["fields"] = [{"name": "account_update"}]
    async with serve_account(account) as (environ, http):
        before = await check("whatsapp", environ, http)
        await check("whatsapp", environ, http, fix=True)

    assert "without the field messages" in list_failures(before)[0]
    names = {each["name"] for each in simulator.app_resource.subscription["fields"]}
    assert names == {"messages", "account_update"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"expires_at": int(time.time()) + 86_400}, "valid until"),
        ({"scopes": ["public_profile"]}, "no permission"),
    ],
    ids=["ends soon", "no permission"],
)
async def test_a_token_that_will_fail_is_named(change: dict[str, Any], message: str) -> None:
    account = create_account("whatsapp")
    simulator: Any = account.simulator
    for name, value in change.items():
        setattr(simulator.app_resource, name, value)
    async with serve_account(account) as (environ, http):
        [problem] = list_failures(await check("whatsapp", environ, http))

    assert message in problem


async def test_a_suspended_account_and_a_foreign_user_are_named() -> None:
    twilio, zendesk = create_account("twilio"), create_account("zendesk")
    simulator: Any = twilio.simulator
    simulator.account_resource.status = "suspended"
    async with serve_account(twilio) as (environ, http):
        assert "suspended" in list_failures(await check("twilio", environ, http))[0]
    async with serve_account(zendesk) as (environ, http):
        checks = await check("zendesk", {**environ, "ZENDESK_BOT_USER_ID": "1"}, http)
        assert "answer itself" in list_failures(checks)[0]


async def test_a_missing_webhook_says_how_to_create_it() -> None:
    account = create_account("zendesk")
    simulator: Any = account.simulator
    simulator.admin.webhooks.clear()
    async with serve_account(account) as (environ, http):
        assert "turngate setup zendesk" in list_failures(await check("zendesk", environ, http))[0]
