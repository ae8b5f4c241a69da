"""Complete sample channel in one file: an invented pigeon post with signed JSON and short notes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

import httpx

from channels._kit.inbound import Verification, get_identifier, get_text, parse_object, signatures_match
from channels._kit.outbound import (
    BearerAuth,
    build_foreign_error,
    classify_http_error,
    is_foreign,
    is_refused,
    may_have_taken_effect,
    parse_json_body,
    parse_retry_after,
    post,
)
from channels._kit.rendering import PLAIN_DIALECT, attach_captions, attach_choices, render_markdown
from channels._kit.settings import Setting, parse_secrets, read_settings
from core.errors import DeliveryError, InvalidSignature, Rejected, Throttled, Unknown, WebhookTooLarge
from core.model import Address, Event, Ignored, Message, MessagePart, Reply, SentMessage, Turn, TurnReceived
from core.ports import Capabilities, Webhook, WebhookResponse

NAME: Final = "pigeon"
URL: Final = "https://pigeon.example.com/notes"
CAPABILITIES: Final = Capabilities(
    max_webhook_bytes=10_000,
    max_webhook_fields=10,
    text_length=300,
    buttons=2,
    button_title_length=15,
    choices_text_length=200,
    payload_length=50,
    media=1,
)
VERIFICATION: Final = Verification(
    header="x-pigeon-ring",
    algorithm="HMAC-SHA256 with the loft's secret",
    signed=("body",),
    encoding="hexadecimal",
    replay="none; a repeated note is known by its id for seven days",
    rotation="PIGEON_SECRET is a list",
)
SETTINGS: Final = (Setting("PIGEON_SECRET", "Signs notes and opens the loft", required=True, secret=True),)


class PigeonChannel:
    """The channel of one loft."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(self, loft_secrets: Sequence[str]) -> None:
        self._secrets = loft_secrets

    def verify(self, webhook: Webhook) -> None:
        """Accept a webhook that the loft signed. Raises `WebhookRefused` otherwise."""
        if len(webhook.body) > CAPABILITIES.max_webhook_bytes:
            raise WebhookTooLarge(f"{len(webhook.body)} bytes")
        given = webhook.headers.get(VERIFICATION.header, "")
        digests = [hmac.new(key.encode(), webhook.body, hashlib.sha256) for key in self._secrets]
        if webhook.method != "POST" or not any(
            signatures_match(digest.hexdigest(), given) for digest in digests
        ):
            raise InvalidSignature("X-Pigeon-Ring does not match; check PIGEON_SECRET")

    def parse(self, webhook: Webhook) -> list[Event]:
        """Return the turn of a webhook's note."""
        note = parse_object(webhook.body) or {}
        bird, roof, number = (get_identifier(note, name) for name in ("bird", "roof", "number"))
        text = get_text(note, "text", 10_000)
        if not (bird and roof and number and text):
            return [Ignored(reason="not a note")]
        address = Address(channel=NAME, account="loft", ours=roof, theirs=bird)
        session = f"{NAME}:{roof}:{bird}"
        return [TurnReceived(turn=Turn(id=number, session=session, address=address, text=text))]

    def answer(self, webhook: Webhook, events: Sequence[Event]) -> WebhookResponse:
        """Return an empty response."""
        return WebhookResponse(status=204)

    def render(self, message: Message, address: Address) -> list[MessagePart]:
        """Split a message by the length of a note."""
        parts = attach_choices(render_markdown(message.text, PLAIN_DIALECT), message.choices, CAPABILITIES)
        return [*attach_captions([], message.media, CAPABILITIES), *parts]

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Send one note. Raises `Rejected`, `Unavailable` or `Unknown`."""
        body = {"bird": reply.address.theirs, "text": reply.body, "key": reply.key}
        response = await post(http, NAME, URL, json=body, auth=BearerAuth(self._secrets[0]))
        status, answer = response.status_code, parse_json_body(response)
        number, refused = get_identifier(answer, "number"), is_refused(response, "number")
        if status == 429:
            raise Throttled("pigeon: all birds are out", retry_after=parse_retry_after(response))
        if may_have_taken_effect(status) or not (refused or number):
            is_accepted = response.is_success and bool(answer)
            after = parse_retry_after(response)
            raise Unknown(f"pigeon: {status}", retry_after=after, is_accepted=is_accepted)
        if refused:
            if is_foreign(response):
                raise build_foreign_error(NAME, response, "the address of the loft")
            raise Rejected(f"pigeon: {status}")
        return SentMessage(provider_id=number)

    async def find_sent(
        self, reply: Reply, http: httpx.AsyncClient, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Return `None`: there is no look-up."""
        return None

    def classify(self, error: Exception) -> DeliveryError:
        """Return the delivery error for an exception of the HTTP client."""
        return classify_http_error(error, NAME)


def create_channel(environ: Mapping[str, str], public_url: str) -> PigeonChannel | None:
    """Build the channel from its settings; `None` when none is set."""
    values = read_settings(SETTINGS, environ, NAME)
    return PigeonChannel(parse_secrets("PIGEON_SECRET", values["PIGEON_SECRET"])) if values else None
