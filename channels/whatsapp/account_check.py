"""Checks the access token and the app's subscription (Meta, "Debug token", "App subscriptions")."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import httpx

from channels._kit.account_check import AccountCheck, fail_webhook_check, pass_webhook_check
from channels._kit.inbound import JsonObject, get_identifier, get_object, get_object_list, get_text
from channels._kit.outbound import BearerAuth, get, parse_json_body, post
from channels._kit.settings import parse_secrets, read_settings
from channels.whatsapp import SETTINGS
from channels.whatsapp.api import build_delivery_error
from channels.whatsapp.capabilities import NAME

_OBJECT: Final = "whatsapp_business_account"
_PERMISSION: Final = "whatsapp_business_messaging"
_SOON_SECONDS: Final = 7 * 86_400


async def check_account(
    environ: Mapping[str, str], urls: Sequence[str], http: httpx.AsyncClient, *, fix: bool
) -> AsyncIterator[AccountCheck]:
    """Check the token, the numbers, and that the app's messages go to one of `urls`.

    Meta calls the URL when it is set, so a web process must be running. Raises a `DeliveryError`.
    """
    api = _Api(read_settings(SETTINGS, environ, NAME) or {}, http)
    token = get_object(await api.fetch("debug_token", {"input_token": api.token}), "data")
    yield _describe_token(token)
    for number in api.numbers:
        about = await api.fetch(number, {"fields": "display_phone_number,verified_name,quality_rating"})
        quality = get_text(about, "quality_rating", 20) or "unknown"
        yield AccountCheck(
            passed=quality != "RED",
            message=f"number {number} ({get_text(about, 'verified_name', 100)}) has the quality {quality}",
        )
    app = get_identifier(token, "app_id")
    if not app:
        yield AccountCheck(passed=False, message="Meta does not tell the token's app; look at its webhook")
        return
    async for check in _check_subscription(api, app, urls, fix=fix):
        yield check


class _Api:
    """The Graph API with one account's settings."""

    def __init__(self, values: Mapping[str, str], http: httpx.AsyncClient) -> None:
        self.token = values["WHATSAPP_ACCESS_TOKEN"]
        self.numbers = [
            each.strip() for each in values["WHATSAPP_PHONE_NUMBER_IDS"].split(",") if each.strip()
        ]
        self.secret = parse_secrets("WHATSAPP_APP_SECRET", values["WHATSAPP_APP_SECRET"])[0]
        self.verify_token = values["WHATSAPP_VERIFY_TOKEN"]
        self._base = f"{values['WHATSAPP_API_URL'].rstrip('/')}/{values['WHATSAPP_API_VERSION']}"
        self._http = http

    async def fetch(self, path: str, params: Mapping[str, str], token: str = "") -> JsonObject:
        response = await get(
            self._http, NAME, f"{self._base}/{path}", params=params, auth=BearerAuth(token or self.token)
        )
        return _require_success(response)

    async def change(self, path: str, form: Mapping[str, str], token: str) -> None:
        _require_success(
            await post(self._http, NAME, f"{self._base}/{path}", data=form, auth=BearerAuth(token))
        )


def _require_success(response: httpx.Response) -> JsonObject:
    if not response.is_success:
        raise build_delivery_error(response)
    return parse_json_body(response)


def _describe_token(token: JsonObject) -> AccountCheck:
    expires = token.get("expires_at")
    scopes = token.get("scopes")
    if token.get("is_valid") is not True:
        return AccountCheck(
            passed=False, message="WHATSAPP_ACCESS_TOKEN is not valid any more; create one of a system user"
        )
    if isinstance(scopes, list) and _PERMISSION not in scopes:
        return AccountCheck(passed=False, message=f"WHATSAPP_ACCESS_TOKEN has no permission {_PERMISSION}")
    if not isinstance(expires, int) or not expires:
        return AccountCheck(passed=True, message="WHATSAPP_ACCESS_TOKEN is valid without an end")
    until = f"{datetime.fromtimestamp(expires, UTC):%Y-%m-%d %H:%M} UTC"
    is_soon = expires < time.time() + _SOON_SECONDS
    remedy = "; replace it with a system user's, which has no end" if is_soon else ""
    return AccountCheck(passed=not is_soon, message=f"WHATSAPP_ACCESS_TOKEN is valid until {until}{remedy}")


async def _check_subscription(
    api: _Api, app: str, urls: Sequence[str], *, fix: bool
) -> AsyncIterator[AccountCheck]:
    app_token, owner = f"{app}|{api.secret}", f"the app {app}"
    subscriptions = get_object_list(await api.fetch(f"{app}/subscriptions", {}, app_token), "data")
    present = next((each for each in subscriptions if each.get("object") == _OBJECT), {})
    fields = {get_text(each, "name") for each in get_object_list(present, "fields")}
    url = get_text(present, "callback_url", 1_000)
    if url in urls and present.get("active") is not False and "messages" in fields:
        yield pass_webhook_check(url, owner)
        return
    if not fix:
        lacks = " without the field messages" if url in urls else ""
        yield fail_webhook_check(urls[0], owner, f"{url}{lacks}" if url else "")
        return
    form = {
        "object": _OBJECT,
        "callback_url": urls[0],
        "verify_token": api.verify_token,
        "fields": ",".join(sorted(fields | {"messages"})),
    }
    await api.change(f"{app}/subscriptions", form, app_token)
    yield pass_webhook_check(urls[0], owner)
