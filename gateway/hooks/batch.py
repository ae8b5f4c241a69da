"""Delivers a batch of events: sessions in parallel, the events of one session in order."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic

from gateway.hooks.attempt import AttemptResult
from gateway.hooks.policy import DeliveryPolicy
from gateway.redis.records.hook_events import HookEvent

Attempt = Callable[[HookEvent], Awaitable[AttemptResult]]


class Batch:
    """One run over events. If the receiver fails, later events of the session are left for the next batch.

    An event that it rejects holds up no other. When as many events failed as make a receiver count as down,
    no further one is begun.
    """

    def __init__(self, policy: DeliveryPolicy, attempt: Attempt) -> None:
        self._policy = policy
        self._attempt = attempt
        self._slots = asyncio.Semaphore(policy.concurrency)
        self._deadline = monotonic() + policy.batch_seconds
        self._failures = 0
        self._is_gone = False
        self.results: dict[str, AttemptResult] = {}

    async def run(self, events: Sequence[HookEvent]) -> None:
        """Try the events; `results` has those that were tried, by ID."""
        by_session: dict[str, list[HookEvent]] = defaultdict(list)
        for event in events:
            by_session[event.session].append(event)
        async with asyncio.TaskGroup() as group:
            for own in by_session.values():
                group.create_task(self._run_session(own))

    async def _run_session(self, events: Sequence[HookEvent]) -> None:
        for event in events:
            async with self._slots:
                if self._is_over():
                    return
                result = self.results[event.id] = await self._attempt(event)
            if result.is_down:
                self._failures += 1
                return
            self._failures = 0
            self._is_gone = self._is_gone or result.is_gone

    def _is_over(self) -> bool:
        return (
            self._is_gone or monotonic() > self._deadline or self._failures >= self._policy.failure_threshold
        )
