"""The provider in a storm: the simulator, never tired of delivering, with an ear for what our laws forbid."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from urllib.parse import parse_qs, parse_qsl

from channels._kit.simulator import SimulatorRequest, SimulatorResponse, UserMessage, WebhookDelivery
from channels.twilio.simulator.server import TwilioSimulator
from gateway.local.simulator_server import SimulatorServer

_MAX_ANSWER_DELAY = 16.0  # a second longer than our client waits
_RETRY_SECONDS = 1.0


@dataclass(slots=True)
class Recipient:
    """What the provider knows about one person: what they heard, and how it came.

    `sends` counts our calls, whatever became of them; `overlaps` those that came while another one was
    under way, which one holder of a session never does; `unasked` those after the bot had lost its voice
    (`silent`). `troubled` says that one of them met a fault; `newest` numbers the last message heard.
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
    """A simulator that tries a webhook until it is taken, and remembers who heard what until told to forget."""

    def __init__(self, *, account_sid: str, auth_token: str, webhook_url: str, seed: int, ours: str) -> None:
        super().__init__(
            account_sid=account_sid,
            auth_token=auth_token,
            webhook_url=webhook_url,
            seed=seed,
            sms_number=ours,
            max_messages=20_000,
        )
        self._header_random = Random(seed)  # noqa: S311 - repeatable on purpose
        self._recipients: dict[str, Recipient] = {}
        self._acceptance_events: dict[str, asyncio.Event] = {}
        self.duplicate_deliveries = 0

    def recipient(self, person: str) -> Recipient:
        """What is known of a person."""
        return self._recipients.setdefault(person, Recipient())

    def forget(self, person: str) -> None:
        """Let go of a person whose conversation was judged."""
        self._recipients.pop(person, None)

    def acceptance_event(self, sid: str) -> asyncio.Event:
        """Set once a message's webhook was answered with 2xx."""
        return self._acceptance_events.setdefault(sid, asyncio.Event())

    async def wait_until_accepted(self, sid: str) -> None:
        """Wait for that, and forget it."""
        await self.acceptance_event(sid).wait()
        del self._acceptance_events[sid]

    def handle(
        self, request: SimulatorRequest, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        """Answer a call, and note what it means for its person."""
        answer, follows = super().handle(request, now)
        if request.method != "POST" or not request.url.endswith("/Messages.json"):
            return answer, follows
        form = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        ear = self.recipient(form["To"][0])
        ear.sends += 1
        ear.overlaps += ear.busy_until > now
        late, failed = answer.delay > _MAX_ANSWER_DELAY, answer.drop or answer.status >= 400
        if late:
            answer = replace(answer, delay=_MAX_ANSWER_DELAY)
        ear.had_fault = ear.had_fault or late or failed
        ear.busy_until = 0.0 if late or failed else now + answer.delay
        ear.sends_while_silenced += ear.is_silenced
        newest = self.list_messages(now, person=form["To"][0], after=ear.last_message_number)[-1:]
        if newest and newest[0].direction == "out":
            ear.last_message_number = newest[0].number
            ear.received.append(newest[0].text)
            ear.message_received.set()
        if (
            answer.status == 429 and self._header_random.random() < 0.5
        ):  # Twilio sends the header at times only
            answer = replace(answer, headers={**answer.headers, "retry-after": "1"})
        return answer, follows

    def handle_delivery_result(
        self, delivery: WebhookDelivery, status: int | None, now: float, *, timed_out: bool = False
    ) -> list[WebhookDelivery]:
        """Note a message as taken; one that nobody took comes again, as often as it needs."""
        if b"MessageStatus=" in delivery.body:
            return []  # a lost status is the provider's to lose; there is always a later one
        if status is not None and status < 300:
            if event := self._acceptance_events.get(_message_sid(delivery)):
                event.set()
            return []
        if status is not None and status < 500:
            return []
        return [replace(delivery, at=now + _RETRY_SECONDS, attempt=delivery.attempt + 1)]


class StormServer(SimulatorServer):
    """Hosts the simulator, and lets people write in ways that the wire allows and nobody likes."""

    simulator: StormSimulator

    async def send_in_order(self, person: str, texts: Sequence[str], *, swapped: bool) -> list[str]:
        """Messages that arrive in the order of `texts`; their ids, once all were taken.

        Each webhook leaves when the one before was taken. `swapped`: they were written in the other order.
        """
        now = self._clock()
        order = list(reversed(texts)) if swapped else list(texts)
        written = [
            self.simulator.send_user_message(UserMessage(surface="sms", person=person, text=text), now)
            for text in order
        ]
        ids = []
        for sid, deliveries in reversed(written) if swapped else written:
            self.simulator.duplicate_deliveries += len(deliveries) > 1
            self.simulator.acceptance_event(sid)
            self._schedule_webhooks(deliveries)
            await self.simulator.wait_until_accepted(sid)
            ids.append(sid)
        return ids

    async def send_forged(self, person: str) -> int | None:
        """A message that the provider never signed; the answer's status."""
        _, deliveries = self.simulator.send_user_message(
            UserMessage(surface="sms", person=person, text="forged"), self._clock()
        )
        headers = {**deliveries[0].headers, "x-twilio-signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}
        status, _ = await self._post_webhook(replace(deliveries[0], headers=headers))
        return status


def _message_sid(delivery: WebhookDelivery) -> str:
    return dict(parse_qsl(delivery.body.decode())).get("MessageSid", "")
