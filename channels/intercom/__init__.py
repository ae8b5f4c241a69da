"""Intercom channel: conversations of a workspace's Messenger and of other sources of its inbox."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, cast, get_args

import httpx

from channels._kit.base import BaseChannel
from channels._kit.inbound import get_identifier, parse_object
from channels._kit.settings import Setting, parse_base_url, parse_secrets, read_settings
from channels._kit.text import sanitize
from channels.intercom.api import IntercomClient
from channels.intercom.canvas_kit import Card
from channels.intercom.capabilities import CAPABILITIES, NAME, VERIFICATION
from channels.intercom.conversations.assignment import Workspace
from channels.intercom.conversations.html_body import BodyMode
from channels.intercom.first_messages import CONTACT_ID, build_conversation, is_new_contact
from channels.intercom.rendering import render_parts
from channels.intercom.webhook import Verifier, is_card_request, parse
from core.errors import ConfigurationError, InvalidContact, MalformedWebhook
from core.model import Address, Event, Message, MessagePart, Reply, SentMessage, Turn
from core.ports import NewConversation, Webhook, WebhookResponse

__all__ = ["SETTINGS", "VERIFICATION", "IntercomChannel", "create_channel"]

SETTINGS: Final = (
    Setting(
        "INTERCOM_CLIENT_SECRET",
        "client secret of the app, which signs webhooks; comma-separated during rotation",
        required=True,
        secret=True,
    ),
    Setting("INTERCOM_ACCESS_TOKEN", "access token of the workspace", required=True, secret=True),
    Setting(
        "INTERCOM_ADMIN_ID",
        "ID of the teammate that the bot writes as; must not be used by anyone else",
        required=True,
    ),
    Setting(
        "INTERCOM_WORKSPACE_ID",
        "ID of the workspace (`app_id` of its webhooks); webhooks of others are ignored; if unset, all "
        "are accepted, and accounts that share one app read their ID from the API",
    ),
    Setting(
        "INTERCOM_API_URL",
        "base URL of the API; https://api.eu.intercom.io or https://api.au.intercom.io for those regions",
        default="https://api.intercom.io",
    ),
    Setting(
        "INTERCOM_BODY_MODE",
        "format of message bodies in webhooks: html (API version up to 2.14), plain (from 2.15), or auto",
        default="auto",
    ),
    Setting("INTERCOM_HANDOFF_TEAM_ID", "ID of the team that a conversation is assigned to at a hand-off"),
    Setting(
        "INTERCOM_HANDOFF_ADMIN_ID",
        "ID of the teammate to assign to instead; if neither is set, the conversation is unassigned",
    ),
    Setting("INTERCOM_HANDOFF_TAG_ID", "ID of the tag that a conversation gets at a hand-off"),
    Setting("INTERCOM_CLOSE", "yes: close a conversation when its flow has ended", default="no"),
    Setting("INTERCOM_CARD_TITLE", "title of the card in the Messenger; if unset, a greeting"),
)


_NUMERIC_SETTINGS: Final = (
    "INTERCOM_ADMIN_ID",
    "INTERCOM_HANDOFF_TEAM_ID",
    "INTERCOM_HANDOFF_ADMIN_ID",
    "INTERCOM_HANDOFF_TAG_ID",
)


class IntercomChannel(BaseChannel):
    """Channel of one app in one workspace."""

    name = NAME
    capabilities = CAPABILITIES
    ids_setting = "INTERCOM_WORKSPACE_ID"

    def __init__(
        self, *, secrets: Sequence[str], workspace: Workspace, mode: BodyMode, api: IntercomClient, card: Card
    ) -> None:
        super().__init__(Verifier(secrets))
        self.app_secrets = frozenset(secrets)
        self.capabilities = CAPABILITIES.model_copy(update={"closes": workspace.closes})
        self._workspace = workspace
        self._mode = mode
        self._api = api
        self._card = card

    @property
    def owned_ids(self) -> frozenset[str]:
        """The workspace's ID; empty: not known."""
        return frozenset({self._workspace.id} - {""})

    async def learn_ids(self, http: httpx.AsyncClient) -> None:
        """Read the workspace's ID from the API. Raises a `DeliveryError`."""
        self._workspace.id = await self._api.fetch_workspace_id(http)

    def parse(self, webhook: Webhook) -> list[Event]:
        """Return the events of a verified notification. Raises `MalformedWebhook`."""
        return parse(webhook, self._workspace, self._mode)

    async def handle_interaction(self, webhook: Webhook, http: httpx.AsyncClient) -> WebhookResponse | None:
        """Answer a verified Canvas Kit request; `None` for any other."""
        if not is_card_request(webhook):
            return None
        request = parse_object(webhook.body)
        if request is None:
            raise MalformedWebhook("the body is not a JSON object")
        if not self._workspace.owns(get_identifier(request, "workspace_id", 60)):
            return None
        return await self._card.handle_request(request, http)

    def render(self, message: Message, address: Address) -> list[MessagePart]:
        """Split a message by the limits, with quick replies where they fit."""
        return render_parts(message)

    def start_conversation(self, to: str, sender: str = "") -> NewConversation:
        """Return the conversation with an e-mail address or contact ID."""
        if sender:
            raise InvalidContact("conversations have no number to write from; leave `from` out")
        return build_conversation(self._workspace, to)

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Post one comment, or hand off. Raises `Rejected`, `Unavailable` or `Unknown`."""
        return await self._api.send(reply, http)

    async def find_thread_names(self, reply: Reply, http: httpx.AsyncClient) -> tuple[str, ...]:
        """Return the names by which webhooks identify the conversation that a first message starts."""
        return await self._api.find_thread_names(reply, http)

    async def find_time_zone(self, turn: Turn, http: httpx.AsyncClient) -> str:
        """Return the IANA name of the zone in which the contact is. Raises a `DeliveryError`."""
        contact = turn.details.get("user_id", "")
        return await self._api.find_time_zone(contact, http) if CONTACT_ID.fullmatch(contact) else ""

    def can_look_up(self, address: Address) -> bool:
        """Return whether a conversation is known; messages without one cannot be read."""
        return not is_new_contact(address)

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Look for the reply's text in the conversation, or check its assignment."""
        return await self._api.find_sent(reply, http, since=since, known=known)


