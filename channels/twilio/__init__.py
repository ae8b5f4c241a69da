"""Twilio channel: SMS, MMS and WhatsApp numbers of one account."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

import httpx
from twilio.twiml.messaging_response import MessagingResponse

from channels._kit.base import BaseChannel
from channels._kit.outbound import ErrorKind
from channels._kit.settings import Setting, parse_base_url, parse_secrets, read_settings
from channels.twilio.api import TwilioClient
from channels.twilio.capabilities import (
    CAPABILITIES,
    NAME,
    VERIFICATION,
    WEBHOOK_PATH,
    classify_error_code,
    is_whatsapp,
)
from channels.twilio.content import ContentCache, content_api_url
from channels.twilio.identities import build_conversation, parse_business_number
from channels.twilio.media import MediaClient
from channels.twilio.rendering import render_parts
from channels.twilio.templates import TemplateClient
from channels.twilio.webhook import Verifier, parse
from core.errors import ConfigurationError, InvalidContact, Rejected
from core.model import (
    Address,
    Attachment,
    Event,
    Message,
    MessagePart,
    MessageTemplate,
    Reply,
    SentMessage,
    StatusChanged,
    Template,
    TemplateProblem,
    find_status_problem,
    find_variable_problem,
)
from core.ports import FilePublisher, HttpFetcher, NewConversation, SessionStore, Webhook, WebhookResponse

__all__ = ["SETTINGS", "VERIFICATION", "ErrorKind", "TwilioChannel", "classify_error_code", "create_channel"]

SETTINGS: Final = (
    Setting(
        "TWILIO_ACCOUNT_SID", "SID of the account or subaccount that owns the numbers: AC…", required=True
    ),
    Setting(
        "TWILIO_AUTH_TOKEN",
        "auth token of the account; comma-separated during rotation: the first one sends, all verify",
        required=True,
        secret=True,
    ),
    Setting("TWILIO_API_URL", "base URL of the REST API", default="https://api.twilio.com"),
    Setting("TWILIO_MESSAGING_SERVICE_SID", "SID of a messaging service to send through: MG…"),
    Setting(
        "TWILIO_SHARED_KEYS",
        "shared keys that may sign webhooks: webhooks_sharedkey_…:secret, comma-separated",
        secret=True,
    ),
    Setting(
        "TWILIO_NUMBERS",
        "sender numbers for proactive messages that name none, comma-separated: "
        "`+15550100,whatsapp:+15550101`",
    ),
)

_SID_DIGITS: Final = "[0-9a-fA-F]{32}"
_SID_HINT: Final = "32 hexadecimal digits; copy it whole from the Twilio Console"

_VOICE_NOTE: Final = Attachment(url="", content_type="audio/ogg", name="voice.ogg")
"""The type and name of a recording, as Twilio's list of types spells it."""


