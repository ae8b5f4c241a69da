"""Search for the highest rate at which every message is answered in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count

from gateway.load.generator import LoadGenerator
from gateway.load.plan import LoadPlan
from gateway.load.result import LoadResult

_GROWTH = 1.6
_ACCURACY = 1.1
_MAX_STEPS = 24
_CONTACTS = 10_000_000
_CONTACTS_PER_STEP = 500_000
_LOWEST_RATE = 1.0


async def find_capacity(
    generator: LoadGenerator, plan: LoadPlan, p99_ms: float, report: Callable[[str], None]
) -> tuple[float, LoadResult | None]:
    """Return the highest rate within `p99_ms` that was found, within 10 %, and its result; (0, None) if none.

    The rate grows until a test fails, then the interval between the last good and the first bad rate is
    halved. Every test has its own contacts, and begins when the backlog of the last one is processed.
    """
    rate, good, bad = plan.rate, 0.0, 0.0
    best: LoadResult | None = None
    for first_contact in count(plan.first_contact, _CONTACTS_PER_STEP):
        step = replace(plan, rate=rate, first_contact=first_contact % _CONTACTS)
        result = await generator.run(step)
        reply = result.to_json()["reply_ms"]
        report(f"{rate:,.1f}/s: p50 {reply['p50']} ms, p99 {reply['p99']} ms, {result.unanswered} unanswered")
        if result.is_within(p99_ms):
            good, best = rate, result
        else:
            bad = rate
            await generator.wait_for_backlog(step)
        is_found = good and bad and bad / good <= _ACCURACY
        if is_found or (bad and bad <= _LOWEST_RATE) or first_contact >= _MAX_STEPS * _CONTACTS_PER_STEP:
            break
        rate = _next_rate(good, bad)
    return good, best


def _next_rate(good: float, bad: float) -> float:
    """Return the next rate: higher after good tests, lower after bad ones, between both after either."""
    if not bad:
        return good * _GROWTH
    return (good + bad) / 2 if good else max(bad / _GROWTH, _LOWEST_RATE)
