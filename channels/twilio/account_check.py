"""Checks a Twilio account and the webhooks of its numbers (Twilio, "Accounts", "IncomingPhoneNumbers")."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import httpx

from channels._kit.account_check import AccountCheck, fail_webhook_check, pass_webhook_check
from channels._kit.inbound import JsonObject, get_object_list, get_text
from channels._kit.outbound import get, parse_json_body, post
from channels._kit.settings import parse_secrets, read_settings
from channels.twilio import SETTINGS
from channels.twilio.capabilities import NAME
from channels.twilio.errors import build_delivery_error

_MAX_NUMBERS: Final = 1_000


async def check_account(
    environ: Mapping[str, str], urls: Sequence[str], http: httpx.AsyncClient, *, fix: bool
) -> AsyncIterator[AccountCheck]:
    """Check the credentials, and that every number that can receive SMS calls one of `urls`.

    Numbers of a messaging service have its webhook, which this API does not show. Raises a `DeliveryError`.
    """
    values = read_settings(SETTINGS, environ, NAME) or {}
    account = values["TWILIO_ACCOUNT_SID"]
    auth = (account, parse_secrets("TWILIO_AUTH_TOKEN", values["TWILIO_AUTH_TOKEN"])[0])
    base = f"{values['TWILIO_API_URL'].rstrip('/')}/2010-04-01/Accounts/{account}"
    status = get_text(await _fetch(f"{base}.json", {}, auth, http), "status")
    yield AccountCheck(
        passed=status == "active",
        message=f"the account is {status}" + ("" if status == "active" else "; look into Twilio's console"),
    )
    if values["TWILIO_MESSAGING_SERVICE_SID"]:
        yield AccountCheck(
            passed=True, message=f"not looked at: set the messaging service's request URL to {urls[0]}"
        )
        return
    page = await _fetch(f"{base}/IncomingPhoneNumbers.json", {"PageSize": str(_MAX_NUMBERS)}, auth, http)
    for number in get_object_list(page, "incoming_phone_numbers"):
        if _receives_messages(number):
            yield await _check_number(number, base, urls, auth, http, fix=fix)


def _receives_messages(number: JsonObject) -> bool:
    capabilities: Any = number.get("capabilities")
    return not isinstance(capabilities, dict) or bool(capabilities.get("sms"))


async def _check_number(
    number: JsonObject,
    base: str,
    urls: Sequence[str],
    auth: tuple[str, str],
    http: httpx.AsyncClient,
    *,
    fix: bool,
) -> AccountCheck:
    owner = f"the number {get_text(number, 'friendly_name') or get_text(number, 'sid')}"
    present, method = get_text(number, "sms_url"), get_text(number, "sms_method")
    if (url := present.partition("#")[0]) in urls and method == "POST":
        return pass_webhook_check(url, owner)
    if not fix:
        return fail_webhook_check(urls[0], owner, f"{method} {present}" if present else "")
    form = {"SmsUrl": f"{urls[0]}#rc=3&rp=all", "SmsMethod": "POST"}
    response = await post(
        http, NAME, f"{base}/IncomingPhoneNumbers/{get_text(number, 'sid')}.json", data=form, auth=auth
    )
    if not response.is_success:
        raise build_delivery_error(response)
    return pass_webhook_check(urls[0], owner)


async def _fetch(
    url: str, params: Mapping[str, str], auth: tuple[str, str], http: httpx.AsyncClient
) -> JsonObject:
    response = await get(http, NAME, url, params=params, auth=auth)
    if not response.is_success:
        raise build_delivery_error(response)
    return parse_json_body(response)
