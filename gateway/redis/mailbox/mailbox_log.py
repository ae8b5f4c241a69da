"""Log lines of the mailbox: refused replies, dead letters, circuit breakers, silenced sessions."""

from __future__ import annotations

import logging
from typing import Any

from core.log_context import log_extra
from core.model import FailureKind, Owner

log = logging.getLogger("turngate.mailbox")


def log_dead_turn(reason: str) -> None:
    """Log that a message was given up."""
    log.error(
        "a message was given up and became a dead letter (%s); see `turngate dead list`",
        reason,
        extra=log_extra("dead_letter_added", reason=reason),
    )


def log_hand_off(owner: Owner) -> None:
    """Log that the dialog hands the session off or closes it."""
    log.info("the dialog hands the session off: %s", owner, extra=log_extra("handed_off"))


def log_rejection(reason: str, *, code: str, failure: FailureKind, is_dead: bool) -> None:
    """Log that a reply was rejected for good, or given up because it was too old."""
    log.warning(
        "a reply was not sent and is not tried again (%s)%s: %s",
        failure,
        ", and is a dead letter; see `turngate dead list`" if is_dead else "",
        reason,
        extra=log_extra("dead_letter_added" if is_dead else "reply_refused", code=code, reason=reason),
    )


def log_full_hold() -> None:
    """Log that the oldest of the held replies was given up, because there were too many."""
    log.warning(
        "too many replies wait for the contact's next message; the oldest is a dead letter; see "
        "`turngate dead list`",
        extra=log_extra("dead_letter_added", code="window"),
    )


def log_dropped() -> None:
    """Log that a reply was discarded, because it may no longer be sent."""
    log.info(
        "a reply may no longer be sent: an agent has the session, or the contact or a template forbids it; "
        "`turngate why` shows the reason",
        extra=log_extra("reply_refused"),
    )


def log_reply_limit(answer: Any) -> None:
    """Log the start of a silence, which mark.lua reports as its third value."""
    if isinstance(answer, list) and len(answer) > 2:
        log.warning(
            "a session is silent from now on, because its contact got as many replies in an hour as "
            "TURNGATE_CONTACT_REPLIES permits; further ones wait; `turngate sessions` shows it",
            extra=log_extra("session_silenced"),
        )


def log_breaker_opened(account: str, reason: str) -> None:
    """Log that the circuit breaker of an account has opened."""
    log.warning(
        "%s: circuit breaker open after repeated failures, replies are queued: %s",
        account,
        reason,
        extra=log_extra("circuit_breaker_opened", account=account, reason=reason),
    )


def log_breaker_closed(account: str) -> None:
    """Log that the circuit breaker of an account has closed."""
    log.warning(
        "%s: circuit breaker closed, sends work again",
        account,
        extra=log_extra("circuit_breaker_closed", account=account),
    )
