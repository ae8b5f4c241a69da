"""Webhooks of the simulator: events in batches, repeated and delayed by the fault settings, and retried."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Final

from channels._kit.simulator import FaultInjector, WebhookDelivery, WebhookResult
from channels.sunshine.simulator.conversations import Conversation, Json, draw_id, format_time

_WEBHOOK_TIMEOUT_SECONDS: Final = 20.0
_MAX_ATTEMPTS: Final = 5
_FIRST_RETRY_SECONDS: Final = 30.0
_FINAL_STATUS_CODES: Final = (400, 401, 403, 404, 406)
_LATE_FAILURES: Final = ("uncategorized_error", "user_unreachable")
_STATUS_STEP_SECONDS: Final = 0.2


class WebhookSender:
    """One webhook of an app."""

    def __init__(self, *, url: str, secret: str, app: str, random: Random, faults: FaultInjector) -> None:
        self._url = url
        self._secret = secret
        self._app = app
        self._random = random
        self._faults = faults

    def build_event(self, conversation: Conversation, kind: str, now: float, **payload: object) -> Json:
        """Build an event about a conversation."""
        return self.wrap_event(kind, {"conversation": conversation.to_json(), **payload}, now)

    def wrap_event(self, kind: str, payload: Json, now: float) -> Json:
        """Build an event with this payload."""
        return {"id": draw_id(self._random), "createdAt": format_time(now), "type": kind, "payload": payload}

    def send(self, events: Sequence[Json], now: float) -> list[WebhookDelivery]:
        """Return one POST with these events."""
        batch = {"app": {"id": self._app}, "webhook": {"id": "w1", "version": "v2"}, "events": list(events)}
        return self._post(batch, now)

    def _post(self, body: Json, now: float) -> list[WebhookDelivery]:
        webhook = WebhookDelivery(
            at=now,
            method="POST",
            url=self._url,
            headers={"content-type": "application/json", "x-api-key": self._secret},
            body=json.dumps(body).encode(),
            timeout=_WEBHOOK_TIMEOUT_SECONDS,
        )
        return self._faults.spread_webhook(webhook)

    def send_statuses(self, conversation: Conversation, message: str, now: float) -> list[WebhookDelivery]:
        """Return the events of a delivered message, or of one that fails later."""
        about = {"message": {"id": message}, "destination": {"type": "web"}}
        if code := self._faults.draw_late_failure(_LATE_FAILURES):
            error = {"code": code, "underlyingError": {"message": "The message could not be delivered"}}
            at = now + _STATUS_STEP_SECONDS
            kind = "conversation:message:delivery:failure"
            return self.send([self.build_event(conversation, kind, at, error=error, **about)], at)
        follows = []
        for position, kind in enumerate(("channel", "user"), start=1):
            at = now + position * _STATUS_STEP_SECONDS
            event = self.build_event(conversation, f"conversation:message:delivery:{kind}", at, **about)
            follows += self.send([event], at)
        return follows

    def send_notification_statuses(
        self, conversation: Conversation, notification: str, destination: Json, now: float
    ) -> list[WebhookDelivery]:
        """Return the events of a message to a number, in the form of version 1.1: delivered, or failed."""
        about = {"notification": {"_id": notification}, "destination": destination}
        if code := self._faults.draw_late_failure(_LATE_FAILURES):
            error = {"code": code, "message": "The message could not be delivered"}
            return self._send_v1("failure", {**about, "error": error}, now + _STATUS_STEP_SECONDS)
        about["matchResult"] = {
            "appUser": {"_id": conversation.user_id, "conversationStarted": True},
            "conversation": {"_id": conversation.id},
        }
        follows = []
        for position, kind in enumerate(("channel", "user"), start=1):
            follows += self._send_v1(kind, about, now + position * _STATUS_STEP_SECONDS)
        return follows

    def _send_v1(self, kind: str, about: Json, at: float) -> list[WebhookDelivery]:
        trigger = f"notification:delivery:{kind}"
        head = {"trigger": trigger, "app": {"_id": self._app}, "version": "v1.1", "timestamp": at}
        return self._post({**head, **about}, at)

    def handle_delivery_result(
        self, delivery: WebhookDelivery, result: WebhookResult, now: float
    ) -> list[WebhookDelivery]:
        """Retry up to five times within 15 minutes, except after success and a few status codes."""
        if (
            (result.status is not None and 200 <= result.status < 300)
            or result.status in _FINAL_STATUS_CODES
            or delivery.attempt >= _MAX_ATTEMPTS
        ):
            return []
        delay = _FIRST_RETRY_SECONDS * 2.0 ** (delivery.attempt - 1)
        return [replace(delivery, at=now + delay, attempt=delivery.attempt + 1)]
