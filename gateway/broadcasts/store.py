"""Broadcasts in Redis: definition, recipients, outcome of each row, counters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, cast
from uuid import uuid4

from pydantic_core import from_json
from redis.asyncio import Redis

from core.errors import StorageUnavailable
from gateway.broadcasts.broadcast import Broadcast, BroadcastState, Progress, RowOutcome
from gateway.broadcasts.recipient_file import Recipient
from gateway.redis import lua
from gateway.redis.connection.replication import ReplicaConfirmation, confirm_block
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.encryption.sealing import Sealer
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.broadcast_rows import DEFINITION_CLEAR, ROW_CLEAR, broadcast_place

_ROWS_PER_CALL: Final = 1_000
_INCOMPLETE: Final = 2
_COUNTERS: Final = (
    "processed",
    "queued",
    "skipped",
    "sent",
    "delivered",
    "read",
    "failed",
    "refused",
    "rerouted",
)


class StartResult(StrEnum):
    """Result of a start; `other` when the name belongs to a broadcast with another content."""

    STARTED = "started"
    RUNNING_ALREADY = "running_already"
    OTHER = "other"


class BroadcastAct(StrEnum):
    """Act of an operator on a broadcast."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


_CHANGES: Final = {
    BroadcastAct.PAUSE: ((BroadcastState.RUNNING,), BroadcastState.PAUSED),
    BroadcastAct.RESUME: ((BroadcastState.PAUSED,), BroadcastState.RUNNING),
    BroadcastAct.STOP: (
        tuple(state for state in BroadcastState if state is not BroadcastState.STOPPED),
        BroadcastState.STOPPED,
    ),
}
"""The states before and after an act."""


