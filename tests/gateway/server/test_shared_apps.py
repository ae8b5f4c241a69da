"""Accounts that share a provider's app and secret: the ID in a webhook selects the account."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from redis.asyncio import Redis

from core.errors import ConfigurationError
from core.model import Address
from core.ports import Webhook
from gateway.app import create_app
from gateway.bootstrap import load_channels
from gateway.config.settings import Settings
from gateway.middleware.channel.account_alias import with_account_name
from gateway.redis.inbox import RedisInbox
from gateway.server.webhooks import WebhookEndpoint
from tests.channels.intercom import builders as intercom
from tests.channels.whatsapp import builders as meta

SHOP2, SHOP2_NUMBER = "wk00shop2", "800000000000002"


@pytest.fixture
async def http(redis: Redis) -> AsyncIterator[httpx.AsyncClient]:
    second = intercom.build_channel(INTERCOM_WORKSPACE_ID=SHOP2, INTERCOM_ACCESS_TOKEN="second-token")
    numbers = "WHATSAPP_PHONE_NUMBER_IDS"
    channels: Any = {
        "intercom": intercom.build_channel(INTERCOM_WORKSPACE_ID=intercom.APP),
        "intercom/shop2": with_account_name(second, "intercom/shop2"),
        "whatsapp": meta.build_channel(**{numbers: meta.OURS}),
        "whatsapp/shop2": with_account_name(
            meta.build_channel(**{numbers: f"{SHOP2_NUMBER}, 800000000000003"}), "whatsapp/shop2"
        ),
    }
    async with httpx.AsyncClient() as calls:
        app = create_app(channels, RedisInbox(redis), redis, http=calls)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bots.example.com") as opened:
            yield opened


async def post_webhook(http: httpx.AsyncClient, path: str, webhook: Webhook) -> None:
    response = await http.post(path, content=webhook.body, headers=dict(webhook.headers))
    assert response.status_code == 200


async def read_channel(redis: Redis, session: str) -> str:
    stored: Any = await redis.hget(f"tg:{{{session}}}", "address")
    return Address.model_validate_json(stored).channel if stored else ""


@pytest.mark.parametrize(
    ("workspace", "expected"), [(intercom.APP, "intercom"), (SHOP2, "intercom/shop2"), ("unknown", "")]
)
async def test_the_workspace_chooses_the_account(
    http: httpx.AsyncClient, redis: Redis, workspace: str, expected: str
) -> None:
    made = intercom.build_notification(
        "conversation.user.replied", intercom.build_conversation(intercom.build_part())
    )
    webhook = intercom.sign_webhook(json.dumps({**made, "app_id": workspace}).encode())

    await post_webhook(http, "/webhooks/intercom", webhook)

    assert await read_channel(redis, f"intercom:{workspace}:{intercom.CONVERSATION}") == expected
    ignored = await redis.hget("tg:counts", "ignored:other account")
    assert ignored == (None if expected else b"1")


async def test_the_phone_number_chooses_the_account_of_each_item(
    http: httpx.AsyncClient, redis: Redis
) -> None:
    numbers = (meta.OURS, SHOP2_NUMBER, "800000000000009")
    items = [meta.build_value(meta.build_message(id=f"wamid.{number}"), ours=number) for number in numbers]

    await post_webhook(http, "/webhooks/whatsapp", meta.build_webhook(meta.build_batch(*items)))

    found = [await read_channel(redis, f"whatsapp:{number}:{meta.USER_ID}") for number in numbers]
    assert found == ["whatsapp", "whatsapp/shop2", ""]


@respx.mock
async def test_a_card_is_posted_with_the_token_of_its_workspace(http: httpx.AsyncClient) -> None:
    route = respx.post("https://api.intercom.io/conversations").respond(json={"id": "1"})
    request = {
        "workspace_id": SHOP2,
        "contact": {"type": "contact", "role": "lead", "id": intercom.ADA["id"]},
        "component_id": "ask",
        "input_values": {"question": "Where is my parcel?"},
    }
    body = json.dumps(request).encode()
    digest = hmac.new(intercom.SECRET.encode(), body, hashlib.sha256).hexdigest()
    webhook = Webhook("POST", "/webhooks/intercom/canvas", {"x-body-signature": digest}, body)

    await post_webhook(http, "/webhooks/intercom/canvas", webhook)

    [call] = route.calls
    assert call.request.headers["authorization"] == "Bearer second-token"


@pytest.mark.parametrize(
    ("first", "second", "is_allowed"),
    [(intercom.APP, SHOP2, True), (intercom.APP, "", True), ("", SHOP2, True), (SHOP2, SHOP2, False)],
)
def test_accounts_of_one_app_must_be_distinguishable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, first: str, second: str, is_allowed: bool
) -> None:
    for name, value in {**intercom.ENVIRON, "INTERCOM_WORKSPACE_ID": first}.items():
        monkeypatch.setenv(name, value)
    lines = [f'settings.{name} = "{value}"' for name, value in intercom.ENVIRON.items()]
    config = tmp_path / "turngate.toml"
    config.write_text(
        "\n".join(
            ["[channels.intercom.accounts.shop2]", *lines, f'settings.INTERCOM_WORKSPACE_ID = "{second}"']
        )
    )
    settings = Settings.model_validate({"TURNGATE_CONFIG": str(config)})

    if is_allowed:
        assert {"intercom", "intercom/shop2"} <= set(load_channels(settings))
        return
    with pytest.raises(ConfigurationError, match=r"same app secret.*INTERCOM_WORKSPACE_ID of both"):
        load_channels(settings)


ME = "https://api.intercom.io/me"


@pytest.fixture
async def unnamed_workspaces(redis: Redis) -> AsyncIterator[httpx.AsyncClient]:
    """Two workspaces of one app, without settings that identify them."""
    second = intercom.build_channel(INTERCOM_ACCESS_TOKEN="second-token")
    channels: Any = {
        "intercom": intercom.build_channel(),
        "intercom/shop2": with_account_name(second, "intercom/shop2"),
    }
    async with httpx.AsyncClient() as calls:
        app = create_app(channels, RedisInbox(redis), redis, http=calls)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bots.example.com") as opened:
            yield opened


def answer_workspace(request: httpx.Request) -> httpx.Response:
    is_second = request.headers["authorization"] == "Bearer second-token"
    return httpx.Response(200, json={"app": {"id_code": SHOP2 if is_second else intercom.APP}})


def build_reply(workspace: str) -> Webhook:
    made = intercom.build_notification(
        "conversation.user.replied", intercom.build_conversation(intercom.build_part())
    )
    return intercom.sign_webhook(json.dumps({**made, "app_id": workspace}).encode())


@respx.mock
async def test_workspaces_without_a_setting_are_learnt_from_their_tokens(
    unnamed_workspaces: httpx.AsyncClient, redis: Redis
) -> None:
    route = respx.get(ME).mock(side_effect=answer_workspace)
    for workspace in (SHOP2, intercom.APP, "unknown"):
        await post_webhook(unnamed_workspaces, "/webhooks/intercom", build_reply(workspace))

    found = [
        await read_channel(redis, f"intercom:{each}:{intercom.CONVERSATION}")
        for each in (intercom.APP, SHOP2)
    ]
    assert found == ["intercom", "intercom/shop2"]
    assert await redis.hget("tg:counts", "ignored:other account") == b"1"
    assert route.call_count == 2


@respx.mock
async def test_a_webhook_waits_until_the_workspaces_are_known(
    unnamed_workspaces: httpx.AsyncClient, redis: Redis
) -> None:
    route = respx.get(ME).respond(503)
    webhook = build_reply(SHOP2)
    response = await unnamed_workspaces.post(
        "/webhooks/intercom", content=webhook.body, headers=dict(webhook.headers)
    )
    assert response.status_code == 503
    assert await read_channel(redis, f"intercom:{SHOP2}:{intercom.CONVERSATION}") == ""

    route.mock(side_effect=answer_workspace)
    await post_webhook(unnamed_workspaces, "/webhooks/intercom", webhook)
    assert await read_channel(redis, f"intercom:{SHOP2}:{intercom.CONVERSATION}") == "intercom/shop2"


@respx.mock
async def test_two_tokens_of_one_workspace_are_refused(
    unnamed_workspaces: httpx.AsyncClient, redis: Redis
) -> None:
    respx.get(ME).respond(json={"app": {"id_code": SHOP2}})
    webhook = build_reply(SHOP2)
    response = await unnamed_workspaces.post(
        "/webhooks/intercom", content=webhook.body, headers=dict(webhook.headers)
    )

    assert response.status_code == 503
    assert await read_channel(redis, f"intercom:{SHOP2}:{intercom.CONVERSATION}") == ""


@respx.mock
async def test_a_replay_asks_whose_webhook_it_is(redis: Redis) -> None:
    route = respx.get(ME).mock(side_effect=answer_workspace)
    second = intercom.build_channel(INTERCOM_ACCESS_TOKEN="second-token")
    channels: Any = {
        "intercom": intercom.build_channel(),
        "intercom/shop2": with_account_name(second, "intercom/shop2"),
    }
    webhook = replace(build_reply(SHOP2), url="https://bots.example.com/webhooks/intercom")
    async with httpx.AsyncClient() as calls:
        replay = WebhookEndpoint(channels, RedisInbox(redis), http=calls).replay
        assert await replay(webhook) == 1
        assert await read_channel(redis, f"intercom:{SHOP2}:{intercom.CONVERSATION}") == "intercom/shop2"

    assert route.call_count == 2
