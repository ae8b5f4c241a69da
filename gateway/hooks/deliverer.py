"""Delivery of events: one task for each subscription, in every worker; at least once, with retries."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from time import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.counts import count_of
from core.ports import HttpFetcher
from gateway.hooks.attempt import AttemptResult, attempt
from gateway.hooks.batch import Batch
from gateway.hooks.policy import DeliveryPolicy, ReceiverState, next_state, retry_seconds
from gateway.hooks.queue import HookQueue, Settlement, TakenEvents
from gateway.hooks.subscription import Subscription
from gateway.hooks.subscriptions import Subscriptions
from gateway.redis.connection.outages.retry_loop import run_forever
from gateway.redis.lua import Argument
from gateway.redis.records.hook_events import HookEvent

log = logging.getLogger("turngate.hooks")

Clock = Callable[[], float]


class HookDeliverer:
    """Delivers to all subscriptions until cancelled. One that is down holds up no other."""

    def __init__(
        self,
        redis: Redis,
        fetch: HttpFetcher,
        policy: DeliveryPolicy | None = None,
        *,
        clock: Clock = time,
        pause: float = 0.5,
        partition: int = 0,
    ) -> None:
        self._partition = partition
        self._redis = redis
        self._fetch = fetch
        self._policy = policy or DeliveryPolicy()
        self._clock = clock
        self._pause = pause
        self._subscriptions = Subscriptions(redis)
        self._deliveries: dict[str, HookDelivery] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._lost = -1

    async def run(self) -> None:
        """Deliver until cancelled; errors of the server are logged and retried."""
        try:
            await run_forever(self._update_tasks, self._pause, "delivery of hooks")
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            for delivery in self._deliveries.values():
                with suppress(RedisError, OSError):
                    await delivery.release()

    async def _update_tasks(self) -> None:
        """Start a task for each active subscription and end those of removed ones."""
        hooks = {hook.name: hook for hook in await self._subscriptions.list_all() if not hook.disabled}
        for name in set(self._tasks) - set(hooks):
            task = self._tasks.pop(name)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._deliveries.pop(name).release()  # it may be enabled again
        for name, hook in hooks.items():
            if name in self._tasks and self._tasks[name].done():
                log.error("delivery of hook %s ended; restarting", name, exc_info=_failure(self._tasks[name]))
                del self._tasks[name]
            if name not in self._tasks:
                delivery = self._deliveries.get(name) or HookDelivery(  # one that ended holds the lease still
                    self._redis,
                    self._fetch,
                    hook,
                    self._policy,
                    clock=self._clock,
                    partition=self._partition,
                )
                self._deliveries[name] = delivery
                self._tasks[name] = asyncio.create_task(
                    run_forever(delivery.deliver_all, self._pause, f"delivery of hook {name}")
                )
            self._deliveries[name].hook = hook
        if hooks:
            await self._report_loss()

    async def _report_loss(self) -> None:
        """Log when events were lost: they were not delivered, and the number of stored events is limited."""
        lost = int(await self._redis.hget("tg:counts", "hook_events:lost") or 0)
        if 0 <= self._lost < lost:
            log.error(
                "%d events for hooks were lost: more happened than were delivered; `turngate hooks list` "
                "shows which receiver does not take them",
                lost - self._lost,
            )
        self._lost = lost


def _failure(task: asyncio.Task[None]) -> BaseException | None:
    return None if task.cancelled() else task.exception()


class HookDelivery:
    """Deliveries of one subscription, a batch at a time."""

    def __init__(
        self,
        redis: Redis,
        fetch: HttpFetcher,
        hook: Subscription,
        policy: DeliveryPolicy | None = None,
        *,
        clock: Clock = time,
        partition: int = 0,
    ) -> None:
        self._partition = partition
        self.hook = hook
        self._fetch = fetch
        self._policy = policy or DeliveryPolicy()
        self._clock = clock
        self._queue = HookQueue(redis, hook.name, self._policy)
        self._subscriptions = Subscriptions(redis)

    async def deliver_all(self) -> None:
        """Deliver batches while there are events that are due."""
        while await self.deliver_batch():
            pass

    async def deliver_batch(self) -> bool:
        """Take events, try them and record the results; return whether there may be more."""
        if self.hook.disabled:
            return False
        taken = await self._queue.take(self._now_ms())
        if taken is None or not (taken.waiting or taken.new):
            return False
        was_down = taken.state.is_down(self._policy)
        too_old, rest, cursor = self._select(taken, is_probe=was_down)
        batch = Batch(self._policy, self._try)
        await batch.run(rest)
        results = list(batch.results.values())
        state, pause = next_state(taken.state, results, self._policy)
        is_recovered = was_down and not state.failing
        settlements = [
            *(Settlement(event, "dead", reason=self._describe_age(event)) for event in too_old),
            *(self._settle(event, batch.results.get(event.id)) for event in rest),
        ]
        fields = self._state_fields(state, pause, results)
        held = await self._queue.settle(settlements, fields, cursor=cursor, tries_all=is_recovered)
        self._log_change(taken.state, state, pause, results)
        if any(result.is_gone for result in results):
            await self._disable()
            return False
        return held and not pause

    async def release(self) -> None:
        """Let another worker deliver at once; events in progress are delivered again."""
        await self._queue.release()

    def _select(self, taken: TakenEvents, *, is_probe: bool) -> tuple[list[HookEvent], list[HookEvent], str]:
        """Return what is too old, what is to be tried, and the last new event that is dealt with.

        A receiver that is down gets one event: that with the fewest failures, so that no event keeps it from
        being found up again.
        """
        earliest_ms = self._now_ms() - int(self._policy.give_up_seconds * 1000)
        wanted = [event for event in (*taken.waiting, *taken.new) if self.hook.wants(event.kind)]
        too_old = [event for event in wanted if event.since_ms < earliest_ms]
        rest = [event for event in wanted if event.since_ms >= earliest_ms]
        if is_probe and rest:
            rest = [min(rest, key=lambda event: event.attempts)]
        cursor, dealt_with = "", {event.id for event in (*too_old, *rest)}
        for event in taken.new:
            if self.hook.wants(event.kind) and event.id not in dealt_with:
                break
            cursor = event.id
        return too_old, rest, cursor

    async def _try(self, event: HookEvent) -> AttemptResult:
        try:
            return await attempt(
                self._fetch,
                self.hook,
                event,
                now_ms=self._now_ms(),
                seconds=self._policy.attempt_seconds,
                partition=self._partition,
            )
        except Exception as error:  # any error: it must not block other events
            log.exception("hook %s: an event could not be sent", self.hook.name)
            return AttemptResult(reason=f"it could not be sent ({type(error).__name__})")

    def _settle(self, event: HookEvent, result: AttemptResult | None) -> Settlement:
        if result is None:  # not tried: it is next
            return Settlement(event, "waiting")
        if result.is_delivered:
            return Settlement(event, "delivered")
        event = event.model_copy(update={"attempts": event.attempts + 1})
        due_ms = self._now_ms() + int(retry_seconds(event.attempts, result.retry_after) * 1000)
        return Settlement(event, "waiting", due_ms, result.reason)

    def _state_fields(
        self, state: ReceiverState, pause: float, results: list[AttemptResult]
    ) -> dict[str, Argument]:
        now = self._now_ms()
        fields: dict[str, Argument] = {
            "failing": state.failing,
            "openings": state.openings,
            "paused_until": now + int(pause * 1000) if pause else 0,
        }
        if any(result.is_delivered for result in results):
            fields["last_success"] = now
        if failures := [result for result in results if not result.is_delivered]:
            fields |= {"last_failure": now, "last_error": failures[-1].reason}
        return fields

    def _describe_age(self, event: HookEvent) -> str:
        hours = self._policy.give_up_seconds / 3600
        return f"not delivered within {hours:.0f} hours, in {count_of(event.attempts, 'try', 'tries')}"

    async def _disable(self) -> None:
        """Disable the subscription: its receiver answered 410, which asks for that."""
        reason = "the receiver answered 410 Gone"
        self.hook = self.hook.model_copy(update={"disabled": reason})
        with suppress(RedisError, OSError):  # it would answer 410 again
            await self._subscriptions.change(
                self.hook.name, lambda hook: hook.model_copy(update={"disabled": reason})
            )
        log.error("hook %s is disabled: %s; `turngate hooks enable` turns it on", self.hook.name, reason)

    def _log_change(
        self, before: ReceiverState, after: ReceiverState, pause: float, results: list[AttemptResult]
    ) -> None:
        if pause and not before.openings:
            log.warning(
                "hook %s: the receiver is down (%s); events are kept and tried again",
                self.hook.name,
                results[-1].reason,
            )
        elif before.openings and not after.openings:
            log.warning("hook %s: the receiver is up again", self.hook.name)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)
