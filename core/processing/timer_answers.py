"""Builds the commits of expired timers."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from core.log_context import error_location
from core.model import AutomaticTransition, FailureKind, FiredTimer, Owner, TimerKind, next_owner
from core.ports import Commit, Dialog, SessionView, TurnOutcome
from core.processing.replies import ReplyBuilder
from core.processing.retry_policy import ProcessingLimits
from core.time_limit import TimeLimit

log = logging.getLogger("turngate.drain")


class TimerAnswers:
    """Runs the dialog for expired timers."""

    def __init__(self, dialog: Dialog, limits: ProcessingLimits, replies: ReplyBuilder[Any]) -> None:
        self._dialog = dialog
        self._limits = limits
        self._replies = replies

    async def answer(self, fired: FiredTimer, view: SessionView) -> Commit:
        """Run an expired timer. It is not retried: the next message continues as if it had not fired."""
        outcome = "undelivered" if fired.timer is TimerKind.UNDELIVERED else "timed_out"
        failure = {"failure": fired.failure} if fired.failure else {}
        unchanged = Commit(
            turns=(),
            state=view.state,
            fired_timer=fired.timer,
            timer_name=fired.name,
            outcome=outcome,
            details=failure,
        )
        # the timer of a message that failed because of an opt-out may need an agent
        is_silent = view.opted_out and fired.failure is not FailureKind.OPTED_OUT
        if (
            view.owner in (Owner.HUMAN, Owner.CLOSED)
            or is_silent
            or self._limits.give_up_reason(view.tries, view.deaths)
        ):
            return unchanged
        try:
            with TimeLimit(self._limits.turn_seconds):
                state = {**(view.state or {}), "undelivered": fired.failure} if fired.failure else view.state
                turn_outcome = await self._dialog.handle_timeout(state, fired.address, fired.timer)
            replies = self._replies.build(fired.name, fired.address, turn_outcome)
        except Exception as error:  # as in `TurnAnswers`
            log.error(
                "handling a timer failed: %s at %s; it is not retried",
                type(error).__name__,
                error_location(error),
            )
            turn_outcome, replies = TurnOutcome(state=view.state or {}), ()
        next_state = (
            next_owner(view.owner, AutomaticTransition.HAND_OFF_TIMEOUT)
            if fired.timer is TimerKind.HAND_OFF
            else None
        )
        return replace(
            unchanged,
            state=turn_outcome.state,
            replies=replies,
            delivers_via_log=self._replies.reads_log(fired.address),
            owner=Owner.WAITING if turn_outcome.hand_off else next_state,
            ownership_expires=not self._replies.has_desk(fired.address),
            timer=next_timer(turn_outcome),
            opts_out=turn_outcome.opt_out,
            reminders=turn_outcome.reminders,
            details={"node": turn_outcome.node, "edge": turn_outcome.edge, **failure},
        )


def next_timer(outcome: TurnOutcome) -> tuple[TimerKind, float] | None:
    """Return the timer that an outcome starts, and after how many seconds it expires."""
    if outcome.timeout is None:
        return None
    return (TimerKind.HAND_OFF if outcome.hand_off else TimerKind.INACTIVITY), outcome.timeout
