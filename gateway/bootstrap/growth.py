"""Growth: spreads new contacts over more partitions, which first get what every partition must have."""

from __future__ import annotations

from collections.abc import Sequence

from redis.asyncio import Redis

from core.errors import ConfigurationError
from gateway.broadcasts.broadcast import BroadcastState
from gateway.broadcasts.store import Broadcasts
from gateway.hooks.partitioned_subscriptions import copy_subscriptions
from gateway.partitions.layout import check_processes, spread_over
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.templates import copy_templates

_MAX_BROADCASTS = 10_000
_ENDED = (BroadcastState.FINISHED, BroadcastState.STOPPED)


async def spread_contacts(stores: Sequence[Redis], protocol: ProtocolLimits) -> int:
    """Spread new contacts over all of `stores` from now on; return over how many they were before.

    Each step can be repeated: a command that was killed is started again. Raises `ConfigurationError` while a
    process knows fewer partitions, or a broadcast has recipients who have no place yet.
    """
    home, *others = stores
    await check_processes(home, len(stores))
    await _refuse_unplaced_broadcasts(stores, protocol)
    for each in others:
        await copy_subscriptions(home, each)
        await copy_templates(home, each)
    return await spread_over(home, len(stores))


async def _refuse_unplaced_broadcasts(stores: Sequence[Redis], protocol: ProtocolLimits) -> None:
    """Raise `ConfigurationError` for broadcasts that were started when there was one partition.

    Their recipients are in the home, and who writes meanwhile would get a session in another partition, too.
    """
    home, *others = (Broadcasts(each, protocol) for each in stores)
    elsewhere = {name for each in others for name in await each.list_names(_MAX_BROADCASTS)}
    unplaced = []
    for name in await home.list_names(_MAX_BROADCASTS):
        progress = None if name in elsewhere else await home.read(name)
        if progress is not None and progress.state not in _ENDED:
            unplaced.append(name)
    if unplaced:
        raise ConfigurationError(
            "these broadcasts were started before all processes knew the partitions, so their recipients "
            f"have no place yet: {', '.join(sorted(unplaced))}; wait until they have ended, or stop them "
            "with `turngate broadcast stop`"
        )
