"""Checks a Zendesk account and its webhook (Zendesk, "Webhooks")."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

import httpx

from channels._kit.account_check import AccountCheck, fail_webhook_check, pass_webhook_check
from channels._kit.inbound import get_identifier, get_object, get_text
from channels._kit.oauth import RefreshingCredentials
from channels._kit.settings import parse_base_url, read_settings
from channels.zendesk import SETTINGS, read_credentials
from channels.zendesk.capabilities import EXAMPLE_URL, NAME
from channels.zendesk.client import ApiClient, build_delivery_error
from core.errors import Rejected


async def check_account(
    environ: Mapping[str, str], urls: Sequence[str], http: httpx.AsyncClient, *, fix: bool
) -> AsyncIterator[AccountCheck]:
    """Check the credentials, the bot's user, and, with an administrator's, the webhook.

    `turngate setup zendesk` creates what is missing. Raises a `DeliveryError`.
    """
    values = read_settings(SETTINGS, environ, NAME) or {}
    url = parse_base_url("ZENDESK_API_URL", values["ZENDESK_API_URL"], EXAMPLE_URL)
    credentials = read_credentials(values, url)
    if isinstance(credentials, RefreshingCredentials):
        yield AccountCheck(
            passed=True, message="not looked at: a check would use up the gateway's refresh token"
        )
        return
    client = ApiClient(url, credentials)
    me = get_object(await client.get_json("/users/me.json", "user", http), "user")
    number, bot = get_identifier(me, "id"), values["ZENDESK_BOT_USER_ID"]
    yield AccountCheck(
        passed=number == bot,
        message=f"the credentials are those of the bot's user {bot}"
        if number == bot
        else f"the credentials are those of the user {number}, but ZENDESK_BOT_USER_ID is {bot}; "
        "the bot would answer itself",
    )
    async for check in _check_webhook(client, urls, http, fix=fix):
        yield check


async def _check_webhook(
    client: ApiClient, urls: Sequence[str], http: httpx.AsyncClient, *, fix: bool
) -> AsyncIterator[AccountCheck]:
    try:
        webhooks = await client.list_all("/webhooks.json", "webhooks", http)
    except Rejected:
        yield AccountCheck(
            passed=True, message=f"not looked at without an administrator: a webhook to {urls[0]}"
        )
        return
    ours = next((each for each in webhooks if get_text(each, "endpoint", 1_000) in urls), None)
    if ours is None:
        others = [get_text(each, "endpoint", 1_000) for each in webhooks if "/webhooks/zendesk" in str(each)]
        check = fail_webhook_check(urls[0], "the account", ", ".join(others), fix_hint=False)
        remedy = "`turngate setup zendesk` creates it"
        yield check.model_copy(update={"message": check.message.replace("enter it at the provider", remedy)})
        return
    if get_text(ours, "status") == "active":
        yield pass_webhook_check(get_text(ours, "endpoint", 1_000), "the account")
        return
    if not fix:
        yield AccountCheck(
            passed=False,
            can_fix=True,
            message=f"the webhook {get_identifier(ours, 'id')} is {get_text(ours, 'status')}; "
            "`turngate doctor --fix` activates it",
        )
        return
    path = f"/webhooks/{get_identifier(ours, 'id')}.json"
    response = await client.send_request("PATCH", path, http, json={"webhook": {"status": "active"}})
    if not response.is_success:
        raise build_delivery_error(response)
    yield pass_webhook_check(get_text(ours, "endpoint", 1_000), "the account")
