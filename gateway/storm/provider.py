"""The provider in a storm: the twin, never tired of delivering, with an ear for what our laws forbid."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from urllib.parse import parse_qs, parse_qsl

from channels._kit.simulator import Delivery, Said, TwinRequest, TwinResponse
from channels.twilio.simulator.server import TwilioTwin
from gateway.local.simulator_server import TwinServer

_NO_ANSWER_SECONDS = 16.0  # a second longer than our client waits
_AGAIN_SECONDS = 1.0


@dataclass(slots=True)
class Ear:
    """What the provider knows about one person: what they heard, and how it came.

    `sends` counts our calls, whatever became of them; `overlaps` those that came while another one was
    under way, which one holder of a session never does; `unasked` those after the bot had lost its voice
    (`silent`). `troubled` says that one of them met a fault; `newest` numbers the last message heard.
    """

    heard: list[str] = field(default_factory=list)
    sends: int = 0
    overlaps: int = 0
    unasked: int = 0
    silent: bool = False
    newest: int = 0
    troubled: bool = False
    busy_until: float = 0.0
    told: asyncio.Event = field(default_factory=asyncio.Event)


class StormTwin(TwilioTwin):
    """A twin that tries a webhook until it is taken, and remembers who heard what until told to forget."""

    def __init__(self, *, account_sid: str, auth_token: str, webhook_url: str, seed: int, ours: str) -> None:
        super().__init__(
            account_sid=account_sid,
            auth_token=auth_token,
            webhook_url=webhook_url,
            seed=seed,
            sms_number=ours,
            remembered=20_000,
        )
        self._luck = Random(seed)  # noqa: S311 - repeatable on purpose
        self._ears: dict[str, Ear] = {}
        self._taken: dict[str, asyncio.Event] = {}
        self.twice = 0

    def ear(self, person: str) -> Ear:
        """What is known of a person."""
        return self._ears.setdefault(person, Ear())

    def forget(self, person: str) -> None:
        """Let go of a person whose conversation was judged."""
        self._ears.pop(person, None)

    def taken(self, sid: str) -> asyncio.Event:
        """Set once a message's webhook was answered with 2xx."""
        return self._taken.setdefault(sid, asyncio.Event())

    async def until_taken(self, sid: str) -> None:
        """Wait for that, and forget it."""
        await self.taken(sid).wait()
        del self._taken[sid]

    def handle(self, request: TwinRequest, now: float) -> tuple[TwinResponse, list[Delivery]]:
        """Answer a call, and note what it means for its person."""
        answer, follows = super().handle(request, now)
        if request.method != "POST" or not request.url.endswith("/Messages.json"):
            return answer, follows
        form = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        ear = self.ear(form["To"][0])
        ear.sends += 1
        ear.overlaps += ear.busy_until > now
        late, failed = answer.delay > _NO_ANSWER_SECONDS, answer.drop or answer.status >= 400
        if late:
            answer = replace(answer, delay=_NO_ANSWER_SECONDS)
        ear.troubled = ear.troubled or late or failed
        ear.busy_until = 0.0 if late or failed else now + answer.delay
        ear.unasked += ear.silent
        newest = self.lines(now, person=form["To"][0], after=ear.newest)[-1:]
        if newest and newest[0].direction == "out":
            ear.newest = newest[0].number
            ear.heard.append(newest[0].text)
            ear.told.set()
        if answer.status == 429 and self._luck.random() < 0.5:  # Twilio sends the header at times only
            answer = replace(answer, headers={**answer.headers, "retry-after": "1"})
        return answer, follows

    def delivered(
        self, delivery: Delivery, status: int | None, now: float, *, timed_out: bool = False
    ) -> list[Delivery]:
        """Note a message as taken; one that nobody took comes again, as often as it needs."""
        if b"MessageStatus=" in delivery.body:
            return []  # a lost status is the provider's to lose; there is always a later one
        if status is not None and status < 300:
            if event := self._taken.get(_sid(delivery)):
                event.set()
            return []
        if status is not None and status < 500:
            return []
        return [replace(delivery, at=now + _AGAIN_SECONDS, attempt=delivery.attempt + 1)]


class StormServer(TwinServer):
    """Hosts the twin, and lets people write in ways that the wire allows and nobody likes."""

    twin: StormTwin

    async def write(self, person: str, texts: Sequence[str], *, swapped: bool) -> list[str]:
        """Messages that arrive in the order of `texts`; their ids, once all were taken.

        Each webhook leaves when the one before was taken. `swapped`: they were written in the other order.
        """
        now = self._clock()
        order = list(reversed(texts)) if swapped else list(texts)
        written = [self.twin.say(Said(surface="sms", person=person, text=text), now) for text in order]
        ids = []
        for sid, deliveries in reversed(written) if swapped else written:
            self.twin.twice += len(deliveries) > 1
            self.twin.taken(sid)
            self._send_all(deliveries)
            await self.twin.until_taken(sid)
            ids.append(sid)
        return ids

    async def forge(self, person: str) -> int | None:
        """A message that the provider never signed; the answer's status."""
        _, deliveries = self.twin.say(Said(surface="sms", person=person, text="forged"), self._clock())
        headers = {**deliveries[0].headers, "x-twilio-signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}
        status, _ = await self._call(replace(deliveries[0], headers=headers))
        return status


def _sid(delivery: Delivery) -> str:
    return dict(parse_qsl(delivery.body.decode())).get("MessageSid", "")
