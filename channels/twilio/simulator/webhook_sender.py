"""Webhooks of one account: signed, repeated and delayed by the fault settings, retried as Twilio does."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from urllib.parse import parse_qsl

from channels._kit.simulator import FaultInjector, WebhookDelivery, WebhookResult
from channels.twilio.simulator.records import Message
from channels.twilio.simulator.webhooks import (
    ConnectionOverrides,
    WebhookFields,
    build_signed_delivery,
    build_status_fields,
    classify_result,
)


class WebhookSender:
    """Sends to `url`, and a message that it did not take to `fallback_url`, if there is one."""

    def __init__(
        self, *, url: str, fallback_url: str, account: str, token: str, random: Random, faults: FaultInjector
    ) -> None:
        self._url = url
        self._fallback_url = fallback_url
        self._account = account
        self._token = token
        self._random = random
        self._faults = faults

    def send_message(self, fields: WebhookFields, now: float) -> list[WebhookDelivery]:
        """Return the webhook of an inbound message."""
        return self._faults.spread_webhook(self._build(self._url, fields, now))

    def send_statuses(self, record: Message, callback: str) -> list[WebhookDelivery]:
        """Return the status callbacks, shuffled too; there is none for the first status."""
        follows = [
            each
            for change in record.status_changes[1:]
            for each in self._faults.spread_status(
                self._build(callback, build_status_fields(record, change, self._account), change.at)
            )
        ]
        return sorted(follows, key=lambda delivery: delivery.at)

    def handle_delivery_result(
        self, delivery: WebhookDelivery, result: WebhookResult, now: float
    ) -> list[WebhookDelivery]:
        """Retry by the connection overrides of the webhook's URL (status callbacks too), then fall back."""
        reason = classify_result(result)
        if reason is None:
            return []
        overrides = ConnectionOverrides.parse(self._url)
        delay = overrides.retry_delay(delivery.attempt, reason)
        first_at = delivery.first_at or delivery.at
        spent = delivery.at - first_at + (delivery.timeout if result.timed_out else 0.0)
        if delay is not None and spent + delay < overrides.total:
            at = max(now, delivery.at) + delay
            return [replace(delivery, at=at, first_at=first_at, attempt=delivery.attempt + 1)]
        return self._fall_back(delivery, result, now)

    def _fall_back(
        self, delivery: WebhookDelivery, result: WebhookResult, now: float
    ) -> list[WebhookDelivery]:
        fields = parse_qsl(delivery.body.decode(), keep_blank_values=True)
        names = {name for name, _ in fields}
        if not self._fallback_url or names & {"MessageStatus", "ErrorUrl"}:
            return []
        code = "11205" if result.status is None else "11200"
        error = [("ErrorCode", code), ("ErrorUrl", delivery.url)]
        return [self._build(self._fallback_url, [*fields, *error], now)]

    def _build(self, url: str, fields: WebhookFields, at: float) -> WebhookDelivery:
        idempotency = f"{self._random.getrandbits(128):032x}"
        return build_signed_delivery(url, fields, token=self._token, at=at, idempotency=idempotency)
