"""Directory of contacts: the partition of each name (docs/decisions/0039-partitions-are-whole-stores.md)."""

from __future__ import annotations

import asyncio
import zlib
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from redis.asyncio import Redis

from gateway.partitions.layout import check_number, read_spread
from gateway.redis import lua
from gateway.redis.connection.pipelining.batcher import Batcher
from gateway.redis.lua import Argument, ProtocolLimits

_HELD: Final = b"held"
_FIRST, _REPLACE, _CORRECT = "", "1", "known"
"""Modes of set_places.lua: the first writer of a name wins; an entry is replaced; only one that exists is."""
_CORRECT_SECONDS: Final = 1.0
_MAX_NAMES_PER_CALL: Final = 64


_Answer = tuple[bytes, bytes]
"""State of a name in a partition, and the partition that an entry there names; both may be empty."""


@dataclass(frozen=True, slots=True)
class Place:
    """The partition of a contact, and names of it that another partition has until they are moved."""

    number: int
    elsewhere: tuple[tuple[str, int], ...] = ()


def hash_name(name: str, count: int) -> int:
    """Return the partition of a name among `count`."""
    return zlib.crc32(name.encode("utf-8", "surrogatepass")) % count


class PartitionDirectory:
    """Finds the partition of a contact by any of its names; the first writer of a name wins."""

    def __init__(self, stores: Sequence[Redis], protocol: ProtocolLimits | None = None) -> None:
        limits = protocol or ProtocolLimits()
        self._stores = stores
        self._retention_ms = limits.contact_ms
        self._find_script = lua.load_script("find_places", limits)
        self._finders = [
            Batcher[str, bytes](partial(self._find_in, store), _MAX_NAMES_PER_CALL) for store in stores
        ]
        self._asker = Batcher[str, tuple[_Answer, ...]](self._ask_in_all, _MAX_NAMES_PER_CALL)
        self._set_script = lua.load_script("set_places", limits)
        self._knows_script = lua.load_script("knows_names", limits)

    async def place(self, names: Sequence[str]) -> Place:
        """Return the partition of a contact, which is permanent; `names` has the most reliable one first.

        Names that lead elsewhere are returned as such, and stay there until `move`. Raises `RedisError`.
        """
        found = await self._find(names)
        if any(each is None for each in found.values()):
            known = await self._decide(names, found)
            found = await self._set([name for name in names if found[name] is None], known, found)
        return await self._choose(names, found)

    async def find(self, name: str) -> int:
        """Return the partition of a name for reading; nothing is stored."""
        place = (await self._find([name]))[name]
        if place is None:
            place = await self._ask_all([name])
        return await self._default(name) if place is None else place

    async def knows(self, names: Sequence[str]) -> bool:
        """Return whether a contact with one of these names is known; nothing is stored."""
        found = await self._find(names)
        return any(each is not None for each in found.values()) or await self._ask_all(names) is not None

    async def move(self, names: Sequence[str], number: int) -> None:
        """Assign names to a partition, whatever their partition was before.

        An entry of the time before partitions were added, when the name's home was another one, follows,
        unless its partition does not answer: contacts of the others do not wait for it.
        """
        await self._set(names, number, {}, mode=_REPLACE)
        arguments: list[Argument] = [self._retention_ms, number, _CORRECT, *dict.fromkeys(names)]
        corrections = (self._set_script(store, arguments) for store in self._stores)
        with suppress(TimeoutError):
            async with asyncio.timeout(_CORRECT_SECONDS):
                await asyncio.gather(*corrections, return_exceptions=True)

    async def forget(self, names: Sequence[str]) -> list[int]:
        """Forget names, in whichever partition their entries are; return how many each one had."""
        keys = [f"tg:place:{name}" for name in dict.fromkeys(names)]
        if not keys:
            return [0] * len(self._stores)
        return [*await asyncio.gather(*(store.delete(*keys) for store in self._stores))]

    def _home_of(self, name: str) -> int:
        """Return the partition that has a name's entry."""
        return hash_name(name, len(self._stores))

    def _group_by_home(self, names: Sequence[str]) -> dict[int, list[str]]:
        grouped: defaultdict[int, list[str]] = defaultdict(list)
        for name in dict.fromkeys(names):
            grouped[self._home_of(name)].append(name)
        return grouped

    async def _find(self, names: Sequence[str]) -> dict[str, int | None]:
        unique = list(dict.fromkeys(names))
        finds = [self._finders[self._home_of(name)].submit(name) for name in unique]
        places = [await finds[0]] if len(finds) == 1 else await asyncio.gather(*finds)
        return {
            name: check_number(int(place), len(self._stores)) if place else None
            for name, place in zip(unique, places, strict=True)
        }

    async def _find_in(self, store: Redis, names: Sequence[str]) -> Sequence[bytes]:
        """Return a partition's entries of names; concurrent requests share one call."""
        answers: Sequence[bytes] = await self._find_script(store, [self._retention_ms, *names])
        return answers

    async def _decide(self, names: Sequence[str], found: dict[str, int | None]) -> int:
        """Return the partition of the names that the directory does not have."""
        stored = next((found[name] for name in names if found[name] is not None), None)
        known = await self._ask_all([name for name in names if found[name] is None])
        if stored is not None and known is None:
            return stored
        return await self._default(names[0]) if known is None else known

    async def _default(self, name: str) -> int:
        return hash_name(name, await read_spread(self._stores[0], len(self._stores)))

    async def _ask_all(self, names: Sequence[str]) -> int | None:
        """Return the partition that knows one of the names, the most reliable first; `None` if none does.

        An entry that a partition has although it is not the name's home was made before partitions were
        added, and says more than what the partitions know: the name may have been moved.
        """
        for answers in await asyncio.gather(*map(self._asker.submit, names)):  # of all partitions
            if entry := next((entry for _, entry in answers if entry), b""):
                return check_number(int(entry), len(self._stores))
            if any(state for state, _ in answers):
                return max(range(len(answers)), key=lambda number: _weight(answers[number]))
        return None

    async def _ask_in_all(self, names: Sequence[str]) -> Sequence[tuple[_Answer, ...]]:
        """Return what each partition says of names; concurrent requests share one call to each."""
        rows: list[list[_Answer]] = await asyncio.gather(
            *(self._knows_script(store, list(names)) for store in self._stores)
        )
        return list(zip(*rows, strict=True))

    async def _set(
        self, names: Sequence[str], number: int, found: dict[str, int | None], *, mode: str = _FIRST
    ) -> dict[str, int | None]:
        grouped = self._group_by_home(names)
        rows: list[list[bytes]] = await asyncio.gather(
            *(
                self._set_script(self._stores[home], [self._retention_ms, number, mode, *group])
                for home, group in grouped.items()
            )
        )
        stored = {
            name: check_number(int(place), len(self._stores))
            for group, row in zip(grouped.values(), rows, strict=True)
            for name, place in zip(group, row, strict=True)
        }
        return {**found, **stored}

    async def _choose(self, names: Sequence[str], found: dict[str, int | None]) -> Place:
        """Choose among the partitions of one contact's names: that of an agent, else of the first name."""
        places = {name: place for name in names if (place := found[name]) is not None}
        numbers = list(dict.fromkeys(places.values()))
        if len(numbers) == 1:
            return Place(numbers[0])
        rows: list[Any] = await asyncio.gather(
            *(self._knows_script(self._stores[number], list(places)) for number in numbers)
        )
        weights = {number: max(map(_weight, row)) for number, row in zip(numbers, rows, strict=True)}
        chosen = max(numbers, key=lambda number: weights[number])  # the first of equal ones
        return Place(chosen, tuple((name, number) for name, number in places.items() if number != chosen))


def _weight(answer: _Answer) -> int:
    state, _ = answer
    return 2 if state == _HELD else 1 if state else 0
