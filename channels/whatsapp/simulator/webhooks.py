"""Webhooks of the simulator: signed, repeated and delayed by the fault settings, retried as Meta does."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from channels._kit.simulator import FaultInjector, WebhookDelivery, WebhookResult
from channels.whatsapp.simulator.records import Json, Message
from channels.whatsapp.simulator.statuses import build_status_value

_RETRY_PERIOD_SECONDS: Final = 7 * 24 * 3600.0
_FIRST_RETRY_SECONDS: Final = 5.0
_MAX_RETRY_SECONDS: Final = 6 * 3600.0


class WebhookSender:
    """One subscription of a business `account`; `metadata` names the number in each change."""

    def __init__(self, *, url: str, secret: str, account: str, metadata: Json, faults: FaultInjector) -> None:
        self._url = url
        self._secret = secret
        self._account = account
        self._metadata = metadata
        self._faults = faults
        self._first_attempts: dict[bytes, float] = {}

    def build_change(self, field: str, **value: object) -> Json:
        """Build one change of a webhook."""
        metadata = {"messaging_product": "whatsapp", "metadata": self._metadata}
        return {"field": field, "value": {**metadata, **value}}

    def send(self, changes: Sequence[Json], now: float) -> list[WebhookDelivery]:
        """Return one webhook with these changes."""
        return self._faults.spread_webhook(self.build(changes, now))

    def send_statuses(self, record: Message, to: str) -> list[WebhookDelivery]:
        """Return a webhook for each status of a message, shuffled too."""
        follows = [
            each
            for change in record.status_changes
            for each in self._faults.spread_status(
                self.build(
                    [self.build_change("messages", **build_status_value(record, change, to))], change.at
                )
            )
        ]
        return sorted(follows, key=lambda delivery: delivery.at)

    def handle_delivery_result(
        self, delivery: WebhookDelivery, result: WebhookResult, now: float
    ) -> list[WebhookDelivery]:
        """Retry after any status but 200: at once, then with exponential backoff, for seven days."""
        if result.status == 200:
            self._first_attempts.pop(delivery.body, None)
            return []
        first = self._first_attempts.setdefault(delivery.body, now)
        delay = 0.0
        if delivery.attempt > 1:
            delay = min(_FIRST_RETRY_SECONDS * 2.0 ** min(delivery.attempt - 2, 20), _MAX_RETRY_SECONDS)
        if now + delay - first > _RETRY_PERIOD_SECONDS:
            self._first_attempts.pop(delivery.body, None)
            return []
        return [replace(delivery, at=now + delay, attempt=delivery.attempt + 1)]

    def build(self, changes: Sequence[Json], at: float) -> WebhookDelivery:
        """Build one webhook, which no fault strikes."""
        return build_signed_delivery(self._url, self._account, changes, secret=self._secret, at=at)


def build_signed_delivery(
    url: str, account: str, changes: Iterable[Json], *, secret: str, at: float
) -> WebhookDelivery:
    """Build a signed webhook with Meta's encoding: ASCII, slashes escaped, HMAC-SHA256 of those bytes."""
    payload = {"object": "whatsapp_business_account", "entry": [{"id": account, "changes": list(changes)}]}
    body = json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return WebhookDelivery(
        at=at,
        method="POST",
        url=url,
        headers={
            "content-type": "application/json",
            "user-agent": "facebookexternalua",
            "x-hub-signature-256": f"sha256={digest}",
        },
        body=body,
        timeout=20.0,
    )
