"""A subscription, its delivery with a clock that tests set, and events of real sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import time

from redis.asyncio import Redis

from gateway.hooks.deliverer import HookDelivery
from gateway.hooks.policy import DeliveryPolicy
from gateway.hooks.subscription import Content, Subscription, create_subscription
from gateway.hooks.subscriptions import Subscriptions
from gateway.http.ssrf_guard import SafeFetch
from tests.gateway.hooks.receiver import Receiver

PATIENT = DeliveryPolicy(attempt_seconds=20.0)
"""A loaded machine answers in this time, too."""


@dataclass
class HookClock:
    """A clock that runs with the real one, moved by hand."""

    offset: float = 0.0

    def __call__(self) -> float:
        return time() + self.offset

    def advance(self, seconds: float) -> None:
        """Move it forward."""
        self.offset += seconds


@dataclass
class HookEnvironment:
    """A subscription with its delivery."""

    redis: Redis
    hook: Subscription
    delivery: HookDelivery
    fetch: SafeFetch
    clock: HookClock = field(default_factory=HookClock)

    async def run_for(self, seconds: float, step: float = 30.0) -> None:
        """Let this time pass, delivering every `step` seconds."""
        while seconds > 0:
            await self.delivery.deliver_all()
            self.clock.advance(min(step, seconds))
            seconds -= step
        await self.delivery.deliver_all()


async def subscribe(
    redis: Redis,
    receiver: Receiver,
    *,
    name: str = "crm",
    events: Collection[str] = (),
    include: Collection[Content] = (),
    url: str = "",
) -> Subscription:
    """Add a subscription to a receiver, and give the receiver its secret."""
    hook = create_subscription(
        url or receiver.url,
        name=name,
        events=events,
        include=include,
        private_hosts=[receiver.host],
        now_ms=int(time() * 1000),
    )
    await Subscriptions(redis).add(hook)
    receiver.secret = hook.secrets[0].value
    return hook


@asynccontextmanager
async def running_hook(
    redis: Redis, receiver: Receiver, policy: DeliveryPolicy = PATIENT, **options: object
) -> AsyncIterator[HookEnvironment]:
    """Subscribe a receiver and open its delivery."""
    hook = await subscribe(redis, receiver, **options)  # type: ignore[arg-type]
    fetch, clock = SafeFetch([receiver.host]), HookClock()
    try:
        yield HookEnvironment(
            redis, hook, HookDelivery(redis, fetch, hook, policy, clock=clock), fetch, clock
        )
    finally:
        await fetch.aclose()
