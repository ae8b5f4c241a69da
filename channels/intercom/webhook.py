"""Verification and parsing of Intercom's webhooks."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from channels._kit.inbound import get_identifier, get_object, get_text, parse_object, signatures_match
from channels.intercom.capabilities import (
    CAPABILITIES,
    DESK_TOPICS,
    IGNORED_TOPICS,
    REDACTION_TOPIC,
    USER_TOPICS,
)
from channels.intercom.conversations.assignment import Workspace
from channels.intercom.conversations.contacts import parse_merged_contacts
from channels.intercom.conversations.events import ConversationParser
from channels.intercom.conversations.html_body import BodyMode
from channels.intercom.first_messages import find_started_sessions
from core.errors import InvalidSignature, MalformedWebhook, WebhookTooLarge
from core.model import OTHER_ACCOUNT, Event, Ignored, add_aliases
from core.ports import Webhook

log = logging.getLogger("turngate.intercom")

_SIGNATURE_HEADER: Final = "x-hub-signature"
_CARD_SIGNATURE_HEADER: Final = "x-body-signature"


class Verifier:
    """Checks signatures. Every secret of a rotation is accepted."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secret.encode() for secret in secrets)

    def verify(self, webhook: Webhook) -> None:
        """Accept a webhook signed by Intercom. Raises `WebhookRefused` otherwise, and no other error.

        Intercom validates the URL with HEAD, which has nothing to sign.
        """
        if len(webhook.body) > CAPABILITIES.max_webhook_bytes:
            raise WebhookTooLarge(
                f"the body has {len(webhook.body)} bytes; the limit is {CAPABILITIES.max_webhook_bytes}"
            )
        if webhook.method == "HEAD" and not webhook.body:
            return
        if webhook.method != "POST":
            raise MalformedWebhook("the method is not POST or HEAD (which checks that the URL exists)")
        header, prefix, algorithm = (_SIGNATURE_HEADER, "sha1=", "sha1")
        if is_card_request(webhook):
            header, prefix, algorithm = (_CARD_SIGNATURE_HEADER, "", "sha256")
        signature = webhook.headers.get(header, "")
        digests = [hmac.new(secret, webhook.body, algorithm).hexdigest() for secret in self._secrets]
        if not any([signatures_match(f"{prefix}{digest}", signature) for digest in digests]):  # noqa: C419 # all of them, always
            raise InvalidSignature(
                f"{header} is missing or does not match; check that INTERCOM_CLIENT_SECRET is the "
                "app's client secret (Developer Hub, Basic information), and that no proxy changes the body"
            )


def is_card_request(webhook: Webhook) -> bool:
    """Return whether a request is a Canvas Kit one, which has its own path and signature."""
    return urlsplit(webhook.url).path.rstrip("/").endswith("/webhooks/intercom/canvas")


def parse(webhook: Webhook, workspace: Workspace, mode: BodyMode) -> list[Event]:
    """Return the events of a verified notification, by its topic, never by the shape of its content."""
    if webhook.method == "HEAD":
        return []
    if is_card_request(webhook):
        return [Ignored(reason="card")]
    notification = parse_object(webhook.body)
    if notification is None:
        raise MalformedWebhook("the body is not a JSON object")
    topic = get_text(notification, "topic", 80)
    item = get_object(notification, "data", "item")
    workspace_id = get_identifier(notification, "app_id", 60)
    if not workspace.owns(workspace_id):
        return [Ignored(reason=OTHER_ACCOUNT)]
    if topic == "contact.merged":
        return [Ignored(reason=topic, aliases=parse_merged_contacts(item, workspace_id))]
    if topic in IGNORED_TOPICS:
        return [Ignored(reason=topic)]
    if topic != REDACTION_TOPIC and not topic.startswith("conversation."):
        return [Ignored(reason="ticket" if topic.startswith("ticket.") else "other topic")]
    if "conversation_message" in item:
        log.error(
            "webhook of an API version before 2.5 ignored; set the webhooks' API version to 2.13 or later"
        )
        return [Ignored(reason="too old an API version")]
    conversation = ConversationParser(
        item,
        account=workspace_id,
        event=get_identifier(notification, "id", 80),
        workspace=workspace,
    )
    if not conversation.has_ids:
        return [Ignored(reason="no id")]
    events = list(_parse_topic(topic, conversation, mode)) or [Ignored(reason="nothing said")]
    started = find_started_sessions(item, workspace, workspace_id)
    return [add_aliases(event, started) for event in events] if started else events


def _parse_topic(topic: str, conversation: ConversationParser, mode: BodyMode) -> Sequence[Event]:
    if topic in USER_TOPICS:
        return [*conversation.turn_events(mode, opening=topic.endswith("created"))]
    if topic in DESK_TOPICS:
        return [*conversation.control_events(DESK_TOPICS[topic], mode)]
    if topic == REDACTION_TOPIC:
        return [*conversation.redaction_events()]
    match topic:
        case "conversation.admin.single.created":
            return [*conversation.agent_initiated_events()]
        case "conversation.deleted":
            return [conversation.deletion_event()]
    return [Ignored(reason="other topic")]
