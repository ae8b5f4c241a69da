"""Fakes of a provider and a dialog."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from core.errors import DeliveryError, Unknown
from core.model import Address, Event, Message, MessagePart, Reply, Route, SentMessage, TimerKind, Turn
from core.ports import Capabilities, State, TurnListener, TurnOutcome, Webhook, WebhookResponse

ADDRESS = Address(channel="fake", account="A1", ours="+15550100", theirs="+15550170")


def build_turn(number: int, session: str = "fake:1", text: str = "") -> Turn:
    """Build the `number`-th turn of a session."""
    return Turn(id=f"M{number}", session=session, address=ADDRESS, text=text or f"text {number}")


class FakeChannel:
    """Provider that records accepted replies and fails on demand: one planned failure per send.

    A failure given as `(error, True)` accepts the reply before it fails, as a timeout does.
    """

    name = "fake"

    def __init__(self, *, look_up: bool = True, desk: bool = False) -> None:
        self.capabilities = Capabilities(
            max_webhook_bytes=1000, max_webhook_fields=10, text_length=100, look_up=look_up, desk=desk
        )
        self.sent_replies: list[Reply] = []
        self.planned_failures: list[tuple[DeliveryError, bool] | None] = []
        self.look_ups = 0
        self.before_send: Callable[[Reply], None] = lambda reply: None
        self.open_thread: Callable[[Reply], SentMessage | None] = lambda reply: None

    def verify(self, webhook: Webhook) -> None:
        """Accept every webhook."""

    def parse(self, webhook: Webhook) -> list[Event]:
        """Return no events."""
        return []

    def answer(self, webhook: Webhook, events: Sequence[Event]) -> WebhookResponse:
        """Return an empty response."""
        return WebhookResponse()

    def render(self, message: Message, address: Address) -> list[MessagePart]:
        """Split a message into one part per line; its files go with the first."""
        if message.template:
            return [MessagePart(body="", template=message.template)]
        parts = [MessagePart(body=line) for line in message.text.splitlines()]
        return [part.model_copy(update={"media": message.media}) for part in parts[:1]] + parts[1:]

    async def send(self, reply: Reply, http: object) -> SentMessage:
        """Accept the reply, or fail as planned."""
        self.before_send(reply)
        failure = self.planned_failures.pop(0) if self.planned_failures else None
        if failure is None or failure[1]:
            self.sent_replies.append(reply)
        if failure is not None:
            raise failure[0]
        return self.open_thread(reply) or SentMessage(provider_id=f"P{len(self.sent_replies)}")

    async def find_sent(
        self, reply: Reply, http: object, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        """Look up among the accepted replies."""
        self.look_ups += 1
        for number, taken in enumerate(self.sent_replies, start=1):
            if taken.body == reply.body and f"P{number}" not in known:
                return SentMessage(provider_id=f"P{number}")
        return None

    def classify(self, error: Exception) -> DeliveryError:
        """Return an unknown outcome."""
        return Unknown(type(error).__name__)

    @property
    def bodies(self) -> list[str]:
        """Bodies of the accepted replies, in order."""
        return [reply.body for reply in self.sent_replies]


class EchoDialog:
    """Dialog that echoes the text and counts the turns in its state."""

    def __init__(self) -> None:
        self.handled: list[str] = []
        self.planned_failures: list[Exception] = []
        self.answers_undelivered = False
        self.fallback: Route | None = None
        self.hand_off_text = ""
        self.timeout: float | None = None

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        """Echo, or raise the next planned failure."""
        self.handled.append(turn.id)
        if self.planned_failures:
            raise self.planned_failures.pop(0)
        number = int(str((state or {}).get("turns", 0))) + 1
        return TurnOutcome(
            state={"turns": number},
            messages=(Message(text=f"{number}: {turn.text}", fallback=self.fallback),),
            hand_off=turn.text == self.hand_off_text,
            timeout=self.timeout,
        )

    async def handle_timeout(self, state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        """Return one reminder."""
        self.handled.append("timer")
        if self.planned_failures:
            raise self.planned_failures.pop(0)
        if timer is TimerKind.UNDELIVERED and not self.answers_undelivered:
            return TurnOutcome(state=state or {})
        text = "did that reach you?" if timer is TimerKind.UNDELIVERED else "are you there?"
        return TurnOutcome(state={**(state or {}), "waited": True}, messages=(Message(text=text),))


class CostlyDialog(EchoDialog):
    """A dialog that uses 100 tokens of a language model for each turn."""

    async def answer(self, *arguments: Any, **more: Any) -> TurnOutcome:
        outcome = await super().answer(*arguments, **more)
        return outcome._replace(details={"tokens": "100", "trouble": 'he said "tokens":"9"'})
