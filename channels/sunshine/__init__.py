"""Zendesk messaging channel (Sunshine Conversations v2): conversations of one app, shared with agents."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import httpx

from channels._kit.base import BaseChannel
from channels._kit.outbound import download_with_auth, extract_host, load_for_upload
from channels._kit.settings import Setting, parse_base_url, parse_secrets, read_settings
from channels._kit.time_zones import find_number_zone
from channels.sunshine.api import SunshineClient
from channels.sunshine.capabilities import CAPABILITIES, NAME, VERIFICATION
from channels.sunshine.contact_numbers import SETTING as INTEGRATIONS_SETTING
from channels.sunshine.contact_numbers import is_number, parse_integrations
from channels.sunshine.notifications import NotificationClient
from channels.sunshine.rendering import render_parts
from channels.sunshine.switchboard import Switchboard
from channels.sunshine.webhook import Verifier, parse
from core.errors import ConfigurationError
from core.model import Address, Attachment, Event, Message, MessagePart, Reply, SentMessage, Turn
from core.ports import HttpFetcher, NewConversation, SessionStore, Webhook

__all__ = ["SETTINGS", "VERIFICATION", "SunshineChannel", "create_channel"]

SETTINGS: Final = (
    Setting("SUNSHINE_APP_ID", "ID of the app that owns the conversations", required=True),
    Setting("SUNSHINE_KEY_ID", "ID of an API key: app_… or int_…", required=True),
    Setting("SUNSHINE_KEY_SECRET", "secret of the API key", required=True, secret=True),
    Setting(
        "SUNSHINE_WEBHOOK_SECRET",
        "secret of the integration's webhook; comma-separated during rotation",
        required=True,
        secret=True,
    ),
    Setting(
        "SUNSHINE_API_URL",
        "base URL of the API: https://example.zendesk.com/sc, or https://api.smooch.io",
        required=True,
    ),
    Setting(
        "SUNSHINE_INTEGRATION_ID", "ID of the bot's integration; if unset, any custom integration is accepted"
    ),
    Setting(
        "SUNSHINE_HANDOFF_TO",
        "switchboard integration that gets control at a hand-off",
        default="zd-agentWorkspace",
    ),
    Setting(
        INTEGRATIONS_SETTING,
        "integrations through which the business writes to phone numbers first: `type:ID`, comma-separated; "
        "the types are whatsapp, twilio and messagebird",
    ),
)


class SunshineChannel(BaseChannel):
    """Channel of one app."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(
        self,
        *,
        verifier: Verifier,
        switchboard: Switchboard,
        api: SunshineClient,
        notifications: NotificationClient,
        files_url: str,
        key: tuple[str, str],
    ) -> None:
        super().__init__(verifier)
        self._switchboard = switchboard
        self._api = api
        self._notifications = notifications
        self._fetch: HttpFetcher | None = None
        self._files_url = files_url
        self._key = key
        self.api_host = extract_host(files_url)

    def set_dependencies(self, *, credentials: SessionStore, fetch: HttpFetcher) -> None:
        """Set the client that downloads files which Zendesk cannot fetch itself."""
        self._fetch = fetch

    def parse(self, webhook: Webhook) -> list[Event]:
        """Return every event of a verified request. Raises `MalformedWebhook`."""
        return parse(webhook, self._notifications.numbers, self._switchboard)

    def render(self, message: Message, address: Address) -> list[MessagePart]:
        """Split a message by the limits, with quick replies or links where they fit."""
        return render_parts(message, address)

    def start_conversation(self, to: str, sender: str = "") -> NewConversation:
        """Return the conversation with a number; `sender` is an integration. Raises `InvalidContact`."""
        return self._notifications.numbers.start_conversation(to, sender)

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Post one message, or pass control. Raises `Rejected`, `Unavailable` or `Unknown`.

        A file that Zendesk cannot fetch from a public https URL is uploaded first.
        """
        if is_number(reply.address):
            return await self._notifications.send(reply, http)
        if self._fetch is not None and reply.media and not reply.media[0].url.startswith("https://"):
            body = await load_for_upload(reply.media[0], self._fetch)
            medium = await self._api.upload(reply.address.theirs, body, reply.media[0], http)
            reply = reply.model_copy(update={"media": (medium,)})
        return await self._api.send(reply, http)

    async def show_typing(self, address: Address, turn_id: str, http: httpx.AsyncClient) -> None:
        """Show typing. Raises a `DeliveryError`."""
        await self._api.show_typing(address.theirs, http)

    async def download(self, medium: Attachment, fetch: HttpFetcher) -> bytes:
        """Return a file's bytes, with the app's key where attachments are private.

        Raises `MediaUnavailable`.
        """
        return await download_with_auth(fetch, medium.url, self._files_url, self._key)

    async def find_time_zone(self, turn: Turn, http: httpx.AsyncClient) -> str:
        """Return the IANA name of the zone of the contact's number; empty if it may be one of several."""
        return find_number_zone(turn.details.get("phone", "").removeprefix("+"))

    def can_look_up(self, address: Address) -> bool:
        """Return whether the address is a conversation; messages to a number cannot be looked up."""
        return not is_number(address)

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Look for the reply's key in the newest hundred messages, or check who holds control."""
        return await self._api.find_sent(reply, http)


def create_channel(environ: Mapping[str, str], public_url: str) -> SunshineChannel | None:
    """Build the channel from its settings; `None` if none is set. Raises `ConfigurationError`."""
    values = read_settings(SETTINGS, environ, NAME)
    if values is None:
        return None
    app = values["SUNSHINE_APP_ID"]
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", app):
        raise ConfigurationError("SUNSHINE_APP_ID must be letters and digits, as shown in Admin Center")
    switchboard = Switchboard(values["SUNSHINE_INTEGRATION_ID"])
    url = parse_base_url("SUNSHINE_API_URL", values["SUNSHINE_API_URL"])
    if url.endswith(".zendesk.com"):
        raise ConfigurationError("SUNSHINE_API_URL must end with /sc, as https://example.zendesk.com/sc does")
    key = (values["SUNSHINE_KEY_ID"], values["SUNSHINE_KEY_SECRET"])
    return SunshineChannel(
        verifier=Verifier(parse_secrets("SUNSHINE_WEBHOOK_SECRET", values["SUNSHINE_WEBHOOK_SECRET"])),
        switchboard=switchboard,
        api=SunshineClient(
            url=url,
            app=app,
            key=key,
            desk=values["SUNSHINE_HANDOFF_TO"],
            switchboard=switchboard,
        ),
        notifications=NotificationClient(url, parse_integrations(app, values[INTEGRATIONS_SETTING]), key),
        files_url=urlsplit(url)._replace(path="").geturl(),
        key=key,
    )
