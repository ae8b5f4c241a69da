"""Dead letters of all partitions; the ID of one begins with its partition's number: `3/1795400000000-0`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence

from redis.asyncio import Redis

from gateway.partitions.records.numbered_ids import join_id, split_id
from gateway.redis.records.sessions.dead_letters import DeadLetter, DeadLetters, ReplayOutcome


class PartitionedDeadLetters(DeadLetters):
    """Finds a letter's partition by its ID."""

    def __init__(self, stores: Sequence[Redis]) -> None:
        super().__init__(stores[0])
        self._each = [DeadLetters(store) for store in stores]

    async def list_between(self, since_ms: int = 0, until_ms: int | None = None) -> AsyncIterator[DeadLetter]:
        """Yield the letters of a time range, both ends included, partition by partition."""
        for number, letters in enumerate(self._each):
            async for letter in letters.list_between(since_ms, until_ms):
                yield _with_partition(number, letter)

    async def list_newest(self, before: str = "", limit: int = 100) -> list[DeadLetter]:
        """Return the newest letters, newest first; those before the letter `before` if it is given."""
        _, end = split_id(before, len(self._each))
        found = [
            _with_partition(number, letter)
            for number, letters in enumerate(self._each)
            for letter in await letters.list_newest(end, limit)
        ]
        return sorted(found, key=lambda letter: letter.at_ms, reverse=True)[:limit]

    async def read(self, letter_id: str) -> DeadLetter | None:
        """Return a letter; `None` if the id is unknown."""
        number, own_id = split_id(letter_id, len(self._each))
        letter = await self._each[number].read(own_id)
        return letter and _with_partition(number, letter)

    async def replay(self, letter: DeadLetter) -> ReplayOutcome:
        """Return the letter's content to its session, and remove the letter."""
        number, own_id = split_id(letter.id, len(self._each))
        return await self._each[number].replay(letter.model_copy(update={"id": own_id}))

    async def drop(self, letter_ids: Sequence[str]) -> int:
        """Delete letters; return how many existed."""
        divided: defaultdict[int, list[str]] = defaultdict(list)
        for letter_id in letter_ids:
            number, own_id = split_id(letter_id, len(self._each))
            divided[number].append(own_id)
        return sum([await self._each[number].drop(ids) for number, ids in divided.items()])


def _with_partition(number: int, letter: DeadLetter) -> DeadLetter:
    return letter.model_copy(update={"id": join_id(number, letter.id)})
