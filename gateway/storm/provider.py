"""Simulated provider of the chaos test: retries webhooks without limit and observes violations."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from urllib.parse import parse_qs, parse_qsl

from channels._kit.simulator import (
    SimulatorRequest,
    SimulatorResponse,
    UserMessage,
    WebhookDelivery,
    WebhookResult,
)
from channels.twilio.simulator.server import TwilioSimulator
from gateway.local.simulator_server import SimulatorServer

_MAX_ANSWER_DELAY = 16.0  # one second longer than the gateway's client waits
_RETRY_SECONDS = 1.0


@dataclass(slots=True)
class Recipient:
    """The provider's observations of one contact: the replies received and how they were sent.

    `sends` counts the gateway's calls, whatever their outcome; `overlaps` those that came while another was
    in progress, which a session's single lease holder never does; `sends_while_silenced` those after the bot
    had to stop speaking (`is_silenced`). `had_fault`: one of them met an injected fault.
    `last_message_number` is the number of the last message received.
    """

    received: list[str] = field(default_factory=list)
    sends: int = 0
    overlaps: int = 0
    sends_while_silenced: int = 0
    is_silenced: bool = False
    last_message_number: int = 0
    had_fault: bool = False
    busy_until: float = 0.0
    message_received: asyncio.Event = field(default_factory=asyncio.Event)


class StormSimulator(TwilioSimulator):
    """Simulator that retries a webhook until it is accepted and records the replies of each contact."""

    def __init__(
        self, *, account_sid: str, auth_token: str, webhook_url: str, seed: int, business_number: str
    ) -> None:
        super().__init__(
            account_sid=account_sid,
            auth_token=auth_token,
            webhook_url=webhook_url,
            seed=seed,
            segments_per_second=1_000.0,  # the test sends more than a long code may send in a day
            sms_number=business_number,
            max_messages=20_000,
        )
        self._header_random = Random(seed)  # noqa: S311 - repeatable on purpose
        self._recipients: dict[str, Recipient] = {}
        self._acceptance_events: dict[str, asyncio.Event] = {}
        self.duplicate_deliveries = 0

    def recipient(self, contact: str) -> Recipient:
        """Return the observations of a contact."""
        return self._recipients.setdefault(contact, Recipient())

    def forget(self, contact: str) -> None:
        """Drop the observations of a contact whose conversation was checked."""
        self._recipients.pop(contact, None)

    def acceptance_event(self, sid: str) -> asyncio.Event:
        """Return the event that is set once a message's webhook was answered with 2xx."""
        return self._acceptance_events.setdefault(sid, asyncio.Event())

    async def wait_until_accepted(self, sid: str) -> None:
        """Wait until a message's webhook was accepted, then drop its event."""
        await self.acceptance_event(sid).wait()
        del self._acceptance_events[sid]

    def handle(
        self, request: SimulatorRequest, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Answer an API call and record what it means for its contact."""
        response, deliveries = super().handle(request, now)
        if request.method != "POST" or not request.url.endswith("/Messages.json"):
            return response, deliveries
        form = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        recipient = self.recipient(form["To"][0])
        recipient.sends += 1
        recipient.overlaps += recipient.busy_until > now
        is_late, has_failed = response.delay > _MAX_ANSWER_DELAY, response.drop or response.status >= 400
        if is_late:
            response = replace(response, delay=_MAX_ANSWER_DELAY)
        recipient.had_fault = recipient.had_fault or is_late or has_failed
        recipient.busy_until = 0.0 if is_late or has_failed else now + response.delay
        recipient.sends_while_silenced += recipient.is_silenced
        newest = self.list_messages(now, person=form["To"][0], after=recipient.last_message_number)[-1:]
        if newest and newest[0].direction == "out":
            recipient.last_message_number = newest[0].number
            recipient.received.append(newest[0].text)
            recipient.message_received.set()
        if (
            response.status == 429 and self._header_random.random() < 0.5
        ):  # Twilio sends this header only sometimes
            response = replace(response, headers={**response.headers, "retry-after": "1"})
        return response, deliveries

    def handle_delivery_result(
        self, delivery: WebhookDelivery, result: WebhookResult, now: float
    ) -> list[WebhookDelivery]:
        """Record an accepted webhook; schedule another attempt for one that was not, without limit."""
        if b"MessageStatus=" in delivery.body:
            return []  # a lost status is not retried: a later one always follows
        if result.status is not None and result.status < 300:
            if event := self._acceptance_events.get(_message_sid(delivery)):
                event.set()
            return []
        if result.status is not None and result.status < 500:
            return []
        return [replace(delivery, at=now + _RETRY_SECONDS, attempt=delivery.attempt + 1)]


class StormServer(SimulatorServer):
    """Host of the simulator that also sends messages out of order and with a forged signature."""

    simulator: StormSimulator

    async def send_in_order(self, contact: str, texts: Sequence[str], *, swapped: bool) -> list[str]:
        """Send messages that arrive in the order of `texts`; return their ids once all were accepted.

        Each webhook leaves when the previous one was accepted. `swapped`: they were written in the opposite
        order.
        """
        now = self._clock()
        written_order = list(reversed(texts)) if swapped else list(texts)
        sent = [
            self.simulator.send_user_message(UserMessage(surface="sms", person=contact, text=text), now)
            for text in written_order
        ]
        ids = []
        for sid, deliveries in reversed(sent) if swapped else sent:
            self.simulator.duplicate_deliveries += len(deliveries) > 1
            self.simulator.acceptance_event(sid)
            self._webhooks.schedule(deliveries)
            await self.simulator.wait_until_accepted(sid)
            ids.append(sid)
        return ids

    async def send_forged(self, contact: str) -> int | None:
        """Send a message with a wrong signature; return the status of the answer."""
        _, deliveries = self.simulator.send_user_message(
            UserMessage(surface="sms", person=contact, text="forged"), self._clock()
        )
        headers = {**deliveries[0].headers, "x-twilio-signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}
        result = await self._webhooks.post(replace(deliveries[0], headers=headers))
        return result.status


def _message_sid(delivery: WebhookDelivery) -> str:
    return dict(parse_qsl(delivery.body.decode())).get("MessageSid", "")
