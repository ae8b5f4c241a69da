"""Events that could not be delivered to hooks: read, described and replayed for `turngate hooks`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.redis.records.hook_events import GivenUpEvent, GivenUpEvents


async def list_given_up(stores: Sequence[Redis], hook: str, limit: int) -> list[GivenUpEvent]:
    """Return the first events of a hook, or of all hooks if it is empty."""
    found: list[GivenUpEvent] = []
    async for each in _given_up_events(stores).list_all(hook):
        found.append(each)
        if len(found) == limit:
            break
    return found


async def replay_given_up(
    stores: Sequence[Redis], ids: Collection[str], hook: str, now_ms: int
) -> list[tuple[str, str]]:
    """Deliver events again, by ID or all of a hook; return the result of each.

    A result is `replayed`, `gone` (unknown or already replayed), `removed` (its hook was) or `unreadable`.
    """
    given_up = _given_up_events(stores)
    if hook:
        selected = [each async for each in given_up.list_all(hook)]
    else:
        found = [await given_up.read(each) for each in ids]
        selected = [each for each in found if each]
    results = [
        (each.id, await given_up.replay(each, now_ms) if each.event else "unreadable") for each in selected
    ]
    missing = set(ids) - {each.id for each in selected}
    return results + [(each, "gone") for each in sorted(missing)]


def describe_given_up(each: GivenUpEvent) -> dict[str, Any]:
    """Return an event as the JSON of `turngate hooks failed` has it."""
    event = each.event
    return {
        "id": each.id,
        "hook": each.hook,
        "reason": each.reason,
        "type": event.kind if event else "",
        "attempts": event.attempts if event else 0,
        "at_ms": event.at_ms if event else 0,
    }


def _given_up_events(stores: Sequence[Redis]) -> GivenUpEvents:
    from gateway.partitions.records.given_up_events import PartitionedGivenUpEvents
    from gateway.redis.records.hook_events import GivenUpEvents

    return GivenUpEvents(stores[0]) if len(stores) == 1 else PartitionedGivenUpEvents(stores)
