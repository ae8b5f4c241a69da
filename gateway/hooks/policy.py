"""Schedule of retries, the age at which an event is given up, and pauses of a receiver that is down."""

from __future__ import annotations

from dataclasses import dataclass

from core.backoff import exponential_backoff
from core.model import FrozenModel
from gateway.hooks.attempt import AttemptResult

INITIAL_SECONDS = 5.0
MAX_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """Limits of deliveries. An event is given up `give_up_seconds` after it happened or was replayed.

    A receiver must answer within `attempt_seconds`. Up to `concurrency` sessions' events are sent at once,
    and none is begun `batch_seconds` after the first of a batch, so that the lease (`lease_seconds`) holds.
    After `failure_threshold` failures without a success the receiver counts as down: it gets one event at a
    time, with growing pauses.
    """

    give_up_seconds: float = 36 * 3_600.0
    attempt_seconds: float = 10.0
    batch_seconds: float = 15.0
    lease_seconds: float = 30.0
    batch_size: int = 64
    concurrency: int = 8
    failure_threshold: int = 5


class ReceiverState(FrozenModel):
    """State of a receiver: failures since the last success, and pauses since then."""

    failing: int = 0
    openings: int = 0

    def is_down(self, policy: DeliveryPolicy) -> bool:
        """Return whether the circuit breaker is open: one event is tried, nothing else is sent."""
        return self.failing >= policy.failure_threshold


def retry_seconds(attempts: int, retry_after: float) -> float:
    """Return the seconds until an event is tried again after `attempts` failed tries."""
    backoff = exponential_backoff(attempts - 1, initial=INITIAL_SECONDS, maximum=MAX_SECONDS)
    return max(backoff, min(retry_after, MAX_SECONDS))


def next_state(
    state: ReceiverState, results: list[AttemptResult], policy: DeliveryPolicy
) -> tuple[ReceiverState, float]:
    """Return the state after a batch, and the seconds for which nothing is sent.

    A rejection of one event (another 4xx) says that the receiver is up.
    """
    if any(not result.is_down for result in results):
        return ReceiverState(), 0.0
    state = state.model_copy(update={"failing": state.failing + len(results)})
    if not results or not state.is_down(policy):
        return state, 0.0
    retry_after = max(result.retry_after for result in results)
    state = state.model_copy(update={"openings": state.openings + 1})
    return state, retry_seconds(state.openings, retry_after)
