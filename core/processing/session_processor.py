"""One session's work from claim to release, against ports only (laws L4 to L10)."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from time import monotonic
from typing import Generic

from core.errors import LeaseLost, Superseded
from core.model.message import Message, Reply, joined
from core.model.owner import Act, Owner, Passing, after, may_answer
from core.model.timer import Fired, Timer
from core.model.turn import Address, Turn
from core.ports.channel import Channel, Http
from core.ports.dialog import Dialog, Excuses, State, Step
from core.ports.mailbox import Claim, Commit, Lease, Mailbox, View
from core.processing.concurrency import Barrier, Concurrency, Policy, merged, stands_alone, together
from core.processing.delivery import Delivery
from core.processing.retry_policy import Bounds
from core.time_limit import TimeLimit

log = logging.getLogger("turngate.drain")


class Drained(StrEnum):
    """How a drain ended."""

    EMPTY = "empty"
    HELD = "held"
    POSTPONED = "postponed"
    PASSED_ON = "passed_on"
    LOST = "lost"


class Drain(Generic[Http]):
    """Runs sessions. Holds nothing of a session between two runs."""

    def __init__(
        self,
        *,
        mailbox: Mailbox,
        dialog: Dialog,
        channels: Mapping[str, Channel[Http]],
        http: Http,
        bounds: Bounds | None = None,
        concurrency: Mapping[str, Concurrency] | None = None,
        excuses: Callable[[Turn, State | None], Excuses] = lambda turn, state: Excuses(),
    ) -> None:
        """`concurrency` is each channel's policy, by name; without one, a channel's turns queue.

        `excuses` are in the language that a session speaks.
        """
        self._mailbox = mailbox
        self._concurrency = concurrency or {}
        self._dialog = dialog
        self._excuses = excuses
        self._channels = channels
        self._bounds = bounds or Bounds()
        self._delivery = Delivery(mailbox, channels, http, self._bounds)
        self._winding_down = False

    def wind_down(self) -> None:
        """From now on end every run at the next turn's end and pass the rest on to another worker."""
        self._winding_down = True

    async def run(self, session: str) -> Drained:
        """Claim a session and work on it, unless it is somebody else's."""
        claim = await self._mailbox.claim(session)
        return Drained.HELD if claim is None else await self.work(claim)

    async def work(self, claim: Claim) -> Drained:
        """Work on a claimed session until it is empty, must wait, or has had its share."""
        try:
            async with self._mailbox.kept(claim.lease):
                return await self._work(claim.lease, claim.view)
        except LeaseLost as error:
            log.warning("lease lost, another worker may have the session: %s", error)
            return Drained.LOST

    async def _work(self, lease: Lease, view: View) -> Drained:
        turns_left = self._bounds.turns
        begun = monotonic()
        end = begun + self._bounds.seconds
        while True:
            if view.outbox:
                after = await self._delivery.deliver(lease, view)
                if after is None:
                    return Drained.POSTPONED
                view = after
            elif view.turns:
                if turns_left == 0 or monotonic() > end or self._winding_down:
                    await self._mailbox.pass_on(lease)
                    return Drained.PASSED_ON
                turns_left -= 1
                try:
                    commit = await self._answer(lease.session, together(view.turns), view, begun)
                except Superseded:
                    view = await self._mailbox.look(lease, again=True)
                    continue
                if commit is None:
                    wait = self._bounds.backoff(view.tries)
                    await self._mailbox.postpone(lease, wait, "the dialog failed; it will be tried again")
                    return Drained.POSTPONED
                view = await self._mailbox.commit(lease, commit, leave=True)
                begun = monotonic()
            elif view.fired:
                view = await self._mailbox.commit(lease, await self._fire(view.fired, view), leave=True)
            elif view.released or await self._mailbox.release(lease):
                return Drained.EMPTY
            else:
                view = await self._mailbox.look(lease)

    async def _answer(self, session: str, turns: tuple[Turn, ...], view: View, begun: float) -> Commit | None:
        """What these turns, taken as one, come to; `None` when the dialog failed and may be tried again.

        `begun` is when this process first saw the first of them, by its monotonic clock. Raises `Superseded`
        when they are to be taken anew, together with what has come since.
        """
        turn = merged(turns)
        if not may_answer(view.owner):
            return Commit(turns=turns, state=view.state, outcome=f"silent_{view.owner}")
        if view.opted_out:
            return Commit(turns=turns, state=view.state, outcome="silent_opted_out")
        if view.tries > self._bounds.turn_tries:
            reason = f"gave up after {self._bounds.turn_tries} tries"
            replies = self._apology(turn, view)
            here = self._reads_log(turn.address)
            return Commit(
                turns=turns, state=view.state, replies=replies, read_here=here, outcome="dead", dead=reason
            )
        overflow = (Message(text=self._excuses(turn, view.state).overflow),) if view.overflowed else ()
        try:
            with TimeLimit(self._bounds.turn_seconds):
                step = await self._step(session, turn, view, begun)
            replies = self._all_replies(turn.id, turn.address, step, overflow)
        except Superseded:
            raise
        except (
            Exception
        ) as error:  # a flow, a model or a tool may fail in any way; none may block the session
            log.error("turn failed at try %d: %s at %s", view.tries, type(error).__name__, _where(error))
            return None
        return Commit(
            turns=turns,
            state=step.state,
            replies=replies,
            mark=True,
            read_here=self._reads_log(turn.address),
            told=view.overflowed,
            outcome=step.outcome,
            owner=after(view.owner, Act.HAND_OFF) if step.hand_off else None,
            lapses=not self._has_desk(turn.address),
            timer=_timer(step),
            details={"node": step.node, "edge": step.edge, **_told(step)},
        )

    async def _fire(self, fired: Fired, view: View) -> Commit:
        """What a timer comes to. It is not tried again: the next message goes on as if it had not been."""
        outcome = "undelivered" if fired.timer is Timer.UNDELIVERED else "timed_out"
        waited = Commit(turns=(), state=view.state, fired=fired.timer, outcome=outcome)
        if (
            view.owner in (Owner.HUMAN, Owner.CLOSED)
            or view.opted_out
            or view.tries > self._bounds.turn_tries
        ):
            return waited
        try:
            with TimeLimit(self._bounds.turn_seconds):
                step = await self._dialog.timed_out(view.state, fired.address, fired.timer)
            replies = self._all_replies(fired.name, fired.address, step)
        except Exception as error:  # as in a turn
            log.error("time-out failed: %s at %s", type(error).__name__, _where(error))
            step, replies = Step(state=view.state or {}), ()
        back = after(view.owner, Passing.TIME_OUT) if fired.timer is Timer.HAND_OFF else None
        return replace(
            waited,
            state=step.state,
            replies=replies,
            read_here=self._reads_log(fired.address),
            owner=Owner.WAITING if step.hand_off else back,
            lapses=not self._has_desk(fired.address),
            timer=_timer(step),
            details={"node": step.node, "edge": step.edge},
        )

    async def _step(self, session: str, turn: Turn, view: View, begun: float) -> Step:
        """The dialog's answer. Raises `Superseded` when a message came to be answered with this one."""
        concurrency = self._concurrency.get(turn.address.channel, Concurrency())
        firm = concurrency.policy is not Policy.INTERRUPT or monotonic() - begun > concurrency.cap
        if firm or stands_alone(turn):
            return await self._dialog.answer(turn, view.state)
        barrier = Barrier()
        with self._mailbox.arrivals(session) as arrived:
            answering = asyncio.create_task(self._dialog.answer(turn, view.state, watcher=barrier))
            coming = asyncio.create_task(arrived.wait())
            try:
                await asyncio.wait({answering, coming}, return_when=asyncio.FIRST_COMPLETED)
                if answering.done() or barrier.is_crossed:
                    return await answering
                raise Superseded
            finally:
                coming.cancel()
                answering.cancel()
                await asyncio.wait({answering})  # nothing of it may go on beside what is begun anew

    def _apology(self, turn: Turn, view: View) -> tuple[Reply, ...]:
        """One plain sentence, where the turn's channel is still configured."""
        if turn.address.channel not in self._channels:
            return ()
        return self._replies(turn.id, turn.address, (Message(text=self._excuses(turn, view.state).gave_up),))

    def _all_replies(
        self, to: str, address: Address, step: Step, more: tuple[Message, ...] = ()
    ) -> tuple[Reply, ...]:
        """What is said, and last what is done at the channel's desk: the hand-off, or the end."""
        can = self._channels[address.channel].capabilities
        said = self._replies(to, address, (*step.messages, *more))
        if step.hand_off and can.desk:
            return (*said, Reply(key=f"{to}.hand_off", address=address, body=step.summary, act="hand_off"))
        if step.outcome == "final" and can.closes:
            return (*said, Reply(key=f"{to}.close", address=address, body="", act="close"))
        return said

    def _has_desk(self, address: Address) -> bool:
        """Whether people work where the conversation takes place."""
        channel = self._channels.get(address.channel)
        return channel is not None and channel.capabilities.desk

    def _reads_log(self, address: Address) -> bool:
        channel = self._channels.get(address.channel)
        return channel is not None and channel.capabilities.reads_log

    def _replies(self, to: str, address: Address, messages: tuple[Message, ...]) -> tuple[Reply, ...]:
        """What answers the turn or the timer `to`, cut to the channel's limits."""
        channel = self._channels[address.channel]
        said = joined(messages) if channel.capabilities.one_message else messages
        parts = [part for message in said for part in channel.render(message, address)]
        return tuple(
            Reply(key=f"{to}.{number}", address=address, **vars(part))
            for number, part in enumerate(parts, start=1)
        )


def _told(step: Step) -> dict[str, str]:
    """For the session's log: why a voice note could not be heard, and the session that this one follows."""
    return {name: step.details[name] for name in ("unheard", "goes_on_from") if name in step.details}


def _timer(step: Step) -> tuple[Timer, float] | None:
    if step.timeout is None:
        return None
    return (Timer.HAND_OFF if step.hand_off else Timer.INACTIVITY), step.timeout


def _where(error: Exception) -> str:
    """The line that raised, without the message, which may quote a user's text (law L12)."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"
