"""Verification and parsing of Zendesk Support's webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from channels._kit.inbound import parse_object, signatures_match
from channels.zendesk.capabilities import CAPABILITIES
from channels.zendesk.event_factory import Account
from channels.zendesk.event_parser import parse_ticket_event
from core.errors import InvalidSignature, MalformedWebhook, WebhookTooLarge
from core.model import Event
from core.ports import Webhook

_MAX_AGE_SECONDS: Final = 300.0
_MAX_TIMESTAMP_LENGTH: Final = 40


class Verifier:
    """Checks base64(HMAC-SHA256(secret, timestamp + body)) and the timestamp's freshness."""

    def __init__(self, secrets: Sequence[str], now: Callable[[], datetime] | None = None) -> None:
        self._secrets = tuple(secrets)
        self._now = now or _utc_now

    def verify(self, webhook: Webhook) -> None:
        """Accept a webhook that Zendesk signed within five minutes.

        Raises `WebhookRefused` otherwise, no other error.
        """
        if len(webhook.body) > CAPABILITIES.max_webhook_bytes:
            raise WebhookTooLarge(
                f"the body has {len(webhook.body)} bytes; the limit is {CAPABILITIES.max_webhook_bytes}"
            )
        signature = webhook.headers.get("x-zendesk-webhook-signature", "")
        timestamp = webhook.headers.get("x-zendesk-webhook-signature-timestamp", "")
        expected = [compute_signature(secret, timestamp, webhook.body) for secret in self._secrets]
        if not any([signatures_match(each, signature) for each in expected]):  # noqa: C419 # all of them, always
            raise InvalidSignature(
                "the signature is missing or does not match; check that ZENDESK_WEBHOOK_SECRET is the "
                "webhook's signing secret (a test of an unsaved webhook is signed with another one)"
            )
        if not self._is_fresh(timestamp):
            raise InvalidSignature(
                "the timestamp differs from this machine's clock by more than five minutes: "
                "a replay, or a wrong clock"
            )
        if webhook.method != "POST":
            raise MalformedWebhook("the method is not POST; set the webhook to POST")

    def _is_fresh(self, timestamp: str) -> bool:
        try:
            at = datetime.fromisoformat(timestamp[:_MAX_TIMESTAMP_LENGTH])
        except ValueError:
            return False
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return abs((self._now() - at).total_seconds()) <= _MAX_AGE_SECONDS


def compute_signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return Zendesk's signature; the secret looks like base64 but is used undecoded."""
    message = timestamp.encode("utf-8", "surrogatepass") + body
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


def parse(webhook: Webhook, desk: Account) -> list[Event]:
    """Return the events of a verified webhook of either kind. Raises `MalformedWebhook`."""
    envelope = parse_object(webhook.body)
    if envelope is None:
        raise MalformedWebhook(
            "the body is not a JSON object; if a trigger sent it, use the template that "
            "channels/zendesk/trigger_template.py builds"
        )
    return list(parse_ticket_event(envelope, desk))


def _utc_now() -> datetime:
    return datetime.now(UTC)
