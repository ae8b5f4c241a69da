"""What Zendesk's admin side needs for the bot, made by its API: the webhook, and perhaps triggers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import httpx

from channels._kit.inbound.json import Object, child, children, name_of, word
from channels._kit.oauth import Renewed
from channels._kit.outbound.http import answered
from channels._kit.settings import address
from channels.zendesk import SETTINGS, shown
from channels.zendesk.client import Client, refusal
from channels.zendesk.event_parser import SUBSCRIPTIONS
from channels.zendesk.trigger_template import EVENTS, body
from core.errors import Misconfigured

_NAME: Final = "Turngate"
_TRIGGERS_ONLY: Final = "conditional_ticket_events"
_BY_PEOPLE: Final = {"field": "current_via_id", "operator": "is_not", "value": "5"}
"""Not by the API (5 is "Web service"), where the bot's own updates come from."""

_CONDITIONS: Final[Mapping[str, list[dict[str, Any]]]] = {
    "comment": [{"field": "comment_is_public", "operator": "is", "value": "true"}, _BY_PEOPLE],
    "note": [{"field": "comment_is_public", "operator": "is", "value": "false"}, _BY_PEOPLE],
    "assigned": [{"field": "assignee_id", "operator": "changed", "value": None}],
    "solved": [{"field": "status", "operator": "value", "value": "solved"}],
    "reopened": [{"field": "status", "operator": "value_previous", "value": "solved"}],
}
_ANY: Final = [{"field": "update_type", "operator": "is", "value": each} for each in ("Create", "Change")]


async def set_up(
    environ: Mapping[str, str], public_url: str, http: httpx.AsyncClient, *, by_triggers: bool
) -> AsyncIterator[str]:
    """Make what is missing and correct what differs; a line for each thing. Nothing is made twice.

    Raises `Misconfigured` or a `DeliveryError`, which say what to do.
    """
    values = {setting.name: environ.get(setting.name, "").strip() for setting in SETTINGS}
    url = address("ZENDESK_API_URL", values["ZENDESK_API_URL"])
    endpoint = f"{address('PUBLIC_URL', public_url)}/webhooks/zendesk"
    if not endpoint.startswith("https://") and url.startswith("https://"):
        raise Misconfigured("PUBLIC_URL must begin with https://, or Zendesk does not call it")
    credentials = shown(values, url)
    if isinstance(credentials, Renewed):
        raise Misconfigured(
            "this command would spend the refresh token, which is the gateway's; run it with ZENDESK_EMAIL "
            "and ZENDESK_API_TOKEN, or with ZENDESK_OAUTH_TOKEN, and without ZENDESK_OAUTH_REFRESH_TOKEN"
        )
    admin = _Admin(Client(url, credentials), http)
    me = child(await admin.client.read("/users/me.json", http), "user")
    if word(me, "role") != "admin":
        raise Misconfigured(
            "webhooks and triggers need the credentials of an administrator, for this command"
        )
    yield f"ZENDESK_BOT_USER_ID={name_of(me, 'id')}  if {word(me, 'name')} is the bot's own user"
    async for line in admin.webhook(endpoint, by_triggers=by_triggers):
        yield line
    secret = child(
        await admin.client.read(f"/webhooks/{admin.id}/signing_secret.json", http), "signing_secret"
    )
    known = values["ZENDESK_WEBHOOK_SECRET"].split(",")
    if word(secret, "secret") in known:
        yield "ZENDESK_WEBHOOK_SECRET is set to the webhook's secret"
    else:
        yield f"ZENDESK_WEBHOOK_SECRET={word(secret, 'secret')}"
    if by_triggers:
        async for line in admin.triggers():
            yield line
    for group in children(await admin.client.read("/groups.json", http), "groups"):
        yield f"ZENDESK_HANDOFF_GROUP_ID={name_of(group, 'id')}  for the group {word(group, 'name')}"


class _Admin:
    """The admin side, as the credentials let us in."""

    def __init__(self, client: Client, http: httpx.AsyncClient) -> None:
        self.client = client
        self._http = http
        self.id = ""

    async def webhook(self, endpoint: str, *, by_triggers: bool) -> AsyncIterator[str]:
        """Find or make the webhook. Its kind cannot be changed later, so another kind is for a person."""
        wanted = [_TRIGGERS_ONLY] if by_triggers else list(SUBSCRIPTIONS)
        found = await self.client.read("/webhooks.json", self._http)
        ours = next((each for each in children(found, "webhooks") if each.get("endpoint") == endpoint), None)
        if ours is not None:
            self.id = name_of(ours, "id")
            if set(ours.get("subscriptions") or ()) != set(wanted):
                raise Misconfigured(
                    f"there is a webhook to {endpoint} with other subscriptions (id {self.id}); delete it in "
                    "Admin Center, or choose its kind, with or without --by-triggers"
                )
            yield f"the webhook is there: {self.id}"
            return
        made = {
            "name": _NAME,
            "endpoint": endpoint,
            "http_method": "POST",
            "request_format": "json",
            "status": "active",
            "subscriptions": wanted,
        }
        self.id = name_of(
            child(await self._change("POST", "/webhooks.json", {"webhook": made}), "webhook"), "id"
        )
        yield f"made the webhook: {self.id}"

    async def triggers(self) -> AsyncIterator[str]:
        """Make our triggers, and correct those that differ; others are left alone."""
        found = children(
            await self.client.read("/triggers.json", self._http, {"page[size]": "100"}), "triggers"
        )
        known = {word(each, "title"): each for each in found}
        for name in EVENTS:
            title = f"{_NAME}: {name}"
            wanted = {
                "title": title,
                "active": True,
                "conditions": {"all": _CONDITIONS[name], "any": _ANY},
                "actions": [{"field": "notification_webhook", "value": [self.id, body(name)]}],
            }
            ours = known.get(title)
            if ours is None:
                await self._change("POST", "/triggers.json", {"trigger": wanted})
                yield f"made the trigger: {title}"
            elif any(ours.get(part) != value for part, value in wanted.items()):
                await self._change("PUT", f"/triggers/{name_of(ours, 'id')}.json", {"trigger": wanted})
                yield f"corrected the trigger: {title}"
            else:
                yield f"the trigger is there: {title}"

    async def _change(self, method: str, path: str, made: Object) -> Object:
        answer = await self.client.change(method, path, self._http, json=made)
        if not answer.is_success:
            raise refusal(answer)
        return answered(answer)
