"""`turngate setup intercom`: reports what to configure; Intercom has no API for webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_object_list, get_text
from channels._kit.outbound import get, parse_json_body
from channels._kit.settings import parse_base_url, parse_secrets
from channels._kit.text import sanitize
from channels.intercom import SETTINGS
from channels.intercom.api import IntercomAuth
from channels.intercom.capabilities import DESK_TOPICS, NAME, USER_TOPICS
from channels.intercom.errors import build_delivery_error
from core.errors import ConfigurationError

_OPTIONAL_TOPICS = ("translated", "open.assigned", "snoozed")
REQUIRED_TOPICS = sorted(
    [
        "conversation.admin.single.created",
        "conversation.deleted",
        *(topic for topic in (*USER_TOPICS, *DESK_TOPICS) if not topic.endswith(_OPTIONAL_TOPICS)),
    ]
)
"""Topics to subscribe to."""


async def set_up(
    environ: Mapping[str, str], public_url: str, http: httpx.AsyncClient, *, by_triggers: bool
) -> AsyncIterator[str]:
    """Query the workspace with the token and yield a line for each thing to configure, here or there.

    Raises `ConfigurationError` or a `DeliveryError`, which say what to do.
    """
    if by_triggers:
        raise ConfigurationError("Intercom has no triggers; omit --by-triggers")
    values = {each.name: environ.get(each.name, "").strip() or each.default for each in SETTINGS}
    url = parse_base_url("INTERCOM_API_URL", values["INTERCOM_API_URL"])
    if not values["INTERCOM_ACCESS_TOKEN"]:
        raise ConfigurationError(
            "INTERCOM_ACCESS_TOKEN is not set; the Developer Hub shows it under Authentication"
        )
    token = IntercomAuth(parse_secrets("INTERCOM_ACCESS_TOKEN", values["INTERCOM_ACCESS_TOKEN"])[0])
    base = parse_base_url("PUBLIC_URL", public_url)

    me = await _fetch_object(http, f"{url}/me", token)
    app = get_object(me, "app")
    region = get_text(app, "region", 20) or "region unknown"
    yield f"INTERCOM_WORKSPACE_ID={get_identifier(app, 'id_code')} is the token's workspace ({region})"
    admins = get_object_list(await _fetch_object(http, f"{url}/admins", token), "admins")
    for line in _describe_choices(
        "INTERCOM_ADMIN_ID", values, admins, "a teammate that is used only by the bot"
    ):
        yield line
    teams = get_object_list(await _fetch_object(http, f"{url}/teams", token), "teams")
    for line in _describe_choices("INTERCOM_HANDOFF_TEAM_ID", values, teams, "or leave it unset"):
        yield line
    yield "Enter in the Developer Hub:"
    topics = ", ".join(REQUIRED_TOPICS)
    yield f"  Webhooks: {base}/webhooks/{NAME}, API version 2.13 or later, topics {topics}"
    yield f"  Canvas Kit (card): {base}/webhooks/{NAME}/canvas as initialize URL and submit URL"
    if not values["INTERCOM_CLIENT_SECRET"]:
        yield "INTERCOM_CLIENT_SECRET is not set; the Developer Hub shows it under Basic information"


def _describe_choices(
    setting: str, values: Mapping[str, str], items: list[JsonObject], advice: str
) -> list[str]:
    """Return the configured item by its name, or all that exist."""
    names = {get_identifier(each, "id"): sanitize(get_text(each, "name"), 100) for each in items}
    if values[setting] in names:
        return [f"{setting}={values[setting]} is {names[values[setting]]}"]
    missing = [f"{setting}={values[setting]} does not exist in this workspace"] if values[setting] else []
    return [*missing, *(f"{setting}={number}  {name}: {advice}" for number, name in names.items())]


async def _fetch_object(http: httpx.AsyncClient, url: str, token: IntercomAuth) -> JsonObject:
    response = await get(http, NAME, url, params=None, auth=token)
    if not response.is_success:
        raise build_delivery_error(response)
    return parse_json_body(response)
