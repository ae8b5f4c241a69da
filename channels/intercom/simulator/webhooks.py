"""Webhooks of the simulator: signed as Intercom does, retried once, optionally repeated or delayed."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from random import Random
from typing import Final
from uuid import UUID

from channels._kit.simulator import FaultInjector, WebhookDelivery, WebhookResult
from channels.intercom.simulator.records import Json

_RETRY_SECONDS: Final = 60.0
_WEBHOOK_TIMEOUT_SECONDS: Final = 5.0


class WebhookSender:
    """One subscription; `faults` delay and repeat its webhooks."""

    def __init__(self, *, url: str, secret: str, app: str, random: Random, faults: FaultInjector) -> None:
        self._url = url
        self._secret = secret
        self._app = app
        self._random = random
        self._disabled = False
        self._faults = faults
        self._throttled_until = 0.0

    def notify(self, topic: str, item: Json, now: float) -> list[WebhookDelivery]:
        """Return the webhook of a topic; none once the subscription has ended."""
        if self._disabled:
            return []
        notification = {
            "type": "notification_event",
            "app_id": self._app,
            "data": {"type": "notification_event_data", "item": item},
            "links": {},
            "id": f"notif_{UUID(int=self._random.getrandbits(128))}",
            "topic": topic,
            "delivery_status": "pending",
            "delivery_attempts": 1,
            "delivered_at": 0,
            "first_sent_at": int(now),
            "created_at": int(now),
            "self": None,
        }
        return self._faults.spread_webhook(
            self._build_delivery(notification, max(now, self._throttled_until))
        )

    def build_card_request(self, request: Json, at: float) -> WebhookDelivery:
        """Build a Canvas Kit request: another path and signature than webhooks, and never retried."""
        body = json.dumps(request, separators=(",", ":")).encode()
        digest = hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"content-type": "application/json", "x-body-signature": digest}
        return WebhookDelivery(at, "POST", f"{self._url}/canvas", headers, body, attempt=2, timeout=10.0)

    def handle_delivery_result(
        self, delivery: WebhookDelivery, result: WebhookResult, now: float
    ) -> list[WebhookDelivery]:
        """Return the only retry, a minute after a failure; 410 ends the subscription.

        429 delays every notification of the subscription, at least for that minute.
        """
        status = result.status
        if status == 410:
            self._disabled = True
        if status == 429:
            self._throttled_until = now + _RETRY_SECONDS
        if (status is not None and (status < 300 or status == 410)) or delivery.attempt > 1:
            return []
        notification = {**json.loads(delivery.body), "delivery_attempts": 2}
        return [replace(self._build_delivery(notification, now + _RETRY_SECONDS), attempt=2)]

    def _build_delivery(self, notification: Json, at: float) -> WebhookDelivery:
        body = json.dumps(notification, separators=(",", ":")).encode()
        digest = hmac.new(self._secret.encode(), body, hashlib.sha1).hexdigest()
        headers = {
            "content-type": "application/json",
            "accept": "application/json",
            "user-agent": "intercom-parrot-service-client/1.0",
            "x-hub-signature": f"sha1={digest}",
        }
        return WebhookDelivery(at, "POST", self._url, headers, body, timeout=_WEBHOOK_TIMEOUT_SECONDS)