def create_channel(environ: Mapping[str, str], public_url: str) -> IntercomChannel | None:
    """Build the channel from its settings; `None` if none is set. Raises `ConfigurationError`."""
    values = read_settings(SETTINGS, environ, NAME)
    if values is None:
        return None
    for setting in _NUMERIC_SETTINGS:
        if not re.fullmatch(r"([1-9][0-9]{0,19})?", values[setting]):
            raise ConfigurationError(
                f"{setting} must be the numeric ID of a teammate, team or tag; "
                "GET /admins, /teams and /tags list them"
            )
    if values["INTERCOM_CLOSE"] not in ("yes", "no"):
        raise ConfigurationError("INTERCOM_CLOSE must be yes or no")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,60}", values["INTERCOM_WORKSPACE_ID"]):
        raise ConfigurationError(
            "INTERCOM_WORKSPACE_ID must be letters and digits; `turngate setup intercom` shows the token's"
        )
    team, teammate = values["INTERCOM_HANDOFF_TEAM_ID"], values["INTERCOM_HANDOFF_ADMIN_ID"]
    if team and teammate:
        raise ConfigurationError("set INTERCOM_HANDOFF_TEAM_ID or INTERCOM_HANDOFF_ADMIN_ID, not both")
    if teammate == values["INTERCOM_ADMIN_ID"]:
        raise ConfigurationError(
            "INTERCOM_HANDOFF_ADMIN_ID is the bot's own teammate; set the ID of another one"
        )
    mode = values["INTERCOM_BODY_MODE"]
    if mode not in get_args(BodyMode):
        raise ConfigurationError(f"INTERCOM_BODY_MODE must be one of: {', '.join(get_args(BodyMode))}")
    workspace = Workspace(
        admin=values["INTERCOM_ADMIN_ID"],
        team=team,
        teammate=teammate,
        tag=values["INTERCOM_HANDOFF_TAG_ID"],
        closes=values["INTERCOM_CLOSE"] == "yes",
        id=values["INTERCOM_WORKSPACE_ID"],
    )
    token, *_ = parse_secrets("INTERCOM_ACCESS_TOKEN", values["INTERCOM_ACCESS_TOKEN"])
    api = IntercomClient(
        url=parse_base_url("INTERCOM_API_URL", values["INTERCOM_API_URL"]), token=token, workspace=workspace
    )
    return IntercomChannel(
        secrets=parse_secrets("INTERCOM_CLIENT_SECRET", values["INTERCOM_CLIENT_SECRET"]),
        workspace=workspace,
        mode=cast("BodyMode", mode),
        api=api,
        card=Card(sanitize(values["INTERCOM_CARD_TITLE"], 100), api),
    )
