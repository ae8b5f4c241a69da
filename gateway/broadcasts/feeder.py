"""Feeds broadcasts into outboxes: in every worker, one process at a time for each broadcast."""

from __future__ import annotations

import asyncio
import logging
from itertools import takewhile
from time import monotonic
from typing import Final
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import EncryptionKeyMissing, InvalidContact, StorageUnavailable
from core.model import Message
from gateway.broadcasts.broadcast import Broadcast, BroadcastState, MissingVariable, RowOutcome
from gateway.broadcasts.recipient_file import Recipient
from gateway.broadcasts.store import Broadcasts
from gateway.redis.connection.outages.retry_loop import run_forever
from gateway.redis.lua import ProtocolLimits
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome

log = logging.getLogger("turngate.broadcasts")

_PAUSE_SECONDS: Final = 0.5
_RIGHT_MS: Final = 5_000
_ROWS_AT_ONCE: Final = 100
_ROUNDING: Final = 1e-6
_MAX_WAITING: Final = 1_000
"""Messages of a broadcast in outboxes at a time; few, so that a stop or a pause takes effect soon."""


class BroadcastFeeder:
    """Processes the rows of running broadcasts until cancelled.

    A row's message has the broadcast's key in the session of its contact, so a contact gets one message,
    whatever crashes and however often a row is repeated.
    """

    def __init__(
        self,
        redis: Redis,
        sender: ProactiveSender,
        protocol: ProtocolLimits,
        *,
        elsewhere: ProactiveSender | None = None,
    ) -> None:
        """Create a feeder; with several partitions `elsewhere` sends to contacts that have left this one."""
        self._store = Broadcasts(redis, protocol)
        self._sender = sender
        self._elsewhere = elsewhere
        self._token = uuid4().hex
        self._paces: dict[str, _Pace] = {}

    async def run(self) -> None:
        """Feed until cancelled; errors of the server are logged and retried."""
        await run_forever(self.feed_all, _PAUSE_SECONDS, "feeding of broadcasts")

    async def feed_all(self) -> None:
        """Feed each running broadcast as far as its rate and the number of waiting messages allow."""
        names = await self._store.running()
        self._paces = {name: pace for name, pace in self._paces.items() if name in names}
        await asyncio.gather(*(self._feed(name) for name in names))

    async def _feed(self, name: str) -> None:
        progress = await self._store.read(name)
        if progress is None or progress.state is not BroadcastState.RUNNING:
            return
        broadcast = progress.broadcast
        pace = self._paces.setdefault(name, _Pace(broadcast.rate))
        while taken := await self._store.take(name, self._token, _RIGHT_MS):
            first, waiting = taken
            count = min(_ROWS_AT_ONCE, _MAX_WAITING - waiting, pace.allow())
            if count <= 0:
                break
            rows = await self._store.read_rows(name, first, count)
            if not rows:
                log.error("broadcast %s: its recipients are gone from row %d on; stop it", name, first + 1)
                break
            outcomes = await self._process(broadcast, first, rows)
            processed = list(takewhile(_is_settled, outcomes))
            pace.spend(len(processed))
            if processed and not await self._store.record(name, self._token, _RIGHT_MS, first, processed):
                return
            if len(processed) < len(outcomes):
                break
        await self._store.release(name, self._token)

    async def _process(self, broadcast: Broadcast, first: int, rows: list[Recipient]) -> list[RowOutcome]:
        """Put the messages of rows into outboxes."""
        template = await self._sender.find_template(
            broadcast.contact(""), broadcast.template, broadcast.language
        )
        known = template.variable_names if template else None
        outcomes: dict[int, RowOutcome] = {}
        sessions: dict[int, str] = {}
        messages: dict[int, Message] = {}
        for number, row in enumerate(rows, start=first):
            try:
                if row.problem:
                    raise InvalidContact(row.problem)
                messages[number] = broadcast.message(row.variables, known)
                sessions[number] = await self._sender.find_session(broadcast.contact(row.to))
            except (InvalidContact, MissingVariable) as error:
                outcomes[number] = RowOutcome(outcome="skipped", reason=str(error))
        holders = await self._store.claim_sessions(broadcast.name, sessions) if sessions else {}
        sending = []
        for number, session in sessions.items():
            if holders[number] != number:
                [holder] = await self._store.read_rows(broadcast.name, holders[number], 1)
                reason = f"the same contact as in line {holder.line}"
                outcomes[number] = RowOutcome(outcome="skipped", reason=reason, session=session)
            else:
                sending.append(number)
        results = await asyncio.gather(
            *(self._send(broadcast, rows[number - first], messages[number]) for number in sending)
        )
        outcomes.update(zip(sending, results, strict=True))
        return [outcomes[number] for number in range(first, first + len(rows))]

    async def _send(self, broadcast: Broadcast, row: Recipient, message: Message) -> RowOutcome:
        try:
            contact, category = broadcast.contact(row.to), broadcast.category
            receipt = await self._sender.send_to(contact, broadcast.key, message, category=category)
            if receipt.outcome is SendOutcome.MOVED and self._elsewhere:
                receipt = await self._elsewhere.send_to(contact, broadcast.key, message, category=category)
        except (RedisError, OSError, StorageUnavailable, EncryptionKeyMissing):
            raise  # the rows are repeated
        except Exception as error:  # a channel may raise anything, and the other rows go on
            log.exception("broadcast %s: the row of line %d cannot be sent", broadcast.name, row.line)
            return RowOutcome(outcome="failed", reason=f"it cannot be sent: {type(error).__name__}")
        match receipt.outcome:
            case SendOutcome.SCHEDULED | SendOutcome.DUPLICATE if receipt.due_ms:
                return RowOutcome(outcome="scheduled", session=receipt.session)
            case SendOutcome.QUEUED | SendOutcome.DUPLICATE:
                return RowOutcome(outcome="queued", session=receipt.session)
        reason = receipt.reason.removeprefix("not sent: ")
        return RowOutcome(outcome=receipt.outcome, reason=reason, session=receipt.session)


def _is_settled(outcome: RowOutcome) -> bool:
    """Return false for a row that found the schedule full; it is tried again when there is room."""
    return outcome.outcome != SendOutcome.SCHEDULE_FULL


class _Pace:
    """Rate limit of one broadcast in this process, in rows per second with a burst of a second; 0: none."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._spent_until = 0.0

    def allow(self) -> int:
        """Return how many rows may be processed now."""
        if not self._rate:
            return _ROWS_AT_ONCE
        now = monotonic()
        self._spent_until = max(self._spent_until, now - max(1.0, 1 / self._rate))
        return int((now - self._spent_until) * self._rate + _ROUNDING)

    def spend(self, rows: int) -> None:
        """Count rows that were processed."""
        if self._rate:
            self._spent_until += rows / self._rate