class Broadcasts:
    """Records of broadcasts, kept for as long as the keys of their messages are deduplicated."""

    def __init__(
        self, redis: Redis, protocol: ProtocolLimits, confirmations: Sequence[ReplicaConfirmation] = ()
    ) -> None:
        """Create the records; with `confirmations` a start and a change count once replicas have them."""
        self._redis = redis
        self._confirmations = confirmations
        self._keep_ms = protocol.retention_ms
        self._begin = lua.load_script("begin_broadcast", protocol)
        self._add = lua.load_script("add_recipients", protocol)
        self._change = lua.load_script("change_broadcast", protocol)
        self._advance = lua.load_script("advance_broadcast", protocol)

    async def start(
        self, broadcast: Broadcast, recipients: Sequence[Recipient], digest: str = ""
    ) -> StartResult:
        """Store a broadcast and let the workers begin; a repetition with the same content has no effect.

        `digest` is that of the whole, if these are the recipients of one partition only. A start that was
        interrupted while it stored the recipients is repeated from the beginning. Of two at the same time the
        later one stores them. Raises `StorageUnavailable` if recipients were lost meanwhile, or if replicas
        do not confirm: then it has to be repeated.
        """
        async with confirm_block(self._confirmations):
            return await self._start(broadcast, recipients, digest)

    async def _start(self, broadcast: Broadcast, recipients: Sequence[Recipient], digest: str) -> StartResult:
        name, token = broadcast.name, uuid4().hex
        digest = digest or await asyncio.to_thread(broadcast.digest, recipients)
        sealer, place = await cipher_of(self._redis).sealer(), broadcast_place(name)
        definition = sealer.record(place, broadcast.model_dump_json().encode(), DEFINITION_CLEAR)
        begun = await self._begin(self._redis, [name, digest, definition, len(recipients), token])
        if begun.decode() != "loading":
            return StartResult(begun.decode())
        async with confirm_block(self._confirmations):  # before workers send to the first of them
            is_loaded = await self._load(name, token, recipients, sealer)
        if not is_loaded:
            return StartResult.RUNNING_ALREADY
        states = [BroadcastState.LOADING, BroadcastState.RUNNING]
        changed = await self._change(self._redis, [name, *states, token])
        if changed == _INCOMPLETE:
            raise StorageUnavailable("recipients were lost while they were stored; start the broadcast again")
        return StartResult.STARTED if changed else StartResult.RUNNING_ALREADY

    async def _load(self, name: str, token: str, recipients: Sequence[Recipient], sealer: Sealer) -> bool:
        """Store the recipients; return false if another start of the broadcast has begun since."""
        place = broadcast_place(name)
        for first in range(0, len(recipients), _ROWS_PER_CALL):
            chunk = recipients[first : first + _ROWS_PER_CALL]
            encoded = (each.model_dump_json(exclude_defaults=True).encode() for each in chunk)
            rows = [sealer.record(place, each, ROW_CLEAR) for each in encoded]
            if await self._add(self._redis, [name, token, *rows]) is None:
                return False
        return True

    async def find_start(self, name: str, digest: str) -> StartResult | None:
        """Return what a repeated start would be answered; `None` if this one is not, or not all, stored.

        Raises `StorageUnavailable` if replicas do not confirm it.
        """
        async with confirm_block(self._confirmations):
            stored: list[bytes | None] = await cast("Any", self._redis.hmget(_key(name), ["digest", "state"]))
        known, state = stored
        if known is not None and known.decode() != digest:
            return StartResult.OTHER
        is_stored = known is not None and state != BroadcastState.LOADING.encode()
        return StartResult.RUNNING_ALREADY if is_stored else None

    async def change(self, name: str, act: BroadcastAct) -> bool:
        """Pause, resume or stop a broadcast; return false if its state does not allow that.

        Raises `StorageUnavailable` if replicas do not confirm it.
        """
        before, after = _CHANGES[act]
        async with confirm_block(self._confirmations):
            return any([await self._change(self._redis, [name, state, after]) for state in before])

    async def list_names(self, limit: int = 100) -> list[str]:
        """Return the names of the newest broadcasts."""
        return [*await self.read_starts(limit)]

    async def read_starts(self, limit: int) -> dict[str, float]:
        """Return when the newest broadcasts were started, by name, the newest first."""
        rows: list[Any] = await self._redis.zrevrange("tg:broadcasts", 0, limit - 1, withscores=True)
        return {row[0].decode(): float(row[1]) for row in rows}

    async def running(self) -> list[str]:
        """Return the names of the broadcasts that have rows left."""
        names = await cast("Awaitable[set[bytes]]", self._redis.smembers("tg:broadcasts_running"))
        return sorted(name.decode() for name in names)

    async def read(self, name: str) -> Progress | None:
        """Return a broadcast's progress; `None` if there is none of this name."""
        stored: Any = await cast("Awaitable[dict[bytes, bytes]]", self._redis.hgetall(_key(name)))
        if not stored:
            return None
        fields = {field.decode(): value.decode() for field, value in stored.items()}
        definition = await cipher_of(self._redis).open(broadcast_place(name), stored[b"definition"])
        counters = {counter: int(fields.get(counter, 0)) for counter in _COUNTERS}
        return Progress(
            broadcast=Broadcast.model_validate_json(definition),
            state=BroadcastState(fields["state"]),
            total=int(fields["total"]),
            started_ms=int(fields["started_ms"]),
            ended_ms=int(fields.get("ended_ms", 0)),
            waiting=count_waiting(fields),
            **{**counters, **_split_queued(fields)},
        )

    async def read_rows(self, name: str, first: int, count: int) -> list[Recipient]:
        """Return rows by their number, which begins with 0."""
        rows = await cast(
            "Awaitable[list[bytes]]", self._redis.lrange(_rows_key(name), first, first + count - 1)
        )
        opened = await cipher_of(self._redis).open_all(broadcast_place(name), rows)
        return [Recipient.model_validate_json(row) for row in opened]

    async def read_outcomes(self, name: str) -> AsyncIterator[tuple[Recipient, RowOutcome | None]]:
        """Yield all rows in order with their outcomes, `None` for those that are not processed yet."""
        first = 0
        while rows := await self.read_rows(name, first, _ROWS_PER_CALL):
            numbers = [str(first + each) for each in range(len(rows))]
            stored = await cast(
                "Awaitable[list[bytes | None]]", self._redis.hmget(_outcomes_key(name), numbers)
            )
            for row, outcome in zip(rows, stored, strict=True):
                yield row, RowOutcome.model_validate(from_json(outcome)) if outcome else None
            first += len(rows)

    async def claim_sessions(self, name: str, numbers: Mapping[int, str]) -> dict[int, int]:
        """Reserve the sessions of rows; return for each row the row that has its session."""
        key = f"tg:broadcast_sessions:{name}"
        async with self._redis.pipeline(transaction=False) as pipeline:
            for number, session in numbers.items():
                pipeline.hsetnx(key, session, str(number))
                pipeline.hget(key, session)
            pipeline.pexpire(key, self._keep_ms)
            answers: list[Any] = await pipeline.execute()
        return {number: int(answers[2 * place + 1]) for place, number in enumerate(numbers)}

    async def take(self, name: str, token: str, milliseconds: int) -> tuple[int, int] | None:
        """Take the right to process rows, or renew it.

        Returns the first row and how many messages wait in outboxes; `None` if another process has it, or no
        row may be processed.
        """
        taken = await self._advance(self._redis, [name, token, milliseconds])
        return None if taken is None else (int(taken[0]), int(taken[1]))

    async def record(
        self, name: str, token: str, milliseconds: int, first: int, outcomes: Sequence[RowOutcome]
    ) -> bool:
        """Record the outcomes of rows from `first` on; return whether this process may continue."""
        arguments = [each.model_dump_json(exclude_defaults=True) for each in outcomes]
        queued = sum(each.outcome in ("queued", "scheduled") for each in outcomes)
        taken = await self._advance(self._redis, [name, token, milliseconds, first, queued, *arguments])
        return taken is not None

    async def release(self, name: str, token: str) -> None:
        """Give the right to process rows back."""
        await self._advance(self._redis, [name, token, 0])


def count_waiting(fields: Mapping[str, str]) -> int:
    """Return how many messages are in outboxes or scheduled."""
    settled = sum(int(fields.get(each, 0)) for each in ("sent", "refused", "rejected", "rerouted"))
    entered = fields.get("entered", fields.get("queued", "0"))  # an earlier release counted rows only
    return max(int(entered) - settled, 0)


def _split_queued(fields: Mapping[str, str]) -> dict[str, int]:
    """Return how many messages are scheduled now, and how many rows have put theirs into an outbox."""
    scheduled = max(int(fields.get("scheduled", 0)), 0)
    return {"scheduled": scheduled, "queued": max(int(fields.get("queued", 0)) - scheduled, 0)}


def _key(name: str) -> str:
    return f"tg:broadcast:{name}"


def _rows_key(name: str) -> str:
    return f"tg:broadcast_rows:{name}"


def _outcomes_key(name: str) -> str:
    return f"tg:broadcast_outcomes:{name}"
