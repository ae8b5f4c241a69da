"""Subscriptions in Redis, which `turngate hooks` lists, adds, changes and removes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from pydantic import ValidationError
from redis.asyncio import Redis

from core.errors import ConfigurationError
from core.model import FrozenModel
from gateway.hooks.subscription import Subscription
from gateway.redis import lua
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.hook_events import (
    SUBSCRIPTION_CLEAR,
    SUBSCRIPTIONS,
    state_key,
    subscription_place,
)

MAX_SUBSCRIPTIONS = 20
_MAX_CHANGE_TRIES = 5
_MAX_BEHIND = 1_000


class HookStatus(FrozenModel):
    """Deliveries of a subscription: their numbers, the last ones, and until when it is paused.

    `waiting` events are tried again; `behind` is how many it has not reached yet, of which up to 1,000 count.
    """

    delivered: int = 0
    dead: int = 0
    waiting: int = 0
    behind: int = 0
    failing: int = 0
    paused_until: int = 0
    last_success: int = 0
    last_failure: int = 0
    last_error: str = ""


class Subscriptions:
    """All subscriptions. Changes are compare-and-set, so that two operators do not undo each other's."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = lua.load_script("configure_hook", ProtocolLimits())

    async def list_all(self) -> list[Subscription]:
        """Return the subscriptions that this release can read, by name."""
        stored: Any = await cast("Any", self._redis.hgetall(SUBSCRIPTIONS))
        found = []
        for name, value in stored.items():
            opened = await cipher_of(self._redis).open(subscription_place(name.decode()), value)
            try:
                found.append(Subscription.model_validate_json(opened))
            except ValidationError:
                continue
        return sorted(found, key=lambda hook: hook.name)

    async def read_status(self, name: str) -> HookStatus:
        """Return how the deliveries of a subscription go."""
        stored: Any = await cast("Any", self._redis.hgetall(state_key(name)))
        waiting = await cast("Any", self._redis.hlen(f"{state_key(name)}:waiting"))
        fields = {key.decode(): value.decode() for key, value in stored.items()}
        after = f"({fields.get('cursor', '0-0')}"
        behind: Any = await self._redis.xrange("tg:events", after, "+", count=_MAX_BEHIND)
        return HookStatus.model_validate({**fields, "waiting": waiting, "behind": len(behind)})

    async def add(self, hook: Subscription) -> None:
        """Add a subscription. Raises `ConfigurationError` if its name is taken or there are too many."""
        if await cast("Any", self._redis.hlen(SUBSCRIPTIONS)) >= MAX_SUBSCRIPTIONS:
            raise ConfigurationError(f"there are {MAX_SUBSCRIPTIONS} hooks already; remove one first")
        if not await self._script(self._redis, [hook.name, "", await self._encode(hook)]):
            raise ConfigurationError(f"{hook.name}: there is a hook of this name; choose another with --name")

    async def remove(self, name: str) -> bool:
        """Remove a subscription and what waits for it; return whether there was one."""
        for _ in range(_MAX_CHANGE_TRIES):
            stored = await cast("Any", self._redis.hget(SUBSCRIPTIONS, name))
            if stored is None:
                return False
            if await self._script(self._redis, [name, stored, ""]):
                return True
        raise _concurrent_change_error(name)

    async def change(self, name: str, update: Callable[[Subscription], Subscription]) -> Subscription | None:
        """Change a subscription; return the new one, or `None` if there is none of this name."""
        for _ in range(_MAX_CHANGE_TRIES):
            stored = await cast("Any", self._redis.hget(SUBSCRIPTIONS, name))
            if stored is None:
                return None
            opened = await cipher_of(self._redis).open(subscription_place(name), stored)
            changed = update(Subscription.model_validate_json(opened))
            if await self._script(self._redis, [name, stored, await self._encode(changed)]):
                return changed
        raise _concurrent_change_error(name)

    async def _encode(self, hook: Subscription) -> bytes:
        sealer = await cipher_of(self._redis).sealer()
        stored = hook.model_dump_json().encode()
        return sealer.record(subscription_place(hook.name), stored, SUBSCRIPTION_CLEAR)


def _concurrent_change_error(name: str) -> ConfigurationError:
    return ConfigurationError(f"{name}: others are changing this hook at the same time; try again")
