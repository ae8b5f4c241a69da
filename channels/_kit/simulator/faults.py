"""Faults that a simulator injects: failing calls, repeated and shuffled webhooks, failures reported later."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import Final

from channels._kit.simulator.exchange import MalformedRequest, SimulatorResponse, WebhookDelivery

log = logging.getLogger("turngate.simulator")

_HANG_SECONDS: Final = 60.0

Exchange = tuple[SimulatorResponse, list[WebhookDelivery]]
"""Response to a request, and the webhooks that follow."""


class Operation(StrEnum):
    """Kind of API call to which a fault may apply."""

    SEND = "send"
    """A message or a comment."""
    LOOK_UP = "look_up"
    """Reading a message, a conversation or a list."""
    UPLOAD = "upload"
    CONTROL = "control"
    """Assignment, tag, hand-over."""


class Fault(StrEnum):
    """Failure of one API call."""

    NONE = "none"
    TOO_MANY = "429"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    ERROR_AFTER = "500_after"
    """The message is accepted, but the response is an error."""
    TIMEOUT_AFTER = "timeout_after"
    """The message is accepted, but the response comes after the client's timeout."""
    DROP_AFTER = "drop_after"
    """The message is accepted, then the connection breaks."""
    DROP_BEFORE = "drop_before"
    """The connection breaks and nothing was accepted."""


@dataclass(frozen=True, slots=True)
class FaultSettings:
    """Failures that a simulator injects; probabilities are 0 to 1, times in seconds.

    `next` are the faults of the next calls of one of the `operations`, one each; after them such a call meets
    one of `kinds` with probability `chance`. With probability `late_failures` an accepted message is reported
    as undelivered afterwards, with one of `late_codes`, or of the provider's typical codes if it is empty.
    """

    next: tuple[Fault, ...] = ()
    chance: float = 0.0
    kinds: tuple[Fault, ...] = ()
    webhooks_twice: float = 0.0
    webhooks_shuffled: float = 0.0
    statuses_twice: float = 0.0
    statuses_shuffled: float = 0.0
    statuses_late: float = 0.0
    answer_delay: float = 0.0
    operations: tuple[Operation, ...] = (Operation.SEND,)
    late_failures: float = 0.0
    late_codes: tuple[str, ...] = ()


class FaultInjector:
    """Applies fault settings to the calls and webhooks of one simulator."""

    def __init__(self, random: Random, responses: Mapping[Fault, SimulatorResponse]) -> None:
        """Create an injector without faults; `responses` are the provider's error responses by fault.

        They must contain `SERVER_ERROR`, which is also the response of `ERROR_AFTER`.
        """
        self.settings = FaultSettings()
        self._random = random
        self._responses = {**responses, Fault.DROP_BEFORE: SimulatorResponse(status=0, drop=True)}
        self._next: deque[Fault] = deque()

    def configure(self, settings: FaultSettings) -> None:
        """Replace the faults."""
        self.settings = settings
        self._next = deque(settings.next)

    def apply(self, operation: Operation | None, process: Callable[[], Exchange]) -> Exchange:
        """Process a call under the next fault of its operation; no fault applies to the operation `None`.

        A crash of the simulator itself is logged as an error, which fails a test.
        """
        fault = self._draw(operation)
        if fault in self._responses:
            return self._responses[fault], []
        try:
            response, deliveries = process()
        except MalformedRequest:
            raise
        except Exception:  # an error of the simulator itself must not be taken for a simulated one
            log.exception("the simulator crashed; this is a fault of the simulator, not of the request")
            raise
        if response.status >= 400:
            return response, deliveries
        match fault:
            case Fault.ERROR_AFTER:
                response = self._responses[Fault.SERVER_ERROR]
            case Fault.TIMEOUT_AFTER:
                response = replace(response, delay=_HANG_SECONDS)
            case Fault.DROP_AFTER:
                response = replace(response, drop=True)
            case _ if operation is Operation.SEND:
                response = replace(response, delay=self.settings.answer_delay)
        return response, deliveries

    def draw_late_failure(self, codes: Sequence[str]) -> str:
        """Return the code with which an accepted message is reported as undelivered; empty: it arrives."""
        if not self.settings.late_failures or self._random.random() >= self.settings.late_failures:
            return ""
        return self._random.choice(self.settings.late_codes or codes)

    def spread_webhook(self, delivery: WebhookDelivery) -> list[WebhookDelivery]:
        """Delay a webhook, and perhaps repeat it."""
        delay = self.settings.webhooks_shuffled
        first = replace(delivery, at=delivery.at + self.random_delay(delay))
        if self._random.random() >= self.settings.webhooks_twice:
            return [first]
        return [first, replace(delivery, at=delivery.at + self.random_delay(max(delay, 1.0)))]

    def spread_status(self, delivery: WebhookDelivery) -> list[WebhookDelivery]:
        """Delay a status callback, and perhaps repeat it."""
        settings = self.settings
        at = delivery.at + settings.statuses_late + self.random_delay(settings.statuses_shuffled)
        first = replace(delivery, at=at)
        if self._random.random() >= settings.statuses_twice:
            return [first]
        return [first, replace(first, at=at + self.random_delay(1.0))]

    def random_delay(self, maximum: float) -> float:
        """Return a random time up to `maximum` seconds."""
        return self._random.random() * maximum if maximum > 0 else 0.0

    def _draw(self, operation: Operation | None) -> Fault:
        if operation not in self.settings.operations:
            return Fault.NONE
        if self._next:
            return self._next.popleft()
        if self.settings.kinds and self._random.random() < self.settings.chance:
            return self._random.choice(self.settings.kinds)
        return Fault.NONE
