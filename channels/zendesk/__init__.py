"""Zendesk Support channel: the tickets of one account, shared with its agents."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import httpx

from channels._kit.base import BaseChannel
from channels._kit.oauth import RefreshingCredentials, StaticCredentials
from channels._kit.outbound import BearerAuth, download_with_auth, extract_host
from channels._kit.rendering import append_numbered_list, escape_markdown, split_text
from channels._kit.settings import Setting, parse_base_url, parse_secrets, read_settings
from channels.zendesk.api import ZendeskClient
from channels.zendesk.capabilities import CAPABILITIES, EXAMPLE_URL, NAME, STATUSES, VERIFICATION
from channels.zendesk.client import ApiClient
from channels.zendesk.event_factory import Account
from channels.zendesk.webhook import Verifier, parse
from core.errors import ConfigurationError, InvalidContact
from core.model import Address, Attachment, Event, Message, MessagePart, Reply, SentMessage, Turn
from core.ports import HttpFetcher, NewConversation, SessionStore, Webhook

__all__ = ["SETTINGS", "VERIFICATION", "ZendeskChannel", "create_channel"]

SETTINGS: Final = (
    Setting("ZENDESK_API_URL", "base URL of the account: https://example.zendesk.com", required=True),
    Setting(
        "ZENDESK_WEBHOOK_SECRET",
        "signing secret of the webhook; comma-separated during rotation",
        required=True,
        secret=True,
    ),
    Setting("ZENDESK_BOT_USER_ID", "user ID of the bot's agent account", required=True),
    Setting("ZENDESK_EMAIL", "e-mail address of the bot's agent account, used with ZENDESK_API_TOKEN"),
    Setting("ZENDESK_API_TOKEN", "API token", secret=True),
    Setting("ZENDESK_OAUTH_TOKEN", "alternative: OAuth access token that does not expire", secret=True),
    Setting("ZENDESK_OAUTH_CLIENT_ID", "alternative, for tokens that expire: identifier of the OAuth client"),
    Setting("ZENDESK_OAUTH_CLIENT_SECRET", "secret of the OAuth client", secret=True),
    Setting(
        "ZENDESK_OAUTH_REFRESH_TOKEN", "first refresh token; rotated tokens are stored in Redis", secret=True
    ),
    Setting("ZENDESK_HANDOFF_GROUP_ID", "ID of the group that a ticket is assigned to at a hand-off"),
    Setting("ZENDESK_ANSWERED_STATUS", "ticket status after the bot's reply", default="pending"),
)


class ZendeskChannel(BaseChannel):
    """Channel of one account."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(
        self,
        *,
        url: str,
        desk: Account,
        verifier: Verifier,
        api: ZendeskClient,
        credentials: StaticCredentials | RefreshingCredentials,
    ) -> None:
        super().__init__(verifier)
        self._account = desk
        self._api = api
        self._credentials = credentials
        self._url = url
        self.api_host = extract_host(url)

    def set_dependencies(self, *, credentials: SessionStore, fetch: HttpFetcher) -> None:
        """Set the store for refreshed tokens and the client that downloads files to upload."""
        if isinstance(self._credentials, RefreshingCredentials):
            self._credentials.set_store(credentials)
        self._api.fetch = fetch

    def parse(self, webhook: Webhook) -> list[Event]:
        """Return the event of a verified webhook of either kind. Raises `MalformedWebhook`."""
        return parse(webhook, self._account)

    def render(self, message: Message, address: Address) -> list[MessagePart]:
        """Render one comment, still CommonMark, with numbered choices; more only beyond the limits."""
        labels = [each.model_copy(update={"label": escape_markdown(each.label)}) for each in message.choices]
        text = append_numbered_list(message.text, labels)
        bodies = split_text(text, CAPABILITIES.text_length) or [""]
        files_per_part = CAPABILITIES.media
        groups = [
            message.media[at : at + files_per_part] for at in range(0, len(message.media), files_per_part)
        ] or [()]
        earlier = [MessagePart(body=body) for body in bodies[:-1]]
        further = [MessagePart(body="", media=media) for media in groups[1:]]
        last_text_part = MessagePart(body=bodies[-1], media=groups[0])
        return [part for part in (*earlier, last_text_part, *further) if part.body or part.media]

    def start_conversation(self, to: str, sender: str = "") -> NewConversation:
        """Return the conversation with an e-mail address or user ID; the first reply opens a ticket."""
        if sender:
            raise InvalidContact("tickets have no number to write from; leave `from` out")
        return self._account.start_conversation(to)

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Update the ticket once. Raises `Rejected`, `Unavailable` or `Unknown`."""
        return await self._api.send(reply, http)

    async def download(self, medium: Attachment, fetch: HttpFetcher) -> bytes:
        """Return a file's bytes, with credentials where attachments are private.

        Raises `MediaUnavailable`.
        """
        return await download_with_auth(
            fetch, medium.url, self._url, await self._credentials.get_cached_credentials()
        )

    async def enrich_turn(self, turn: Turn, http: httpx.AsyncClient) -> Turn:
        """Fetch a comment's files, which Zendesk's own events omit. Raises a `DeliveryError`."""
        return await self._api.enrich_turn(turn, http)

    async def find_previous_session(self, turn: Turn, http: httpx.AsyncClient) -> str:
        """Return the session of the closed ticket that the turn's ticket follows up; empty if none."""
        ticket = self._account.build_ticket(await self._api.find_followed_ticket(turn, http))
        return ticket.session if ticket else ""

    async def find_time_zone(self, turn: Turn, http: httpx.AsyncClient) -> str:
        """Return the time zone of the requester's profile."""
        return await self._api.find_time_zone(turn.details.get("user_id", ""), http)

    async def find_thread_names(self, reply: Reply, http: httpx.AsyncClient) -> tuple[str, ...]:
        """Return the name by which webhooks identify the ticket that a reply opens: its external ID."""
        return self._api.list_thread_names(reply)

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Look for the reply's key, or else its text, in the newest hundred comments."""
        return await self._api.find_sent(reply, http, since=since, known=known)


