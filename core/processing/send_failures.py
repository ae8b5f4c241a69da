"""Failed sends: whether they are final, the wait before the next try, and the pause of an account."""

from __future__ import annotations

from typing import NamedTuple

from core.errors import DeliveryError, Rejected, Throttled, Unavailable, Unknown
from core.model import FailureKind, Reply
from core.ports import SendPause, SessionView
from core.processing.retry_policy import ProcessingLimits

_SHORT_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 600.0
"""Longest pause of an account: a wrong `Retry-After` must not stop more than the one reply for longer."""


class Wait(NamedTuple):
    """The wait after a failed send, in seconds.

    The circuit breaker of the account is open for `cooldown_seconds`. With `concerns_account` the failure
    counts for the account.
    """

    seconds: float
    cooldown_seconds: float = 0.0
    concerns_account: bool = True


def plan_wait(error: DeliveryError, limits: ProcessingLimits, attempt: int, age: float) -> Wait:
    """Return the wait by exponential backoff, and for at least as long as the provider asks."""
    seconds = limits.backoff(attempt, age)
    match error:
        case Rejected():
            return Wait(limits.max_delay, limits.max_delay)
        case Throttled(retry_after=retry_after):
            return Wait(max(seconds, retry_after or 0.0), concerns_account=False)
        case Unavailable(retry_after=retry_after, one_contact=one_contact):
            return Wait(max(seconds, retry_after or 0.0), concerns_account=not one_contact)
        case Unknown(retry_after=retry_after):
            return Wait(max(seconds, retry_after or 0.0))
    return Wait(seconds)


def build_pause(reply: Reply, error: Throttled) -> SendPause:
    """Return for how long the account or number of a throttled reply sends nothing.

    A `Retry-After` of 0, or a date that has passed, means no pause.
    """
    pause = min(max(error.retry_after or 0.0, _SHORT_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
    return SendPause(reply, pause, error.one_number)


def is_final(error: DeliveryError) -> bool:
    """Return whether no later try can succeed; an account-wide rejection ends when the operator acts."""
    return isinstance(error, Rejected) and error.failure is not FailureKind.ACCOUNT


def classify_failure(error: DeliveryError) -> FailureKind:
    """Classify the error with which a reply was given up, as a status would report it."""
    return error.failure if isinstance(error, Rejected) else FailureKind.TEMPORARY


def reply_age(reply: Reply, view: SessionView) -> float:
    """Return the seconds since the reply was committed; 0 if the store has not said so."""
    if not reply.committed_at_ms or not view.read_at_ms:
        return 0.0
    return (view.read_at_ms - reply.committed_at_ms) / 1000
