"""Added latency: from the provider's webhook call to the provider's receipt of the reply.

Everything is real (web and worker processes, append-only server, HTTP on loopback); the model costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from time import perf_counter

from gateway.load import LoadGenerator, running_installation

_MESSAGES = 300


@dataclass(frozen=True, slots=True)
class AddedLatency:
    """Milliseconds from webhook to reply, sorted; `per_second` is the rate of messages."""

    latencies_ms: list[float]
    per_second: float

    def __str__(self) -> str:
        middle, tail = (
            self.latencies_ms[len(self.latencies_ms) // 2],
            self.latencies_ms[int(len(self.latencies_ms) * 0.99)],
        )
        return f"p50 {middle:.1f} ms, p99 {tail:.1f} ms"


class LatencyBench:
    """The running system; contacts write one after another, concurrently, or at a fixed rate."""

    def __init__(self, generator: LoadGenerator) -> None:
        self._generator = generator
        self._people = count()

    async def measure_one(self) -> float:
        """Send a message of a new contact; return the milliseconds until the reply arrived."""
        outcome = await self._generator.send(f"+1555{next(self._people):07d}", "hi")
        assert outcome.reply_ms is not None, outcome
        return outcome.reply_ms

    async def measure_sequential(self, messages: int) -> AddedLatency:
        """Send each message after the previous reply: an idle system."""
        began = perf_counter()
        accepted = [await self.measure_one() for _ in range(messages)]
        return AddedLatency(sorted(accepted), messages / (perf_counter() - began))

    async def measure_concurrent(self, messages: int, people: int) -> AddedLatency:
        """Send from `people` contacts concurrently, each after its previous reply: the maximum throughput."""

        async def lane() -> list[float]:
            return [await self.measure_one() for _ in range(messages // people)]

        began = perf_counter()
        lanes = await asyncio.gather(*(lane() for _ in range(people)))
        accepted = [each for lane in lanes for each in lane]
        return AddedLatency(sorted(accepted), len(accepted) / (perf_counter() - began))

    async def measure_at_rate(self, messages: int, per_second: float) -> AddedLatency:
        """Send at a fixed rate, regardless of messages in progress."""
        began, tasks = perf_counter(), []
        for number in range(messages):
            await asyncio.sleep(max(0.0, began + number / per_second - perf_counter()))
            tasks.append(asyncio.create_task(self.measure_one()))
        return AddedLatency(sorted(await asyncio.gather(*tasks)), per_second)


@asynccontextmanager
async def running_gateway(appendfsync: str = "everysec") -> AsyncIterator[LatencyBench]:
    """Start web and worker processes, a durable server, and the simulated provider in this process."""
    async with running_installation(appendfsync=appendfsync) as installation:
        line = LatencyBench(installation.generator)
        await line.measure_sequential(20)
        yield line


async def measure(messages: int) -> dict[str, tuple[AddedLatency, AddedLatency, AddedLatency]]:
    """Measure idle, at maximum throughput, and at half of it, for each `appendfsync` policy."""
    results = {}
    for appendfsync in ("everysec", "always"):
        async with running_gateway(appendfsync) as line:
            idle = await line.measure_sequential(messages)
            full = await line.measure_concurrent(4 * messages, 32)
            half = await line.measure_at_rate(2 * messages, full.per_second / 2)
            results[appendfsync] = idle, full, half
            print(f"· latency, {appendfsync}: idle {idle}; {full.per_second:.0f}/s; half {half}", flush=True)
    return results


def render_section() -> str:
    """Measure and render the page's section."""
    rows = "\n".join(
        f"| `{name}` | {idle} | {half.per_second:,.0f}/s: {half} | {full.per_second:,.0f}/s |"
        for name, (idle, full, half) in asyncio.run(measure(_MESSAGES)).items()
    )
    return f"""
## Added latency

From the sending of the webhook by the provider to the arrival of our reply there, with the offline model; all
processes run on this machine, including the simulated provider; for both ways of writing the append-only file
(aim when idle: p50 below 10 ms, p99 below 40 ms):

| `appendfsync` | idle, one message after another | at half load | all it can do |
|---|---|---|---|
{rows}
"""
