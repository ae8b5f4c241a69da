"""Checks an app of Sunshine Conversations and its integration's webhook ("Apps", "Webhooks" of API v2)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

import httpx

from channels._kit.account_check import AccountCheck, fail_webhook_check, pass_webhook_check
from channels._kit.inbound import JsonObject, get_identifier, get_object, get_object_list, get_text
from channels._kit.outbound import get, parse_json_body, send_request
from channels._kit.settings import read_settings
from channels.sunshine import SETTINGS
from channels.sunshine.api import build_delivery_error
from channels.sunshine.capabilities import NAME
from channels.sunshine.contact_numbers import SETTING as INTEGRATIONS_SETTING

_REQUIRED_TRIGGERS: Final = frozenset({"conversation:message"})


async def check_account(
    environ: Mapping[str, str], urls: Sequence[str], http: httpx.AsyncClient, *, fix: bool
) -> AsyncIterator[AccountCheck]:
    """Check the key, and the webhook of the bot's integration. Raises a `DeliveryError`."""
    values = read_settings(SETTINGS, environ, NAME) or {}
    auth = (values["SUNSHINE_KEY_ID"], values["SUNSHINE_KEY_SECRET"])
    base = f"{values['SUNSHINE_API_URL'].rstrip('/')}/v2/apps/{values['SUNSHINE_APP_ID']}"
    app = get_object(await _fetch(base, auth, http), "app")
    name = get_text(app, "displayName", 100) or get_identifier(app, "id")
    yield AccountCheck(passed=True, message=f"the key opens the app {name}")
    integration = values["SUNSHINE_INTEGRATION_ID"]
    if not integration:
        yield AccountCheck(
            passed=True,
            message=f"without SUNSHINE_INTEGRATION_ID not looked at: webhook {urls[0]}",
        )
        return
    path, owner = f"{base}/integrations/{integration}/webhooks", f"the integration {integration}"
    webhooks = get_object_list(await _fetch(path, auth, http), "webhooks")
    ours = next((each for each in webhooks if get_text(each, "target", 1_000) in urls), None)
    lacks = _find_lacks(ours, names_contacts=bool(values[INTEGRATIONS_SETTING])) if ours else ""
    if ours is not None and not lacks:
        yield pass_webhook_check(get_text(ours, "target", 1_000), owner)
        return
    first = ours or next(iter(webhooks), None)
    if first is None:
        yield fail_webhook_check(urls[0], owner, "", fix_hint=False)
        return
    if not fix:
        yield fail_webhook_check(urls[0], owner, f"{get_text(first, 'target', 1_000)}{lacks}")
        return
    triggers = sorted({*map(str, _read_triggers(first)), *_REQUIRED_TRIGGERS})
    changed: dict[str, object] = {"target": urls[0], "triggers": triggers}
    if values[INTEGRATIONS_SETTING]:
        changed["includeFullSource"] = True
    response = await send_request(
        http,
        NAME,
        "PATCH",
        f"{path}/{get_identifier(first, 'id')}",
        json=changed,
        auth=auth,
    )
    if not response.is_success:
        raise build_delivery_error(response)
    yield pass_webhook_check(urls[0], owner)


def _find_lacks(webhook: JsonObject, *, names_contacts: bool) -> str:
    """Return what a webhook lacks; with `names_contacts` its events must contain the contact's number."""
    if not set(map(str, _read_triggers(webhook))) >= _REQUIRED_TRIGGERS:
        return " without the trigger conversation:message"
    return " without includeFullSource" if names_contacts and not webhook.get("includeFullSource") else ""


def _read_triggers(webhook: JsonObject) -> list[object]:
    triggers = webhook.get("triggers")
    return triggers if isinstance(triggers, list) else []


async def _fetch(url: str, auth: tuple[str, str], http: httpx.AsyncClient) -> JsonObject:
    response = await get(http, NAME, url, params=None, auth=auth)
    if not response.is_success:
        raise build_delivery_error(response)
    return parse_json_body(response)
