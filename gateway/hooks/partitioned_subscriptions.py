"""Subscriptions of hooks in several partitions, each of which delivers its own events."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from redis.asyncio import Redis

from gateway.hooks.subscription import Subscription
from gateway.hooks.subscriptions import HookStatus, Subscriptions


class PartitionedSubscriptions(Subscriptions):
    """Changes a subscription in all partitions; the home, which comes first, says what there is.

    A change that was cut off in the middle is repeated by the next one.
    """

    def __init__(self, stores: Sequence[Redis]) -> None:
        super().__init__(stores[0])
        self._others = [Subscriptions(store) for store in stores[1:]]

    async def list_all(self) -> list[Subscription]:
        """Return the subscriptions by name, each disabled if a partition has disabled it."""
        hooks = await super().list_all()
        disabled = {
            hook.name: hook.disabled
            for each in self._others
            for hook in await each.list_all()
            if hook.disabled
        }
        return [
            hook.model_copy(update={"disabled": hook.disabled or disabled.get(hook.name, "")})
            for hook in hooks
        ]

    async def read_status(self, name: str) -> HookStatus:
        """Return how the deliveries of a subscription go, in all partitions together."""
        parts = [await super().read_status(name), *[await each.read_status(name) for each in self._others]]
        latest = max(parts, key=lambda part: part.last_failure)
        return HookStatus(
            delivered=sum(part.delivered for part in parts),
            dead=sum(part.dead for part in parts),
            waiting=sum(part.waiting for part in parts),
            behind=sum(part.behind for part in parts),
            failing=max(part.failing for part in parts),
            paused_until=max(part.paused_until for part in parts),
            last_success=max(part.last_success for part in parts),
            last_failure=latest.last_failure,
            last_error=latest.last_error,
        )

    async def add(self, hook: Subscription) -> None:
        """Add a subscription. Raises `ConfigurationError` if its name is taken or there are too many."""
        await super().add(hook)
        for each in self._others:
            await _copy_subscription(each, hook)

    async def remove(self, name: str) -> bool:
        """Remove a subscription and what waits for it; return whether there was one."""
        removed = [await each.remove(name) for each in self._others]
        return await super().remove(name) or any(removed)

    async def change(self, name: str, update: Callable[[Subscription], Subscription]) -> Subscription | None:
        """Change a subscription; return the new one, or `None` if there is none of this name."""
        changed = await super().change(name, update)
        if changed is not None:
            for each in self._others:
                await _copy_subscription(each, changed)
        return changed


async def copy_subscriptions(home: Redis, other: Redis) -> None:
    """Let a partition that was added have the subscriptions of the home; those that it has stay."""
    target = Subscriptions(other)
    present = {hook.name for hook in await target.list_all()}
    for hook in await Subscriptions(home).list_all():
        if hook.name not in present:
            await target.add(hook)


async def _copy_subscription(subscriptions: Subscriptions, hook: Subscription) -> None:
    """Let a partition have a subscription as the home has it."""
    if await subscriptions.change(hook.name, lambda _: hook) is None:
        await subscriptions.add(hook)