class TwilioChannel(BaseChannel):
    """Channel of one Twilio account."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        *,
        account: str,
        verifier: Verifier,
        api: TwilioClient,
        media: MediaClient,
        contents: ContentCache,
        numbers: Sequence[str] = (),
        templates: TemplateClient,
    ) -> None:
        super().__init__(verifier)
        self._contents = contents
        self._templates = templates
        self._account = account
        self._numbers = tuple(numbers)
        self._api = api
        self._media = media
        self._files: FilePublisher | None = None
        self.api_host = media.host
        self._twiml = str(MessagingResponse()).encode()

    def set_dependencies(self, *, credentials: SessionStore, fetch: HttpFetcher) -> None:
        """Set the store in which all workers share the contents of buttons and lists."""
        self._contents.store = credentials

    def set_publisher(self, files: FilePublisher) -> None:
        """Set the publisher of the recordings that Twilio fetches."""
        self._files = files

    def takes_voice_notes(self, address: Address) -> bool:
        """Return whether an address is a WhatsApp one: a recording by SMS is a costly file."""
        return is_whatsapp(address.theirs)

    async def upload_voice_note(
        self, address: Address, body: bytes, http: httpx.AsyncClient, *, session: str = ""
    ) -> Attachment:
        """Publish a recording, which Twilio fetches when it is sent. Raises `Rejected`."""
        if self._files is None:
            raise Rejected("twilio: this process serves no files", code="no_public_files")
        url = await self._files.publish(body, _VOICE_NOTE.content_type, _VOICE_NOTE.name, owner=session)
        return _VOICE_NOTE.model_copy(update={"url": url})

    def parse(self, webhook: Webhook) -> list[Event]:
        """Return the event of a verified webhook."""
        return parse(webhook, self._account)

    def answer(self, webhook: Webhook, events: Sequence[Event]) -> WebhookResponse:
        """Return empty TwiML, which sends no reply; a status callback gets an empty 204."""
        if events and all(isinstance(event, StatusChanged) for event in events):
            return WebhookResponse(status=204)
        return WebhookResponse(content_type="text/xml; charset=utf-8", body=self._twiml)

    def render(self, message: Message, address: Address) -> list[MessagePart]:
        """Split a message by Twilio's limits, in the dialect of its address."""
        return render_parts(message, address)

    @property
    def templates_setting(self) -> str:
        """Return the empty string: the credentials are enough for the list of templates."""
        return ""

    async def list_templates(self, http: httpx.AsyncClient) -> list[MessageTemplate]:
        """Return all contents of the account, with their approval. Raises a `DeliveryError`."""
        return await self._templates.list_all(http)

    def check_template(
        self, definition: MessageTemplate, template: Template, address: Address
    ) -> TemplateProblem | None:
        """Return why Twilio would refuse this use of a template; by SMS, it needs no approval."""
        problem = find_status_problem(definition) if is_whatsapp(address.theirs) else None
        return problem or find_variable_problem(definition, template.values)

    def start_conversation(self, to: str, sender: str = "") -> NewConversation:
        """Return the conversation with a number, by SMS or, with the prefix `whatsapp:`, by WhatsApp."""
        return build_conversation(self._account, to, sender, self._numbers)

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Create one message. Raises `Rejected`, `Unavailable` or `Unknown`."""
        return await self._api.send(reply, http)

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Look up a reply whose send was never settled."""
        return await self._api.find_sent(reply, http, since=since, known=known)

    async def download(self, medium: Attachment, fetch: HttpFetcher) -> bytes:
        """Return the bytes of a file that a contact sent. Raises `MediaUnavailable`."""
        return await self._media.download(medium, fetch)


def create_channel(environ: Mapping[str, str], public_url: str) -> TwilioChannel | None:
    """Build the channel from its settings; `None` if none is set. Raises `ConfigurationError`."""
    values = read_settings(SETTINGS, environ, NAME)
    if values is None:
        return None
    account = values["TWILIO_ACCOUNT_SID"]
    if not re.fullmatch(rf"AC{_SID_DIGITS}", account):
        raise ConfigurationError(f"TWILIO_ACCOUNT_SID must be AC and {_SID_HINT}")
    service = values["TWILIO_MESSAGING_SERVICE_SID"]
    if service and not re.fullmatch(rf"MG{_SID_DIGITS}", service):
        raise ConfigurationError(f"TWILIO_MESSAGING_SERVICE_SID must be MG and {_SID_HINT}")
    if not public_url:
        raise ConfigurationError(
            "PUBLIC_URL is not set; Twilio signs the public URL, so verification needs it"
        )
    public = parse_base_url("PUBLIC_URL", public_url)
    tokens = parse_secrets("TWILIO_AUTH_TOKEN", values["TWILIO_AUTH_TOKEN"])
    shared_keys = _parse_shared_keys(values["TWILIO_SHARED_KEYS"])
    url = parse_base_url("TWILIO_API_URL", values["TWILIO_API_URL"])
    contents = ContentCache(account=account, token=tokens[0], url=content_api_url(url))
    templates = TemplateClient(account=account, token=tokens[0], url=content_api_url(url))
    return TwilioChannel(
        account=account,
        templates=templates,
        contents=contents,
        verifier=Verifier(tokens=tokens, shared_keys=shared_keys, public_url=public),
        api=TwilioClient(
            account=account,
            token=tokens[0],
            url=url,
            messaging_service=service,
            status_callback=f"{public}{WEBHOOK_PATH}",
            contents=contents,
            templates=templates,
        ),
        media=MediaClient(account=account, token=tokens[0], url=url),
        numbers=_parse_numbers(values["TWILIO_NUMBERS"]),
    )


def _parse_shared_keys(value: str) -> dict[str, str]:
    if not value:
        return {}
    pairs = [item.partition(":") for item in parse_secrets("TWILIO_SHARED_KEYS", value)]
    if not all(key and secret for key, _, secret in pairs):
        raise ConfigurationError("TWILIO_SHARED_KEYS must be a comma-separated list of key:secret")
    return {key: secret for key, _, secret in pairs}


def _parse_numbers(value: str) -> tuple[str, ...]:
    try:
        return tuple(parse_business_number(item) for item in value.split(",") if item.strip())
    except InvalidContact as error:
        raise ConfigurationError(
            f"TWILIO_NUMBERS: {error}; a WhatsApp sender begins with whatsapp:"
        ) from None
