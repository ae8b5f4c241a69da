"""One session's work from claim to release, against ports only (laws L4 to L10)."""

from __future__ import annotations

import asyncio
import logging
import random
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from time import monotonic
from typing import Generic

from core.channel import Channel, Http
from core.dialog import Dialog
from core.errors import DeliveryError, LeaseLost, Rejected, Unavailable, Unknown
from core.mailbox import Commit, Lease, Mailbox, Trouble, View
from core.message import Message, Reply, SentMessage
from core.owner import Act, after, may_answer
from core.turn import Turn
from core.value import Value

log = logging.getLogger("turngate.drain")


class Drained(StrEnum):
    """How a drain ended."""

    EMPTY = "empty"
    HELD = "held"
    POSTPONED = "postponed"
    PASSED_ON = "passed_on"
    LOST = "lost"


class Bounds(Value):
    """How much one drain may do, and how often it tries. Times are in seconds."""

    turns: int = 50
    seconds: float = 30.0
    turn_seconds: float = 60.0
    turn_tries: int = 5
    send_tries: int = 8
    longest_wait: float = 60.0
    apology: str = "Sorry, something went wrong on our side. Please write to us again in a moment."


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
    ) -> None:
        self._mailbox = mailbox
        self._dialog = dialog
        self._channels = channels
        self._http = http
        self._bounds = bounds or Bounds()
        self._winding_down = False

    def wind_down(self) -> None:
        """From now on end every run at the next turn's end and pass the rest on to another worker."""
        self._winding_down = True

    async def run(self, session: str) -> Drained:
        """Work on a session until it is empty, must wait, has had its share, or is somebody else's."""
        claim = await self._mailbox.claim(session)
        if claim is None:
            return Drained.HELD
        try:
            async with self._mailbox.kept(claim.lease):
                return await self._work(claim.lease, claim.view)
        except LeaseLost as error:
            log.warning("lease lost, another worker may have the session: %s", error)
            return Drained.LOST

    async def _work(self, lease: Lease, view: View) -> Drained:
        turns_left = self._bounds.turns
        end = monotonic() + self._bounds.seconds
        while True:
            if view.outbox:
                after = await self._deliver(lease, view)
                if after is None:
                    return Drained.POSTPONED
                view = after
            elif view.turns:
                if turns_left == 0 or monotonic() > end or self._winding_down:
                    await self._mailbox.pass_on(lease)
                    return Drained.PASSED_ON
                turns_left -= 1
                commit = await self._answer(view.turns[0], view)
                if commit is None:
                    wait = self._backoff(view.tries)
                    await self._mailbox.postpone(lease, wait, "the dialog failed; it will be tried again")
                    return Drained.POSTPONED
                view = await self._mailbox.commit(lease, commit)
            elif await self._mailbox.release(lease):
                return Drained.EMPTY
            else:
                view = await self._mailbox.look(lease)

    async def _answer(self, turn: Turn, view: View) -> Commit | None:
        """What this turn comes to; `None` when the dialog failed and may be tried again."""
        if not may_answer(view.owner):
            return Commit(turns=(turn,), state=view.state, outcome=f"silent_{view.owner}")
        if view.opted_out:
            return Commit(turns=(turn,), state=view.state, outcome="silent_opted_out")
        if view.tries > self._bounds.turn_tries:
            reason = f"gave up after {self._bounds.turn_tries} tries"
            return Commit(
                turns=(turn,), state=view.state, replies=self._apology(turn), outcome="dead", dead=reason
            )
        try:
            async with asyncio.timeout(self._bounds.turn_seconds):
                step = await self._dialog.answer(turn, view.state)
            replies = self._replies(turn, step.messages)
        except (
            Exception
        ) as error:  # a flow, a model or a tool may fail in any way; none may block the session
            log.error("turn failed at try %d: %s at %s", view.tries, type(error).__name__, _where(error))
            return None
        return Commit(
            turns=(turn,),
            state=step.state,
            replies=replies,
            mark=True,
            outcome=step.outcome,
            owner=after(view.owner, Act.HAND_OFF) if step.hand_off else None,
            details={"node": step.node, "edge": step.edge},
        )

    def _apology(self, turn: Turn) -> tuple[Reply, ...]:
        """One plain sentence, where the turn's channel is still configured."""
        if turn.address.channel not in self._channels:
            return ()
        return self._replies(turn, (Message(text=self._bounds.apology),))

    def _replies(self, turn: Turn, messages: tuple[Message, ...]) -> tuple[Reply, ...]:
        channel = self._channels[turn.address.channel]
        parts = [part for message in messages for part in channel.render(message, turn.address)]
        return tuple(
            Reply(
                key=f"{turn.id}.{number}",
                address=turn.address,
                body=part.body,
                choices=part.choices,
                media=part.media,
            )
            for number, part in enumerate(parts, start=1)
        )

    async def _deliver(self, lease: Lease, view: View) -> View | None:
        """Send the first reply; what is next, or `None` when it must wait and the lease was given back."""
        reply = view.outbox[0]
        try:
            sent = await self._already_sent(reply, view)
            if sent is None:
                if view.granted != reply.key:
                    permit = await self._mailbox.mark(lease, reply)
                    if permit.wait:
                        await self._mailbox.postpone(lease, permit.wait, "the provider's pace", counted=False)
                        return None
                    if not permit.granted:
                        return await self._mailbox.look(lease)
                if not self._mailbox.holds(lease):
                    raise LeaseLost("the lease may have run out since the reply was marked")
                sent = await self._send(reply)
        except (Unavailable, Unknown, Rejected) as error:
            if isinstance(error, Rejected) and not error.account_wide:
                await self._refuse(lease, reply, error, error.reason)
            elif view.waits + 1 < self._bounds.send_tries:
                await self._wait(lease, reply, view, error)
                return None
            else:
                reason = f"gave up after {view.waits + 1} tries: {error.reason}"
                await self._refuse(lease, reply, error, reason)
        else:
            return await self._mailbox.sent(lease, reply, sent.provider_id)
        return await self._mailbox.look(lease)

    async def _refuse(self, lease: Lease, reply: Reply, error: DeliveryError, reason: str) -> None:
        opted_out = isinstance(error, Rejected) and error.opted_out
        await self._mailbox.refuse(lease, reply, reason, code=error.code, opted_out=opted_out)

    async def _wait(self, lease: Lease, reply: Reply, view: View, error: DeliveryError) -> None:
        retry_after = error.retry_after if isinstance(error, Unavailable) else None
        seconds, rest = retry_after or self._backoff(view.waits), 0.0
        if isinstance(error, Rejected):
            log.error("%s refuses every send (%s %s)", reply.address.channel, error.code, error.reason)
            seconds = rest = self._bounds.longest_wait
        settled = not isinstance(error, Unknown) and not self._is_marked(reply, view)
        await self._mailbox.postpone(
            lease,
            min(seconds, self._bounds.longest_wait),
            error.reason,
            settled=settled,
            trouble=Trouble(reply=reply, rest=rest),
        )

    def _is_marked(self, reply: Reply, view: View) -> bool:
        return view.marked is not None and view.marked.key == reply.key

    async def _already_sent(self, reply: Reply, view: View) -> SentMessage | None:
        """Ask the provider about a reply whose send was begun earlier and never settled (law L7)."""
        channel = self._channel(reply)
        if not self._is_marked(reply, view) or not channel.capabilities.look_up:
            return None
        assert view.marked is not None, "it is this reply that is marked"
        since = datetime.fromtimestamp(view.marked.at_ms / 1000, UTC)
        try:
            return await channel.find_sent(reply, self._http, since=since, known=view.recent)
        except DeliveryError:
            raise
        except Exception as error:
            raise channel.classify(error) from error

    def _channel(self, reply: Reply) -> Channel[Http]:
        """Raises `Rejected` when the reply's channel is not configured any more."""
        channel = self._channels.get(reply.address.channel)
        if channel is None:
            raise Rejected(f"the channel {reply.address.channel} is not configured here")
        return channel

    async def _send(self, reply: Reply) -> SentMessage:
        channel = self._channel(reply)
        try:
            return await channel.send(reply, self._http)
        except DeliveryError:
            raise
        except Exception as error:
            raise channel.classify(error) from error

    def _backoff(self, attempt: int) -> float:
        """Full-range jitter over a doubling wait, in seconds."""
        longest = min(self._bounds.longest_wait, 0.5 * 2.0 ** min(attempt, 16))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, guards nothing


def _where(error: Exception) -> str:
    """The line that raised, without the message, which may quote a user's text (law L12)."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"
