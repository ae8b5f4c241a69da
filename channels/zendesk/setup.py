"""`turngate setup zendesk`: creates the webhook, and optionally triggers, through the API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import httpx

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_text
from channels._kit.oauth import RefreshingCredentials
from channels._kit.outbound import parse_json_body
from channels._kit.settings import parse_base_url
from channels.zendesk import SETTINGS, read_credentials
from channels.zendesk.capabilities import EXAMPLE_URL
from channels.zendesk.client import ApiClient, build_delivery_error
from channels.zendesk.event_parser import SUBSCRIPTIONS
from channels.zendesk.trigger_template import TRIGGER_EVENTS, build_trigger_body
from core.errors import ConfigurationError

_WEBHOOK_NAME: Final = "Turngate"
_TRIGGER_SUBSCRIPTION: Final = "conditional_ticket_events"
_NOT_BY_API: Final = {"field": "current_via_id", "operator": "is_not", "value": "5"}
"""Condition "not by the API" (5 is "Web service"), where the bot's own updates come from."""

_TRIGGER_CONDITIONS: Final[Mapping[str, list[dict[str, Any]]]] = {
    "comment": [{"field": "comment_is_public", "operator": "is", "value": "true"}, _NOT_BY_API],
    "note": [{"field": "comment_is_public", "operator": "is", "value": "false"}, _NOT_BY_API],
    "assigned": [{"field": "assignee_id", "operator": "changed"}],
    "solved": [{"field": "status", "operator": "value", "value": "solved"}],
    "reopened": [{"field": "status", "operator": "value_previous", "value": "solved"}],
}
_UPDATE_TYPES: Final = [
    {"field": "update_type", "operator": "is", "value": each} for each in ("Create", "Change")
]


async def set_up(
    environ: Mapping[str, str], public_url: str, http: httpx.AsyncClient, *, by_triggers: bool
) -> AsyncIterator[str]:
    """Create what is missing and update what differs, yielding a line for each; nothing is created twice.

    Raises `ConfigurationError` or a `DeliveryError`, which say what to do.
    """
    values = {setting.name: environ.get(setting.name, "").strip() for setting in SETTINGS}
    url = parse_base_url("ZENDESK_API_URL", values["ZENDESK_API_URL"], EXAMPLE_URL)
    endpoint = f"{parse_base_url('PUBLIC_URL', public_url)}/webhooks/zendesk"
    if not endpoint.startswith("https://") and url.startswith("https://"):
        raise ConfigurationError("PUBLIC_URL must begin with https://; Zendesk calls no other URLs")
    credentials = read_credentials(values, url)
    if isinstance(credentials, RefreshingCredentials):
        raise ConfigurationError(
            "this command would use up the gateway's refresh token; run it with ZENDESK_EMAIL "
            "and ZENDESK_API_TOKEN, or with ZENDESK_OAUTH_TOKEN, and without ZENDESK_OAUTH_REFRESH_TOKEN"
        )
    admin = _AdminClient(ApiClient(url, credentials), http)
    me = get_object(await admin.client.get_json("/users/me.json", "user", http), "user")
    if get_text(me, "role") != "admin":
        raise ConfigurationError(
            "the credentials are not an administrator's; run this command with those of an administrator"
        )
    yield f"ZENDESK_BOT_USER_ID={get_identifier(me, 'id')}  if {get_text(me, 'name')} is the bot's own user"
    async for line in admin.set_up_webhook(endpoint, by_triggers=by_triggers):
        yield line
    secret = get_object(
        await admin.client.get_json(
            f"/webhooks/{admin.webhook_id}/signing_secret.json", "signing_secret", http
        ),
        "signing_secret",
    )
    current_secrets = values["ZENDESK_WEBHOOK_SECRET"].split(",")
    if get_text(secret, "secret") in current_secrets:
        yield "ZENDESK_WEBHOOK_SECRET is set to the webhook's secret"
    else:
        yield f"ZENDESK_WEBHOOK_SECRET={get_text(secret, 'secret')}"
    if by_triggers:
        async for line in admin.set_up_triggers():
            yield line
    for group in await admin.client.list_all("/groups.json", "groups", http):
        number, name = get_identifier(group, "id"), get_text(group, "name")
        yield f"ZENDESK_HANDOFF_GROUP_ID={number}  for the group {name}"


class _AdminClient:
    """Client of the admin API."""

    def __init__(self, client: ApiClient, http: httpx.AsyncClient) -> None:
        self.client = client
        self._http = http
        self.webhook_id = ""

    async def set_up_webhook(self, endpoint: str, *, by_triggers: bool) -> AsyncIterator[str]:
        """Find or create the webhook.

        Its kind cannot be changed later, so another kind is left to the operator.
        """
        wanted = [_TRIGGER_SUBSCRIPTION] if by_triggers else list(SUBSCRIPTIONS)
        webhooks = await self.client.list_all("/webhooks.json", "webhooks", self._http)
        existing = next((each for each in webhooks if each.get("endpoint") == endpoint), None)
        if existing is not None:
            self.webhook_id = get_identifier(existing, "id")
            if set(existing.get("subscriptions") or ()) != set(wanted):
                raise ConfigurationError(
                    f"a webhook to {endpoint} exists with other subscriptions (ID {self.webhook_id}); "
                    "delete it in Admin Center, or select its kind, with or without --by-triggers"
                )
            yield f"webhook exists: {self.webhook_id}"
            return
        webhook = {
            "name": _WEBHOOK_NAME,
            "endpoint": endpoint,
            "http_method": "POST",
            "request_format": "json",
            "status": "active",
            "subscriptions": wanted,
        }
        self.webhook_id = get_identifier(
            get_object(await self._send_change("POST", "/webhooks.json", {"webhook": webhook}), "webhook"),
            "id",
        )
        yield f"webhook created: {self.webhook_id}"

    async def set_up_triggers(self) -> AsyncIterator[str]:
        """Create our triggers, and update those that differ; others are left alone."""
        triggers = await self.client.list_all("/triggers.json", "triggers", self._http)
        by_title = {get_text(each, "title"): each for each in triggers}
        for name in TRIGGER_EVENTS:
            title = f"{_WEBHOOK_NAME}: {name}"
            wanted = {
                "title": title,
                "active": True,
                "conditions": {"all": _TRIGGER_CONDITIONS[name], "any": _UPDATE_TYPES},
                "actions": [
                    {"field": "notification_webhook", "value": [self.webhook_id, build_trigger_body(name)]}
                ],
            }
            existing = by_title.get(title)
            if existing is None:
                await self._send_change("POST", "/triggers.json", {"trigger": wanted})
                yield f"trigger created: {title}"
            elif any(_without_nulls(existing.get(part)) != value for part, value in wanted.items()):
                await self._send_change(
                    "PUT", f"/triggers/{get_identifier(existing, 'id')}.json", {"trigger": wanted}
                )
                yield f"trigger updated: {title}"
            else:
                yield f"trigger exists: {title}"

    async def _send_change(self, method: str, path: str, body: JsonObject) -> JsonObject:
        response = await self.client.send_request(method, path, self._http, json=body)
        if not response.is_success:
            raise build_delivery_error(response)
        return parse_json_body(response)


def _without_nulls(value: Any) -> Any:
    """Return a value without null fields, which Zendesk may add to a condition."""
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value
