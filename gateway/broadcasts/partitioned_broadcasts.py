"""Broadcasts in several partitions: each partition has the rows of its own contacts and feeds them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Final

import httpx
from redis.asyncio import Redis

from core.errors import InvalidContact
from core.ports import Channel
from gateway.broadcasts.broadcast import Broadcast, BroadcastState, Progress, RowOutcome
from gateway.broadcasts.recipient_file import Recipient
from gateway.broadcasts.store import BroadcastAct, Broadcasts, StartResult
from gateway.redis.connection.call_all import call_all
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.lua import ProtocolLimits
from gateway.redis.sending.first_contact import find_conversation, names_of

Place = Callable[[Sequence[str]], Awaitable[int]]

_ROWS_AT_ONCE: Final = 500
_HOME: Final = 0
_STATES: Final = (
    BroadcastState.LOADING,
    BroadcastState.RUNNING,
    BroadcastState.PAUSED,
    BroadcastState.STOPPED,
    BroadcastState.FINISHED,
)
"""Precedence of states: that of the whole broadcast is the first of these that any partition has."""

_COUNTS: Final = (
    *("total", "processed", "queued", "skipped", "waiting", "scheduled"),
    *("sent", "delivered", "read", "failed", "refused", "rerouted"),
)


class PartitionedBroadcasts(Broadcasts):
    """One broadcast of the same name in each partition. An interrupted operation can be repeated."""

    def __init__(
        self,
        stores: Sequence[Redis],
        protocol: ProtocolLimits,
        channels: Mapping[str, Channel[httpx.AsyncClient]],
        place: Place,
        confirmations: Sequence[ReplicaConfirmation] = (),
    ) -> None:
        """Create the records; `place` returns the partition of a contact by its names.

        `confirmations` are none, or one for each partition.
        """
        super().__init__(stores[_HOME], protocol)
        self._each = [
            Broadcasts(store, protocol, confirmations[number : number + 1])
            for number, store in enumerate(stores)
        ]
        self._channels = channels
        self._place = place

    async def start(
        self, broadcast: Broadcast, recipients: Sequence[Recipient], digest: str = ""
    ) -> StartResult:
        """Store a broadcast and let the workers begin; a repetition with the same content has no effect.

        The home comes last, so what it has started is complete, also where there were fewer partitions then.
        """
        whole = digest or await asyncio.to_thread(broadcast.digest, recipients)
        if (known := await self._each[_HOME].find_start(broadcast.name, whole)) is not None:
            return known
        divided = await self._divide(broadcast, recipients)
        results = []
        for each, rows in reversed([*zip(self._each, divided, strict=True)]):
            rate = round(broadcast.rate * len(rows) / len(recipients), 6) if recipients else 0.0
            result = await each.start(broadcast.model_copy(update={"rate": rate}), rows, whole)
            if result is StartResult.OTHER:
                return result
            results.append(result)
        return StartResult.STARTED if StartResult.STARTED in results else StartResult.RUNNING_ALREADY

    async def change(self, name: str, act: BroadcastAct) -> bool:
        """Pause, resume or stop a broadcast; return false if its state allows that in no partition.

        An error in one partition, which is raised, keeps no other from the change.
        """
        return any(await call_all(each.change(name, act) for each in self._each))

    async def list_names(self, limit: int = 100) -> list[str]:
        """Return the names of the newest broadcasts, also of one that is being stored."""
        starts: dict[str, float] = {}
        for part in await asyncio.gather(*(each.read_starts(limit) for each in self._each)):
            starts |= {name: min(at, starts.get(name, at)) for name, at in part.items()}
        return sorted(starts, key=lambda name: starts[name], reverse=True)[:limit]

    async def read(self, name: str) -> Progress | None:
        """Return a broadcast's progress in all partitions; `None` if there is none of this name."""
        found = await asyncio.gather(*(each.read(name) for each in self._each))
        parts = [part for part in found if part is not None]
        if not parts:
            return None
        states = {part.state for part in parts}
        if found[_HOME] is None:
            states.add(BroadcastState.LOADING)
        has_ended = all(part.ended_ms for part in parts)
        return Progress(
            broadcast=parts[0].broadcast.model_copy(
                update={"rate": round(sum(part.broadcast.rate for part in parts), 3)}
            ),
            state=next(state for state in _STATES if state in states),
            started_ms=min(part.started_ms for part in parts),
            ended_ms=max(part.ended_ms for part in parts) if has_ended else 0,
            **{name: sum(getattr(part, name) for part in parts) for name in _COUNTS},
        )

    async def read_outcomes(self, name: str) -> AsyncIterator[tuple[Recipient, RowOutcome | None]]:
        """Yield all rows in the order of their lines, `None` for those that are not processed yet."""
        rows = [each.read_outcomes(name) for each in self._each]
        heads = [await anext(each, None) for each in rows]
        while any(head is not None for head in heads):
            lines = [float("inf") if head is None else head[0].line for head in heads]
            number = lines.index(min(lines))
            if (head := heads[number]) is not None:
                yield head
            heads[number] = await anext(rows[number], None)

    async def _divide(self, broadcast: Broadcast, recipients: Sequence[Recipient]) -> list[list[Recipient]]:
        """Return the rows of each partition. Invalid rows go to the home, which records the reason."""
        divided: list[list[Recipient]] = [[] for _ in self._each]
        for first in range(0, len(recipients), _ROWS_AT_ONCE):
            rows = recipients[first : first + _ROWS_AT_ONCE]
            numbers = await asyncio.gather(*(self._find_partition(broadcast, row) for row in rows))
            for row, number in zip(rows, numbers, strict=True):
                divided[number].append(row)
        return divided

    async def _find_partition(self, broadcast: Broadcast, row: Recipient) -> int:
        if row.problem:
            return _HOME
        try:
            conversation = find_conversation(self._channels, broadcast.contact(row.to))
        except InvalidContact:
            return _HOME
        return await self._place(names_of(conversation))
