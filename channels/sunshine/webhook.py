"""Verification and parsing of Zendesk messaging's webhooks."""

from __future__ import annotations

from collections.abc import Sequence

from channels._kit.inbound import (
    get_identifier,
    get_object,
    get_object_list,
    get_text,
    parse_object,
    signatures_match,
)
from channels.sunshine.capabilities import CAPABILITIES
from channels.sunshine.contact_numbers import NumberedIntegrations
from channels.sunshine.event_parser import EventParser
from channels.sunshine.notification_events import TRIGGER_PREFIX, parse_notification
from channels.sunshine.switchboard import Switchboard
from core.errors import InvalidSignature, MalformedWebhook, WebhookTooLarge
from core.model import Event, Ignored
from core.ports import Webhook


class Verifier:
    """Compares the shared secret. Every secret of a rotation is accepted."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secrets)

    def verify(self, webhook: Webhook) -> None:
        """Accept a request with the webhook's secret.

        Raises `WebhookRefused` otherwise, and no other error.
        """
        if len(webhook.body) > CAPABILITIES.max_webhook_bytes:
            raise WebhookTooLarge(
                f"the body has {len(webhook.body)} bytes; the limit is {CAPABILITIES.max_webhook_bytes}"
            )
        secret_header = webhook.headers.get("x-api-key", "")
        if not any([signatures_match(secret, secret_header) for secret in self._secrets]):  # noqa: C419 # all of them, always
            raise InvalidSignature(
                "X-API-Key is missing or does not match; check that SUNSHINE_WEBHOOK_SECRET is the secret of "
                "the integration's webhook"
            )
        if webhook.method != "POST":
            raise MalformedWebhook("the method is not POST")


def parse(webhook: Webhook, numbers: NumberedIntegrations, switchboard: Switchboard) -> list[Event]:
    """Return every event of a verified request, perhaps of several contacts; malformed ones are skipped.

    Events of notifications have the form of the API's version before.
    """
    batch, app = parse_object(webhook.body), numbers.app
    if batch is None:
        raise MalformedWebhook("the body is not a JSON object")
    if get_text(batch, "trigger", 80).startswith(TRIGGER_PREFIX):
        if get_identifier(get_object(batch, "app"), "_id") != app:
            return [Ignored(reason="other app")]
        return list(parse_notification(batch, numbers))
    if get_text(get_object(batch, "webhook"), "version") != "v2":
        raise MalformedWebhook("unsupported webhook version; create the integration with version v2")
    if get_identifier(get_object(batch, "app"), "id") != app:
        return [Ignored(reason="other app")]
    return [
        event
        for item in get_object_list(batch, "events")
        for event in EventParser(item, numbers, switchboard).parse()
    ] or [Ignored(reason="no events")]
