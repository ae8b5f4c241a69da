"""Zendesk messaging (Sunshine Conversations v2): the conversations of one app, shared with its agents."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import httpx

from channels._kit.base import BaseChannel
from channels._kit.outbound.media import got_from, host_of, to_send
from channels._kit.settings import Setting, address, read, secrets
from channels.sunshine.api import Api, parts
from channels.sunshine.capabilities import CAPABILITIES, NAME, VERIFICATION
from channels.sunshine.switchboard import Switchboard
from channels.sunshine.webhook import Verifier, parse
from core.errors import Misconfigured
from core.model.event import Event
from core.model.message import Message, Part, Reply, SentMessage
from core.model.turn import Address, Attachment
from core.ports.channel import Webhook
from core.ports.http_fetch import Fetch
from core.ports.session_store import SessionStore

__all__ = ["SETTINGS", "VERIFICATION", "SunshineChannel", "connect"]

SETTINGS: Final = (
    Setting("SUNSHINE_APP_ID", "The app of the conversations", required=True),
    Setting("SUNSHINE_KEY_ID", "The id of an API key: app_… or int_…", required=True),
    Setting("SUNSHINE_KEY_SECRET", "Its secret", required=True, secret=True),
    Setting(
        "SUNSHINE_WEBHOOK_SECRET",
        "The secret of the integration's webhook; while it is rotated a comma-separated list",
        required=True,
        secret=True,
    ),
    Setting(
        "SUNSHINE_API_URL",
        "Where the API is: https://example.zendesk.com/sc, or https://api.smooch.io",
        required=True,
    ),
    Setting("SUNSHINE_INTEGRATION_ID", "Our integration; without it every custom one counts as ours"),
    Setting("SUNSHINE_HANDOFF_TO", "Who gets control at a hand-off", default="zd-agentWorkspace"),
)


class SunshineChannel(BaseChannel):
    """The channel of one app."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(
        self,
        *,
        app: str,
        verifier: Verifier,
        switchboard: Switchboard,
        api: Api,
        files_at: str,
        key: tuple[str, str],
    ) -> None:
        super().__init__(verifier)
        self._app = app
        self._switchboard = switchboard
        self._api = api
        self._fetch: Fetch | None = None
        self._files_at = files_at
        self._key = key
        self.api_host = host_of(files_at)

    def equip(self, *, credentials: SessionStore, fetch: Fetch) -> None:
        """Take what gets the files that Zendesk cannot get itself."""
        self._fetch = fetch

    def parse(self, webhook: Webhook) -> list[Event]:
        """Every event of a verified POST. Raises `MalformedWebhook`."""
        return parse(webhook, self._app, self._switchboard)

    def render(self, message: Message, address: Address) -> list[Part]:
        """Cut a message to the limits, with quick replies or links where they fit."""
        return parts(message)

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Post one message, or pass control. Raises `Rejected`, `Unavailable` or `Unknown`.

        A file that Zendesk cannot get from a public https address is uploaded first.
        """
        if self._fetch is not None and reply.media and not reply.media[0].url.startswith("https://"):
            body = await to_send(reply.media[0], self._fetch)
            medium = await self._api.upload(reply.address.theirs, body, reply.media[0], http)
            reply = reply.model_copy(update={"media": (medium,)})
        return await self._api.send(reply, http)

    async def attend(self, address: Address, turn_id: str, http: httpx.AsyncClient) -> None:
        """Show typing. Raises a `DeliveryError`."""
        await self._api.attend(address.theirs, http)

    async def download(self, medium: Attachment, fetch: Fetch) -> bytes:
        """The bytes of a file; where attachments are private, our key opens them. Raises `NoFile`."""
        return await got_from(fetch, medium.url, self._files_at, self._key)

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Look for our key in the newest hundred messages, or at who holds control."""
        return await self._api.find_sent(reply, http)


def connect(environ: Mapping[str, str], public_url: str) -> SunshineChannel | None:
    """Build the channel from its settings; `None` when none is set, `Misconfigured` when one is wrong."""
    values = read(SETTINGS, environ, NAME)
    if values is None:
        return None
    app = values["SUNSHINE_APP_ID"]
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", app):
        raise Misconfigured("SUNSHINE_APP_ID must be letters and digits, as Admin Center shows it")
    switchboard = Switchboard(values["SUNSHINE_INTEGRATION_ID"])
    url = address("SUNSHINE_API_URL", values["SUNSHINE_API_URL"])
    key = (values["SUNSHINE_KEY_ID"], values["SUNSHINE_KEY_SECRET"])
    return SunshineChannel(
        app=app,
        verifier=Verifier(secrets("SUNSHINE_WEBHOOK_SECRET", values["SUNSHINE_WEBHOOK_SECRET"])),
        switchboard=switchboard,
        api=Api(
            url=url,
            app=app,
            key=key,
            desk=values["SUNSHINE_HANDOFF_TO"],
            switchboard=switchboard,
        ),
        files_at=urlsplit(url)._replace(path="").geturl(),
        key=key,
    )
