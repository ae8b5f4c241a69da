"""Given-up events of all partitions; the ID of one begins with its partition's number."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from redis.asyncio import Redis

from gateway.partitions.records.numbered_ids import join_id, split_id
from gateway.redis.records.hook_events import GivenUpEvent, GivenUpEvents


class PartitionedGivenUpEvents(GivenUpEvents):
    """Finds an event's partition by its ID."""

    def __init__(self, stores: Sequence[Redis]) -> None:
        super().__init__(stores[0])
        self._each = [GivenUpEvents(store) for store in stores]

    async def list_all(self, hook: str = "") -> AsyncIterator[GivenUpEvent]:
        """Yield the events of a subscription, partition by partition; of all without a name."""
        for number, events in enumerate(self._each):
            async for event in events.list_all(hook):
                yield event.model_copy(update={"id": join_id(number, event.id)})

    async def read(self, given_up_id: str) -> GivenUpEvent | None:
        """Return one; `None` if there is none of this ID."""
        number, own_id = split_id(given_up_id, len(self._each))
        event = await self._each[number].read(own_id)
        return event and event.model_copy(update={"id": join_id(number, event.id)})

    async def replay(self, given_up: GivenUpEvent, now_ms: int) -> str:
        """Return an event to its subscription, under the same ID: `replayed`, `gone` or `removed`."""
        number, own_id = split_id(given_up.id, len(self._each))
        return await self._each[number].replay(given_up.model_copy(update={"id": own_id}), now_ms)
