"""What Intercom sends us: proven to be its own, then read as turns and as what the desk did."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from channels._kit.inbound.json import child, name_of, read_object, word
from channels._kit.inbound.signatures import same
from channels.intercom.assignment import Desk
from channels.intercom.capabilities import CAPABILITIES, DESK_TOPICS, SILENT_TOPICS, USER_TOPICS
from channels.intercom.events import Conversation
from channels.intercom.html_body import Mode
from core.errors import BadSignature, MalformedWebhook, WebhookTooLarge
from core.model.event import Event, Ignored
from core.ports.channel import Webhook

log = logging.getLogger("turngate.intercom")

_HEADER: Final = "x-hub-signature"
_CARD_HEADER: Final = "x-body-signature"


class Verifier:
    """Checks signatures. Every secret of a rotation is good."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secret.encode() for secret in secrets)

    def verify(self, webhook: Webhook) -> None:
        """Pass what Intercom signed. Raises `Refused` otherwise, never anything else.

        Its validator asks for the address with HEAD, which has nothing to sign.
        """
        if len(webhook.body) > CAPABILITIES.max_webhook_bytes:
            raise WebhookTooLarge(f"{len(webhook.body)} bytes")
        if webhook.method == "HEAD" and not webhook.body:
            return
        if webhook.method != "POST":
            raise MalformedWebhook("Intercom sends POST, and HEAD to see whether the address is there")
        header, prefix, algorithm = (_HEADER, "sha1=", "sha1")
        if is_card(webhook):
            header, prefix, algorithm = (_CARD_HEADER, "", "sha256")
        given = webhook.headers.get(header, "")
        digests = [hmac.new(secret, webhook.body, algorithm).hexdigest() for secret in self._secrets]
        if not any([same(f"{prefix}{digest}", given) for digest in digests]):  # noqa: C419 # all of them, always
            raise BadSignature(
                f"{header} is missing or does not match; check that INTERCOM_CLIENT_SECRET is the "
                "app's client secret (Developer Hub, Basic information), and that no proxy changes the body"
            )


def is_card(webhook: Webhook) -> bool:
    """Whether a request is about the card, which has a path of its own and a signature of its own."""
    return urlsplit(webhook.url).path.endswith("/webhooks/intercom/canvas")


def parse(webhook: Webhook, desk: Desk, mode: Mode) -> list[Event]:
    """What a verified notification means. The topic decides, never the shape of what comes with it."""
    if webhook.method == "HEAD":
        return []
    if is_card(webhook):
        return [Ignored(reason="card")]
    notification = read_object(webhook.body)
    if notification is None:
        raise MalformedWebhook("not a JSON object")
    topic = word(notification, "topic", 80)
    item = child(notification, "data", "item")
    if topic in SILENT_TOPICS:
        return [Ignored(reason=topic)]
    if not topic.startswith("conversation."):
        return [Ignored(reason="ticket" if topic.startswith("ticket.") else "other topic")]
    if "conversation_message" in item:
        log.error("a webhook of an API version before 2.5; set the webhooks' API version to 2.13 or later")
        return [Ignored(reason="too old an API version")]
    conversation = Conversation(
        item, account=name_of(notification, "app_id", 60), event=name_of(notification, "id", 80), desk=desk
    )
    if not conversation.is_named:
        return [Ignored(reason="no id")]
    return list(_meant(topic, conversation, mode)) or [Ignored(reason="nothing said")]


def _meant(topic: str, conversation: Conversation, mode: Mode) -> Sequence[Event]:
    if topic in USER_TOPICS:
        return [*conversation.said(mode, opening=topic.endswith("created"))]
    if topic in DESK_TOPICS:
        return [*conversation.done(DESK_TOPICS[topic], mode)]
    match topic:
        case "conversation.admin.single.created":
            return [*conversation.begun_by_desk()]
        case "conversation.deleted":
            return [conversation.deleted()]
    return [Ignored(reason="other topic")]
