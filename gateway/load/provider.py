"""Simulated provider of a load test: records when a webhook was answered and when a contact got a reply."""

from __future__ import annotations

import asyncio
from time import perf_counter
from urllib.parse import parse_qs

from channels._kit.simulator import SimulatorRequest, SimulatorResponse, WebhookDelivery, WebhookResult
from channels.twilio.simulator.server import TwilioSimulator


class LoadSimulator(TwilioSimulator):
    """Twilio simulator that records times. It posts no status callbacks, which do not add latency."""

    def __init__(self, *, account_sid: str, auth_token: str, webhook_url: str) -> None:
        super().__init__(
            account_sid=account_sid,
            auth_token=auth_token,
            webhook_url=webhook_url,
            seed=1,
            max_messages=20_000,
            segments_per_second=1_000.0,  # sender queues are not part of the measurement
        )
        self._replies: dict[str, asyncio.Future[float]] = {}
        self._responses: dict[str, tuple[int, float]] = {}

    def expect_reply(self, contact: str) -> asyncio.Future[float]:
        """Return the time of the next reply to a contact, in seconds of `perf_counter`."""
        self._replies[contact] = reply = asyncio.get_running_loop().create_future()
        return reply

    def forget_reply(self, contact: str) -> None:
        """Expect no reply any longer."""
        self._replies.pop(contact, None)

    def take_response(self, message_id: str) -> tuple[int, float]:
        """Return the status of a message's webhook, 0 for none, and its time; and forget them."""
        return self._responses.pop(message_id, (0, perf_counter()))

    def handle(
        self, request: SimulatorRequest, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Answer an API call; a message that was sent is its contact's reply."""
        response, _ = super().handle(request, now)
        if request.method == "POST" and response.status < 300:
            contact = parse_qs(request.body.decode()).get("To", [""])[0]
            if (reply := self._replies.pop(contact, None)) is not None and not reply.done():
                reply.set_result(perf_counter())
        return response, []

    def handle_delivery_result(
        self, delivery: WebhookDelivery, result: WebhookResult, now: float
    ) -> list[WebhookDelivery]:
        """Record the response to a message's first webhook; a refused one is not retried."""
        message_id = parse_qs(delivery.body.decode()).get("MessageSid", [""])[0]
        self._responses[message_id] = (result.status or 0, perf_counter())
        return []
