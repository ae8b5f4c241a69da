"""Checks an Intercom workspace; webhooks of an app cannot be read by its API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

import httpx

from channels._kit.account_check import AccountCheck
from channels._kit.inbound import get_identifier, get_object, get_object_list
from channels._kit.outbound import get, parse_json_body
from channels._kit.settings import parse_secrets, read_settings
from channels.intercom import SETTINGS
from channels.intercom.api import IntercomAuth
from channels.intercom.capabilities import NAME
from channels.intercom.errors import build_delivery_error
from core.errors import ConfigurationError


async def check_account(
    environ: Mapping[str, str], urls: Sequence[str], http: httpx.AsyncClient, *, fix: bool
) -> AsyncIterator[AccountCheck]:
    """Check the token, its workspace and the bot's teammate. Raises a `DeliveryError`."""
    values = read_settings(SETTINGS, environ, NAME) or {}
    if not values:
        raise ConfigurationError("no settings of intercom")
    url = values["INTERCOM_API_URL"].rstrip("/")
    token = IntercomAuth(parse_secrets("INTERCOM_ACCESS_TOKEN", values["INTERCOM_ACCESS_TOKEN"])[0])
    me = await get(http, NAME, f"{url}/me", params=None, auth=token)
    if not me.is_success:
        raise build_delivery_error(me)
    workspace = get_identifier(get_object(parse_json_body(me), "app"), "id_code")
    wanted = values["INTERCOM_WORKSPACE_ID"]
    yield AccountCheck(
        passed=wanted in ("", workspace),
        message=f"the token opens the workspace {workspace}"
        + ("" if wanted in ("", workspace) else f", but INTERCOM_WORKSPACE_ID is {wanted}"),
    )
    admins = await get(http, NAME, f"{url}/admins", params=None, auth=token)
    if not admins.is_success:
        raise build_delivery_error(admins)
    known = {get_identifier(each, "id") for each in get_object_list(parse_json_body(admins), "admins")}
    bot = values["INTERCOM_ADMIN_ID"]
    yield AccountCheck(
        passed=bot in known,
        message=f"the bot is the teammate {bot}"
        if bot in known
        else f"INTERCOM_ADMIN_ID={bot} does not exist in this workspace; see `turngate setup intercom`",
    )
    yield AccountCheck(
        passed=True, message=f"not looked at, Intercom has no API for it: the app's webhook is {urls[0]}"
    )
