"""WhatsApp channel: all numbers of one app at Meta's Cloud API."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import httpx

from channels._kit.base import BaseChannel
from channels._kit.settings import Setting, parse_base_url, parse_secrets, read_settings
from channels.whatsapp.api import WhatsAppClient
from channels.whatsapp.capabilities import CAPABILITIES, NAME, VERIFICATION
from channels.whatsapp.identities import build_conversation
from channels.whatsapp.media import MediaClient
from channels.whatsapp.message_content import MessageParser
from channels.whatsapp.rendering import VOICE_NOTE, render_parts
from channels.whatsapp.template_client import TemplateClient
from channels.whatsapp.webhook import Verifier, get_challenge, parse
from core.errors import ConfigurationError
from core.model import (
    Address,
    Attachment,
    Event,
    Message,
    MessagePart,
    MessageTemplate,
    Reply,
    SentMessage,
    Template,
    TemplateProblem,
    find_status_problem,
    find_variable_problem,
)
from core.ports import FilePublisher, HttpFetcher, NewConversation, SessionStore, Webhook, WebhookResponse

__all__ = ["SETTINGS", "VERIFICATION", "WhatsAppChannel", "create_channel"]

_BUSINESS_ACCOUNT_SETTING: Final = "WHATSAPP_BUSINESS_ACCOUNT_ID"

SETTINGS: Final = (
    Setting(
        "WHATSAPP_APP_SECRET",
        "app secret, which signs webhooks; comma-separated during rotation",
        required=True,
        secret=True,
    ),
    Setting(
        "WHATSAPP_VERIFY_TOKEN",
        "webhook verify token: any secret string, entered in Meta's dashboard too",
        required=True,
        secret=True,
    ),
    Setting(
        "WHATSAPP_ACCESS_TOKEN",
        "access token of a system user with the permission whatsapp_business_messaging",
        required=True,
        secret=True,
    ),
    Setting(
        "WHATSAPP_PHONE_NUMBER_IDS",
        "IDs of this account's phone numbers, comma-separated; webhooks of others are ignored; if unset, "
        "all are accepted. Required where several accounts share one app",
    ),
    Setting(
        _BUSINESS_ACCOUNT_SETTING,
        "ID of the WhatsApp Business account, whose message templates are listed; the access token needs the "
        "permission whatsapp_business_management for that",
    ),
    Setting("WHATSAPP_API_URL", "base URL of the Graph API", default="https://graph.facebook.com"),
    Setting("WHATSAPP_API_VERSION", "version of the Graph API", default="v26.0"),
)


class WhatsAppChannel(BaseChannel):
    """Channel of one Meta app, for all of its numbers."""

    name = NAME
    capabilities = CAPABILITIES

    ids_setting = "WHATSAPP_PHONE_NUMBER_IDS"

    def __init__(
        self,
        *,
        secrets: Sequence[str],
        tokens: Sequence[str],
        numbers: frozenset[str],
        api: WhatsAppClient,
        media: MediaClient,
        templates: TemplateClient | None = None,
    ) -> None:
        super().__init__(Verifier(secrets=secrets, tokens=tokens))
        self.app_secrets, self.owned_ids = frozenset(secrets), numbers
        self._api = api
        self._media = media
        self._templates = templates
        self._fetch: HttpFetcher | None = None
        self._files: FilePublisher | None = None
        self.api_host, self.media_url = media.host, api.media_url
        self._parser = MessageParser(api.media_url)

    def set_dependencies(self, *, credentials: SessionStore, fetch: HttpFetcher) -> None:
        """Set the client that downloads files which Meta cannot fetch itself."""
        self._fetch = fetch

    def set_publisher(self, files: FilePublisher) -> None:
        """Set the publisher, which holds the files of agents that are uploaded to Meta."""
        self._files = files

    def parse(self, webhook: Webhook) -> list[Event]:
        """Return every event of a verified batch."""
        account = self._templates.business_account if self._templates else ""
        return parse(webhook, self._parser, self.owned_ids, account)

    def answer(self, webhook: Webhook, events: Sequence[Event]) -> WebhookResponse:
        """Return 200, with the challenge if the request is the handshake."""
        return WebhookResponse(body=get_challenge(webhook) if webhook.method == "GET" else b"")

    def render(self, message: Message, address: Address) -> list[MessagePart]:
        """Split a message by WhatsApp's limits, with buttons or a list where they fit."""
        return render_parts(message)

    @property
    def templates_setting(self) -> str:
        """Setting that is missing for the list of templates; empty if none is."""
        return "" if self._templates else _BUSINESS_ACCOUNT_SETTING

    async def list_templates(self, http: httpx.AsyncClient) -> list[MessageTemplate]:
        """Return all templates of the business account. Raises a `DeliveryError`, or `ConfigurationError`."""
        if self._templates is None:
            raise ConfigurationError(
                f"{_BUSINESS_ACCOUNT_SETTING} is not set; message templates are listed by it"
            )
        return await self._templates.list_all(http)

    def check_template(
        self, definition: MessageTemplate, template: Template, address: Address
    ) -> TemplateProblem | None:
        """Return why Meta would refuse this use of a template; `None` if it would take it."""
        return find_status_problem(definition) or find_variable_problem(definition, template.values)

    def start_conversation(self, to: str, sender: str = "") -> NewConversation:
        """Return the conversation with a phone number or business-scoped user ID."""
        return build_conversation(to, sender, sorted(self.owned_ids))

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Send one part. Raises `Rejected`, `Unavailable` or `Unknown`."""
        if self._fetch is not None and reply.media:
            body = await self._files.load(reply.media[0].url) if self._files else None
            body = body or await self._media.load_for_upload(reply.media[0], self._fetch)
            if body is not None:
                medium = await self._api.upload(reply.address.ours, body, reply.media[0], http)
                reply = reply.model_copy(update={"media": (medium,)})
        return await self._api.send(reply, http)

    def takes_voice_notes(self, address: Address) -> bool:
        """Return True: every WhatsApp contact can play them."""
        return True

    async def upload_voice_note(
        self, address: Address, body: bytes, http: httpx.AsyncClient, *, session: str = ""
    ) -> Attachment:
        """Upload a recording that is sent as a voice note. Raises `Rejected` or `Unavailable`."""
        return await self._api.upload(address.ours, body, VOICE_NOTE, http)

    async def show_typing(self, address: Address, turn_id: str, http: httpx.AsyncClient) -> None:
        """Mark a turn as read and show typing. Raises a `DeliveryError`."""
        await self._api.show_typing(address.ours, turn_id, http)

    async def download(self, medium: Attachment, fetch: HttpFetcher) -> bytes:
        """Return the bytes of a file that a contact sent. Raises `MediaUnavailable`."""
        return await self._media.download(medium, fetch)


def create_channel(environ: Mapping[str, str], public_url: str) -> WhatsAppChannel | None:
    """Build the channel from its settings; `None` if none is set. Raises `ConfigurationError`."""
    values = read_settings(SETTINGS, environ, NAME)
    if values is None:
        return None
    version = values["WHATSAPP_API_VERSION"]
    if not re.fullmatch(r"v\d{1,3}\.\d{1,2}", version):
        raise ConfigurationError("WHATSAPP_API_VERSION must be a version of the Graph API, such as v26.0")
    tokens = parse_secrets("WHATSAPP_ACCESS_TOKEN", values["WHATSAPP_ACCESS_TOKEN"])
    url = parse_base_url("WHATSAPP_API_URL", values["WHATSAPP_API_URL"])
    api = WhatsAppClient(token=tokens[0], url=url, version=version)
    return WhatsAppChannel(
        secrets=parse_secrets("WHATSAPP_APP_SECRET", values["WHATSAPP_APP_SECRET"]),
        tokens=parse_secrets("WHATSAPP_VERIFY_TOKEN", values["WHATSAPP_VERIFY_TOKEN"]),
        numbers=_parse_numbers(values["WHATSAPP_PHONE_NUMBER_IDS"]),
        api=api,
        templates=_create_template_client(values[_BUSINESS_ACCOUNT_SETTING], tokens[0], api.media_url),
        media=MediaClient(token=tokens[0], base=api.media_url),
    )


def _create_template_client(business_account: str, token: str, base: str) -> TemplateClient | None:
    if not business_account:
        return None
    if not re.fullmatch(r"[0-9]{1,64}", business_account):
        raise ConfigurationError(
            f"{_BUSINESS_ACCOUNT_SETTING} must be a numeric ID, which the WhatsApp Manager shows"
        )
    return TemplateClient(token=token, base=base, business_account=business_account)


def _parse_numbers(value: str) -> frozenset[str]:
    numbers = frozenset(item.strip() for item in value.split(",") if item.strip())
    if not all(re.fullmatch(r"[0-9]{1,64}", number) for number in numbers):
        raise ConfigurationError(
            "WHATSAPP_PHONE_NUMBER_IDS must be numeric IDs, which the app shows under API Setup, and not the "
            "phone numbers"
        )
    return numbers