def create_channel(environ: Mapping[str, str], public_url: str) -> ZendeskChannel | None:
    """Build the channel from its settings; `None` if none is set. Raises `ConfigurationError`."""
    values = read_settings(SETTINGS, environ, NAME)
    if values is None:
        return None
    for name in ("ZENDESK_BOT_USER_ID", "ZENDESK_HANDOFF_GROUP_ID"):
        if not re.fullmatch(r"(?:[1-9]\d{0,18})?", values[name], re.ASCII):
            raise ConfigurationError(
                f"{name} must be a numeric ID, shown at the end of its URL in Admin Center"
            )
    if values["ZENDESK_ANSWERED_STATUS"] not in STATUSES:
        raise ConfigurationError(f"ZENDESK_ANSWERED_STATUS must be one of: {', '.join(STATUSES)}")
    url = parse_base_url("ZENDESK_API_URL", values["ZENDESK_API_URL"], EXAMPLE_URL)
    account = (urlsplit(url).hostname or "").removesuffix(".zendesk.com")
    desk = Account(account=account, bot=values["ZENDESK_BOT_USER_ID"])
    credentials = read_credentials(values, url)
    return ZendeskChannel(
        url=url,
        desk=desk,
        verifier=Verifier(parse_secrets("ZENDESK_WEBHOOK_SECRET", values["ZENDESK_WEBHOOK_SECRET"])),
        api=ZendeskClient(
            ApiClient(url, credentials),
            desk,
            group=values["ZENDESK_HANDOFF_GROUP_ID"],
            status=values["ZENDESK_ANSWERED_STATUS"],
        ),
        credentials=credentials,
    )


def read_credentials(values: Mapping[str, str], url: str) -> StaticCredentials | RefreshingCredentials:
    """Return the one of three credential kinds that is set.

    Raises `ConfigurationError` for none, two or a part.
    """
    kinds = (
        ("ZENDESK_EMAIL", "ZENDESK_API_TOKEN"),
        ("ZENDESK_OAUTH_TOKEN",),
        ("ZENDESK_OAUTH_CLIENT_ID", "ZENDESK_OAUTH_CLIENT_SECRET", "ZENDESK_OAUTH_REFRESH_TOKEN"),
    )
    started = [kind for kind in kinds if any(values[name] for name in kind)]
    if len(started) != 1:
        raise ConfigurationError(f"set one of: {'; '.join(' and '.join(kind) for kind in kinds)}")
    [kind] = started
    for name in kind:
        if not values[name]:
            raise ConfigurationError(
                f"{name} is not set, but {' and '.join(n for n in kind if values[n])} is"
            )
    if kind == kinds[0]:
        return StaticCredentials(
            (f"{values['ZENDESK_EMAIL']}/token", values["ZENDESK_API_TOKEN"]),
            "ZENDESK_EMAIL and ZENDESK_API_TOKEN",
        )
    if kind == kinds[1]:
        return StaticCredentials(BearerAuth(values["ZENDESK_OAUTH_TOKEN"]), "ZENDESK_OAUTH_TOKEN")
    return RefreshingCredentials(
        NAME,
        url=f"{url}/oauth/tokens",
        hint="ZENDESK_OAUTH_REFRESH_TOKEN",
        client_id=values["ZENDESK_OAUTH_CLIENT_ID"],
        client_secret=values["ZENDESK_OAUTH_CLIENT_SECRET"],
        refresh_token=values["ZENDESK_OAUTH_REFRESH_TOKEN"],
    )
