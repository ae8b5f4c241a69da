"""Builds the commits of turns, including those that skip the dialog."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import Any

from core.errors import EncryptionKeyMissing, Superseded
from core.log_context import error_location, log_extra
from core.model import (
    ConsentRequest,
    ControlAction,
    Message,
    Reply,
    Turn,
    can_bot_answer,
    next_owner,
)
from core.ports import (
    Channel,
    Commit,
    Dialog,
    ErrorMessages,
    Mailbox,
    SessionView,
    State,
    TurnOutcome,
)
from core.processing.concurrency import (
    CommitBarrier,
    Concurrency,
    ConcurrencyPolicy,
    bypasses_policy,
    merge_turns,
)
from core.processing.replies import ReplyBuilder, mark_confirmations
from core.processing.retry_policy import ProcessingLimits
from core.processing.timer_answers import next_timer
from core.steps import Step, current_trace
from core.time_limit import TimeLimit

log = logging.getLogger("turngate.drain")


class TurnAnswers:
    """Runs the dialog within its limits; a turn that cannot be answered is retried, given up or dropped."""

    def __init__(
        self,
        *,
        mailbox: Mailbox,
        dialog: Dialog,
        channels: Mapping[str, Channel[Any]],
        limits: ProcessingLimits,
        concurrency: Mapping[str, Concurrency],
        error_messages: Callable[[Turn, State | None], ErrorMessages],
    ) -> None:
        """See `SessionProcessor`; the `mailbox` only tells of messages that arrive meanwhile."""
        self._mailbox = mailbox
        self._dialog = dialog
        self._channels = channels
        self._limits = limits
        self._concurrency = concurrency
        self._error_messages = error_messages
        self._replies = ReplyBuilder(channels)

    async def answer(
        self, session: str, turns: tuple[Turn, ...], view: SessionView, first_seen_at: float
    ) -> Commit | None:
        """Process turns as a step of their trace, which the replies continue."""
        with Step("process", {"channel": turns[0].address.channel}, turns[0].trace):
            commit = await self._process(session, turns, view, first_seen_at)
            trace = current_trace()
        if commit is None or not trace:
            return commit
        replies = tuple(reply.model_copy(update={"trace": trace}) for reply in commit.replies)
        return replace(commit, replies=replies)

    async def _process(
        self, session: str, turns: tuple[Turn, ...], view: SessionView, first_seen_at: float
    ) -> Commit | None:
        """Answer these turns as one; returns `None` when the dialog failed and may be retried.

        `first_seen_at` is when this process first saw the first of them, by its monotonic clock.
        Raises `Superseded` when they are to be answered again together with newer messages.
        """
        turn = merge_turns(turns)
        if commit := self._answer_without_dialog(turns, turn, view):
            return commit
        overflow = (
            (Message(text=self._error_messages(turn, view.state).mailbox_overflow),)
            if view.overflowed
            else ()
        )
        try:
            with Step("turn", {"channel": turn.address.channel}), TimeLimit(self._limits.turn_seconds):
                outcome = await self._run_dialog(session, turn, view, first_seen_at)
            replies = self._replies.build(turn.id, turn.address, outcome, overflow)
        except (Superseded, EncryptionKeyMissing):
            raise
        except Exception as error:  # a flow, model or tool may raise anything; the session must continue
            log.error(
                "turn failed, attempt %d: %s at %s",
                view.tries + 1,
                type(error).__name__,
                error_location(error),
                extra=log_extra("turn_failed", message=turn.id, account=_account_name(turn)),
            )
            return None
        return self._build_commit(turns, turn, view, outcome, replies)

    def _answer_without_dialog(self, turns: tuple[Turn, ...], turn: Turn, view: SessionView) -> Commit | None:
        """Return the commit of turns that skip the dialog, including those that are given up."""
        if not can_bot_answer(view.owner):
            return Commit(turns=turns, state=view.state, outcome=f"silent_{view.owner}")
        if turn.request:
            return self._confirm_request(turn, turn.request, view)
        if view.opted_out:
            return Commit(turns=turns, state=view.state, outcome="silent_opted_out")
        if self._are_too_old(turns, view):
            return Commit(turns=turns, state=view.state, outcome="too_old")
        if reason := self._limits.give_up_reason(view.tries, view.deaths):
            replies = self._build_notice(turn, self._error_messages(turn, view.state).processing_failed)
            reads_log = self._replies.reads_log(turn.address)
            return Commit(
                turns=turns,
                state=view.state,
                replies=replies,
                delivers_via_log=reads_log,
                outcome="dead",
                dead_letter_reason=reason,
            )
        return None

    def _build_commit(
        self,
        turns: tuple[Turn, ...],
        turn: Turn,
        view: SessionView,
        outcome: TurnOutcome,
        replies: tuple[Reply, ...],
    ) -> Commit:
        return Commit(
            turns=turns,
            state=outcome.state,
            replies=replies,
            marks_first_reply=True,
            delivers_via_log=self._replies.reads_log(turn.address),
            reports_overflow=view.overflowed,
            outcome=outcome.outcome,
            owner=next_owner(view.owner, ControlAction.HAND_OFF) if outcome.hand_off else None,
            ownership_expires=not self._replies.has_desk(turn.address),
            timer=next_timer(outcome),
            opts_out=outcome.opt_out,
            reminders=outcome.reminders,
            details={"node": outcome.node, "edge": outcome.edge, **_log_details(outcome)},
        )

    def _confirm_request(self, turn: Turn, request: ConsentRequest, view: SessionView) -> Commit:
        """Answer an opt-out or opt-in with one sentence, unless the provider does; the dialog stays."""
        messages = self._error_messages(turn, view.state)
        text = {
            ConsentRequest.OPT_OUT: messages.opted_out,
            ConsentRequest.MARKETING_OPT_OUT: messages.opted_out_of_marketing,
            ConsentRequest.OPT_IN: messages.opted_in,
        }[request]
        replies = () if turn.request_confirmed else self._build_notice(turn, text)
        return Commit(
            turns=(turn,),
            state=view.state,
            replies=mark_confirmations(replies),
            marks_first_reply=True,
            delivers_via_log=self._replies.reads_log(turn.address),
            outcome=request,
        )

    async def _run_dialog(
        self, session: str, turn: Turn, view: SessionView, first_seen_at: float
    ) -> TurnOutcome:
        """Return the dialog's outcome. Raises `Superseded` when a message arrived that is to be merged."""
        concurrency = self._concurrency.get(turn.address.channel, Concurrency())
        cannot_restart = (
            concurrency.policy is not ConcurrencyPolicy.INTERRUPT
            or monotonic() - first_seen_at > concurrency.cap
        )
        if cannot_restart or bypasses_policy(turn):
            return await self._dialog.answer(turn, view.state)
        barrier = CommitBarrier()
        with self._mailbox.watch_arrivals(session) as arrived:
            answer_task = asyncio.create_task(self._dialog.answer(turn, view.state, listener=barrier))
            arrival_task = asyncio.create_task(arrived.wait())
            try:
                await asyncio.wait({answer_task, arrival_task}, return_when=asyncio.FIRST_COMPLETED)
                if answer_task.done() or barrier.is_crossed:
                    return await answer_task
                raise Superseded
            finally:
                arrival_task.cancel()
                answer_task.cancel()
                await asyncio.wait({answer_task})  # it must not run concurrently with the restarted turn

    def _build_notice(self, turn: Turn, text: str) -> tuple[Reply, ...]:
        """Build the replies of one sentence, none if the turn's channel is not configured any more."""
        if turn.address.channel not in self._channels:
            return ()
        return self._replies.render(turn.id, turn.address, (Message(text=text),))

    def _are_too_old(self, turns: tuple[Turn, ...], view: SessionView) -> bool:
        """Return whether the newest of these turns, by the provider's time, is too old for an answer."""
        sent_at, limit = turns[-1].at, self._limits.message_seconds
        return bool(limit and sent_at and view.read_at_ms) and view.read_at_ms / 1000 - sent_at > limit


def _log_details(outcome: TurnOutcome) -> dict[str, str]:
    """Return details for the session's log.

    A failed transcription, the session that this one continues, problems with the text such as a cut, the
    language model with its tokens, the models that failed and why, the tools and actions that were called.
    """
    names = ("unheard", "goes_on_from", "trouble", "model", "tokens", "model_failures", "used")
    return {name: text for name in names if (text := outcome.details.get(name, "0")) != "0"}


def _account_name(turn: Turn) -> str:
    return f"{turn.address.channel}:{turn.address.account}"
