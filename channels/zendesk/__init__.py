"""Zendesk Support: the tickets of one account, shared with its agents."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import httpx

from channels._kit.base import BaseChannel
from channels._kit.oauth import Fixed, Renewed
from channels._kit.outbound.http import Bearer
from channels._kit.outbound.media import got_from, host_of
from channels._kit.rendering.message_parts import listed
from channels._kit.rendering.text_splitter import split
from channels._kit.settings import Setting, address, read, secrets
from channels.zendesk.api import Api
from channels.zendesk.capabilities import CAPABILITIES, NAME, STATUSES, VERIFICATION
from channels.zendesk.client import Client
from channels.zendesk.event_factory import Desk
from channels.zendesk.webhook import Verifier, parse
from core.errors import Misconfigured
from core.model.event import Event
from core.model.message import Message, Part, Reply, SentMessage
from core.model.turn import Address, Attachment, Turn
from core.ports.channel import Webhook
from core.ports.http_fetch import Fetch
from core.ports.session_store import SessionStore

__all__ = ["SETTINGS", "VERIFICATION", "ZendeskChannel", "connect"]

SETTINGS: Final = (
    Setting("ZENDESK_API_URL", "The account: https://example.zendesk.com", required=True),
    Setting(
        "ZENDESK_WEBHOOK_SECRET",
        "The webhook's signing secret; while it is rotated a comma-separated list",
        required=True,
        secret=True,
    ),
    Setting("ZENDESK_BOT_USER_ID", "The number of the user that the bot is", required=True),
    Setting("ZENDESK_EMAIL", "That user's e-mail address, for an API token"),
    Setting("ZENDESK_API_TOKEN", "An API token", secret=True),
    Setting("ZENDESK_OAUTH_TOKEN", "Instead: an OAuth access token that does not expire", secret=True),
    Setting("ZENDESK_OAUTH_CLIENT_ID", "Instead, for tokens that expire: the OAuth client's identifier"),
    Setting("ZENDESK_OAUTH_CLIENT_SECRET", "Its secret", secret=True),
    Setting("ZENDESK_OAUTH_REFRESH_TOKEN", "The first refresh token; later ones are kept", secret=True),
    Setting("ZENDESK_HANDOFF_GROUP_ID", "The group that gets a ticket at a hand-off"),
    Setting("ZENDESK_ANSWERED_STATUS", "A ticket's status after an answer", default="pending"),
)


class ZendeskChannel(BaseChannel):
    """The channel of one account."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(
        self, *, url: str, desk: Desk, verifier: Verifier, api: Api, credentials: Fixed | Renewed
    ) -> None:
        super().__init__(verifier)
        self._desk = desk
        self._api = api
        self._credentials = credentials
        self._url = url
        self.api_host = host_of(url)

    def equip(self, *, credentials: SessionStore, fetch: Fetch) -> None:
        """Keep renewed tokens in the store, and get files to upload by `fetch`."""
        if isinstance(self._credentials, Renewed):
            self._credentials.keep_in(credentials)
        self._api.fetch = fetch

    def parse(self, webhook: Webhook) -> list[Event]:
        """The event of a verified webhook of either kind. Raises `MalformedWebhook`."""
        return parse(webhook, self._desk)

    def render(self, message: Message, address: Address) -> list[Part]:
        """One comment, still in CommonMark, with choices as numbers; more only beyond the limits."""
        text = listed(message.text, message.choices)
        bodies = split(text, CAPABILITIES.text_length) or [""]
        most = CAPABILITIES.media
        groups = [message.media[at : at + most] for at in range(0, len(message.media), most)] or [()]
        first = [Part(body=body) for body in bodies[:-1]]
        rest = [Part(body="", media=media) for media in groups[1:]]
        last = Part(body=bodies[-1], media=groups[0])
        return [part for part in (*first, last, *rest) if part.body or part.media]

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Update the ticket once. Raises `Rejected`, `Unavailable` or `Unknown`."""
        return await self._api.send(reply, http)

    async def download(self, medium: Attachment, fetch: Fetch) -> bytes:
        """The bytes of a file; where attachments are private, our credentials open them. Raises `NoFile`."""
        return await got_from(fetch, medium.url, self._url, await self._credentials.known())

    async def complete(self, turn: Turn, http: httpx.AsyncClient) -> Turn:
        """Ask for the files of a comment, which Zendesk's own events leave out. Raises a `DeliveryError`."""
        return await self._api.complete(turn, http)

    async def continued(self, turn: Turn, http: httpx.AsyncClient) -> str:
        """The session of the closed ticket that the turn's ticket follows; empty for any other ticket."""
        ticket = self._desk.ticket(await self._api.continued(turn, http))
        return ticket.session if ticket else ""

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Look for our key, or else our text, in the newest hundred comments."""
        return await self._api.find_sent(reply, http, since=since, known=known)


def connect(environ: Mapping[str, str], public_url: str) -> ZendeskChannel | None:
    """Build the channel from its settings; `None` when none is set, `Misconfigured` when one is wrong."""
    values = read(SETTINGS, environ, NAME)
    if values is None:
        return None
    for name in ("ZENDESK_BOT_USER_ID", "ZENDESK_HANDOFF_GROUP_ID"):
        if not re.fullmatch(r"(?:[1-9]\d{0,18})?", values[name], re.ASCII):
            raise Misconfigured(f"{name} must be a number, as the address of its page in Admin Center ends")
    if values["ZENDESK_ANSWERED_STATUS"] not in STATUSES:
        raise Misconfigured(f"ZENDESK_ANSWERED_STATUS must be one of {', '.join(STATUSES)}")
    url = address("ZENDESK_API_URL", values["ZENDESK_API_URL"])
    account = (urlsplit(url).hostname or "").removesuffix(".zendesk.com")
    desk = Desk(account=account, bot=values["ZENDESK_BOT_USER_ID"])
    credentials = shown(values, url)
    return ZendeskChannel(
        url=url,
        desk=desk,
        verifier=Verifier(secrets("ZENDESK_WEBHOOK_SECRET", values["ZENDESK_WEBHOOK_SECRET"])),
        api=Api(
            Client(url, credentials),
            desk,
            group=values["ZENDESK_HANDOFF_GROUP_ID"],
            status=values["ZENDESK_ANSWERED_STATUS"],
        ),
        credentials=credentials,
    )


def shown(values: Mapping[str, str], url: str) -> Fixed | Renewed:
    """The one way of three that is set. Raises `Misconfigured` for none, two or a half."""
    ways = (
        ("ZENDESK_EMAIL", "ZENDESK_API_TOKEN"),
        ("ZENDESK_OAUTH_TOKEN",),
        ("ZENDESK_OAUTH_CLIENT_ID", "ZENDESK_OAUTH_CLIENT_SECRET", "ZENDESK_OAUTH_REFRESH_TOKEN"),
    )
    begun = [way for way in ways if any(values[name] for name in way)]
    if len(begun) != 1:
        raise Misconfigured(f"set one of: {'; '.join(' and '.join(way) for way in ways)}")
    [way] = begun
    for name in way:
        if not values[name]:
            raise Misconfigured(f"{name} is not set, but {' and '.join(n for n in way if values[n])} is")
    if way == ways[0]:
        return Fixed(
            (f"{values['ZENDESK_EMAIL']}/token", values["ZENDESK_API_TOKEN"]),
            "ZENDESK_EMAIL and ZENDESK_API_TOKEN",
        )
    if way == ways[1]:
        return Fixed(Bearer(values["ZENDESK_OAUTH_TOKEN"]), "ZENDESK_OAUTH_TOKEN")
    return Renewed(
        NAME,
        url=f"{url}/oauth/tokens",
        hint="ZENDESK_OAUTH_REFRESH_TOKEN",
        client_id=values["ZENDESK_OAUTH_CLIENT_ID"],
        client_secret=values["ZENDESK_OAUTH_CLIENT_SECRET"],
        refresh_token=values["ZENDESK_OAUTH_REFRESH_TOKEN"],
    )
