"""Processes one session from claim to release, against ports only (guarantees L4 to L10)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from enum import StrEnum
from time import monotonic
from typing import Generic

from core.errors import LeaseLost, Superseded
from core.log_context import log_extra, log_fields
from core.model import (
    Turn,
)
from core.ports import (
    Channel,
    Claim,
    Dialog,
    ErrorMessages,
    Forwarder,
    Http,
    Lease,
    Mailbox,
    SessionView,
    State,
)
from core.processing.concurrency import (
    Concurrency,
    turns_to_merge,
)
from core.processing.delivery import OutboxSender, QuietUntil
from core.processing.replies import ReplyBuilder
from core.processing.retry_policy import ProcessingLimits
from core.processing.timer_answers import TimerAnswers
from core.processing.turn_answers import TurnAnswers

log = logging.getLogger("turngate.drain")

_SURVIVAL_REPORTS = 7


class ProcessResult(StrEnum):
    """Outcome of a run of the session processor."""

    EMPTY = "empty"
    HELD = "held"
    POSTPONED = "postponed"
    REQUEUED = "passed_on"
    LEASE_LOST = "lost"


class SessionProcessor(Generic[Http]):
    """Processes sessions; keeps nothing of a session between two runs."""

    def __init__(  # noqa: PLR0913 - keyword-only, one per port
        self,
        *,
        mailbox: Mailbox,
        dialog: Dialog,
        channels: Mapping[str, Channel[Http]],
        http: Http,
        limits: ProcessingLimits | None = None,
        concurrency: Mapping[str, Concurrency] | None = None,
        error_messages: Callable[[Turn, State | None], ErrorMessages] = lambda turn, state: ErrorMessages(),
        forwarder: Forwarder | None = None,
        quiet_until: QuietUntil | None = None,
    ) -> None:
        """Configure the processor.

        `concurrency` holds each channel's policy by name; channels without one queue. `error_messages`
        returns the error messages in the session's language. `forwarder` queues replies on other channels of
        their contact; `quiet_until` returns the end of a contact's quiet hours.
        """
        self._mailbox = mailbox
        self._limits = limits or ProcessingLimits()
        self._answers = TurnAnswers(
            mailbox=mailbox,
            dialog=dialog,
            channels=channels,
            limits=self._limits,
            concurrency=concurrency or {},
            error_messages=error_messages,
        )
        self._timers = TimerAnswers(dialog, self._limits, ReplyBuilder(channels))
        self._sender = OutboxSender(mailbox, channels, http, self._limits, forwarder, quiet_until)
        self._shutting_down = False

    def shut_down(self) -> None:
        """Begin a graceful shutdown: end every run after its current turn and requeue the rest."""
        self._shutting_down = True

    async def run(self, session: str) -> ProcessResult:
        """Claim a session and process it, unless another worker holds it."""
        claim = await self._mailbox.claim(session)
        return ProcessResult.HELD if claim is None else await self.process_claim(claim)

    async def process_claim(
        self, claim: Claim, isolation: AbstractAsyncContextManager[None] | None = None
    ) -> ProcessResult:
        """Process a claimed session until it is empty, must wait, or has had its share.

        `isolation` is entered, under the lease, before the session starts.
        """
        lease = claim.lease
        try:
            with log_fields(session=lease.session):
                async with self._mailbox.keep_lease_alive(lease), isolation or nullcontext():
                    view = claim.view if claim.is_started else await self._mailbox.read_session(lease)
                    return await self._process(lease, view)
        except LeaseLost as error:
            log.warning(
                "lease lost; another worker may process the session: %s",
                error,
                extra=log_extra("lease_lost", session=lease.session),
            )
            await self._report_survival(lease, error)
            return ProcessResult.LEASE_LOST
        except asyncio.CancelledError:
            with suppress(Exception):  # the worker is about to exit; it cannot wait for the store
                await self._mailbox.report_survival(lease)
            raise
        except Exception as error:  # errors of the store, or of a turn result that cannot be stored
            await self._report_survival(lease, error)
            raise

    async def _report_survival(self, lease: Lease, cause: Exception) -> None:
        """Report that this worker is alive.

        The store may be unavailable, which may be why the lease was lost.
        """
        for attempt in range(_SURVIVAL_REPORTS):
            try:
                await self._mailbox.report_survival(lease, cause)
            except Exception as error:  # the store's client decides what it raises
                log.warning("cannot report that a worker survived; retrying: %s", type(error).__name__)
                await asyncio.sleep(self._limits.backoff(attempt))
            else:
                return

    async def _process(self, lease: Lease, view: SessionView) -> ProcessResult:
        turns_left = self._limits.turns
        first_seen_at = monotonic()
        deadline = first_seen_at + self._limits.seconds
        while True:
            if view.outbox:
                next_view = await self._sender.send_next(lease, view)
                if next_view is None:
                    return ProcessResult.POSTPONED
                view = next_view
            elif view.turns:
                if turns_left == 0 or monotonic() > deadline or self._shutting_down:
                    await self._mailbox.requeue(lease)
                    return ProcessResult.REQUEUED
                turns_left -= 1
                try:
                    commit = await self._answers.answer(
                        lease.session, turns_to_merge(view.turns), view, first_seen_at
                    )
                except Superseded:
                    view = await self._mailbox.read_session(lease, again=True)
                    continue
                if commit is None:
                    wait = self._limits.backoff(view.tries + 1)
                    await self._mailbox.retry_turn(lease, wait)
                    return ProcessResult.POSTPONED
                view = await self._mailbox.commit(lease, commit, leave=True)
                first_seen_at = monotonic()
            elif view.fired_timer:
                view = await self._mailbox.commit(
                    lease, await self._timers.answer(view.fired_timer, view), leave=True
                )
            elif view.lease_released or await self._mailbox.release(lease):
                return ProcessResult.EMPTY
            else:
                view = await self._mailbox.read_session(lease)
