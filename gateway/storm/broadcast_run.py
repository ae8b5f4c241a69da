"""Chaos test of a broadcast: workers are killed, contacts write and opt out, an operator pauses it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import Final

from gateway.broadcasts.broadcast import Broadcast, BroadcastState, Progress
from gateway.broadcasts.recipient_file import Recipient
from gateway.broadcasts.store import BroadcastAct, Broadcasts
from gateway.redis.lua import ProtocolLimits
from gateway.storm.conversations import STOP_TEXT
from gateway.storm.environment import BUSINESS_NUMBER, CHANNEL, StormEnvironment, running_environment
from gateway.storm.scenario import StormScenario

_AREA_CODES: Final = (202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215)
_WRITERS_AREA: Final = 216
_WRITER_PAUSE_SECONDS: Final = 0.05
_POLL_SECONDS: Final = 0.5
_NAME: Final = "storm"
_TEXT_BEGIN: Final = "Offer for "
_PAUSE_SECONDS: Final = 1.0
_OPT_OUTS: Final = 5
_WRITES_UNDER_KILLS: Final = 500


@dataclass(slots=True)
class BroadcastRunResult:
    """Messages that contacts got, and the seconds that contacts waited for replies.

    `unwanted` went to contacts who had opted out before the start. Waits are measured in three phases:
    without faults, with kills of workers, and with kills during the broadcast.
    """

    rows: int
    seconds: float = 0.0
    kills: int = 0
    missing: int = 0
    doubled: int = 0
    unwanted: int = 0
    skipped: int = 0
    idle_waits: list[float] = field(default_factory=list)
    killed_waits: list[float] = field(default_factory=list)
    busy_waits: list[float] = field(default_factory=list)

    @property
    def is_passing(self) -> bool:
        """True if every permitted contact got exactly one message, and no other contact got any."""
        return self.missing == self.doubled == self.unwanted == 0


def percentile(waits: list[float], share: float) -> float:
    """Return a percentile of waits; 0 if there are none."""
    return sorted(waits)[min(int(len(waits) * share), len(waits) - 1)] if waits else 0.0


async def run_broadcast(
    scenario: StormScenario, rows: int, write_line: Callable[[str], None]
) -> BroadcastRunResult:
    """Send a broadcast of `rows` contacts; every twentieth is listed twice, in another spelling.

    The first few who opt out do so before the start, others while it runs: those get one message or none.
    """
    result = BroadcastRunResult(rows)
    recipients, contacts = _build_recipients(rows)
    early = list(contacts)[1::20][:_OPT_OUTS]
    late = list(contacts)[2::20][-_OPT_OUTS:]
    async with running_environment(scenario) as environment:
        writer = _Writer(environment, scenario.seed)
        await writer.write(20, result.idle_waits)
        result.idle_waits.clear()  # warm-up
        await writer.write(200, result.idle_waits)
        killing = asyncio.create_task(_kill_workers(environment, scenario, result))
        if scenario.kill_every:
            await writer.write(min(rows, _WRITES_UNDER_KILLS), result.killed_waits, _WRITER_PAUSE_SECONDS)
        store = Broadcasts(environment.redis, ProtocolLimits())
        broadcast = Broadcast(
            name=_NAME, channel=CHANNEL, sender=BUSINESS_NUMBER, text=_TEXT_BEGIN + "{{ name }}."
        )
        await _opt_out(environment, early)
        began = monotonic()
        await store.start(broadcast, recipients)
        writing = asyncio.create_task(writer.write_until_cancelled(result.busy_waits))
        try:
            await store.change(_NAME, BroadcastAct.PAUSE)
            await _opt_out(environment, late)
            await asyncio.sleep(_PAUSE_SECONDS)
            await store.change(_NAME, BroadcastAct.RESUME)
            progress = await _wait_until_sent(store, write_line)
        finally:
            for task in (killing, writing):
                task.cancel()
            await asyncio.gather(killing, writing, return_exceptions=True)
        result.seconds = monotonic() - began
        result.skipped = progress.skipped
        for contact, text in contacts.items():
            recipient = environment.simulator_server.simulator.recipient(contact)
            offers = [body for body in recipient.received if body.startswith(_TEXT_BEGIN)]
            is_permitted = contact not in (*early, *late)
            result.missing += is_permitted and text not in offers
            result.unwanted += contact in early and recipient.sends > 0  # the provider refuses them, too
            result.doubled += len(offers) > 1
    return result


async def _opt_out(environment: StormEnvironment, contacts: list[str]) -> None:
    for contact in contacts:
        await environment.simulator_server.send_in_order(contact, [STOP_TEXT], swapped=False)


def _build_recipients(rows: int) -> tuple[list[Recipient], dict[str, str]]:
    recipients: list[Recipient] = []
    contacts: dict[str, str] = {}
    for number in range(rows):
        area, rest = _AREA_CODES[number // 10_000], number % 10_000
        contact, name = f"+1{area}555{rest:04d}", f"N{number}"
        contacts[contact] = f"{_TEXT_BEGIN}{name}."
        recipients.append(Recipient(line=len(recipients) + 2, to=contact, variables={"name": name}))
        if number % 20 == 0:
            again = f"+1 ({area}) 555-{rest:04d}"
            recipients.append(Recipient(line=len(recipients) + 2, to=again, variables={"name": "twice"}))
    return recipients, contacts


async def _wait_until_sent(store: Broadcasts, write_line: Callable[[str], None]) -> Progress:
    """Wait until no message of the broadcast is waiting."""
    reported = 0.0
    while True:
        progress = await store.read(_NAME)
        assert progress is not None, "it was started"
        if progress.state is BroadcastState.FINISHED and progress.waiting == 0:
            return progress
        if monotonic() - reported > 10:
            reported = monotonic()
            write_line(f"{progress.processed} of {progress.total} processed, {progress.sent} sent")
        await asyncio.sleep(_POLL_SECONDS)


async def _kill_workers(
    environment: StormEnvironment, scenario: StormScenario, result: BroadcastRunResult
) -> None:
    """Kill one worker after the other; each is started again."""
    random = Random(scenario.seed)  # noqa: S311 - repeatable on purpose
    while scenario.kill_every:
        await asyncio.sleep(scenario.kill_every)
        result.kills += random.choice(environment.workers).signal(signal.SIGKILL) is not None


class _Writer:
    """One contact after the other writes and waits for the reply."""

    def __init__(self, environment: StormEnvironment, seed: int) -> None:
        self._server = environment.simulator_server
        self._next = 0

    async def write(self, count: int, waits: list[float], pause: float = 0.0) -> None:
        for _ in range(count):
            await self._write_once(waits)
            await asyncio.sleep(pause)

    async def write_until_cancelled(self, waits: list[float]) -> None:
        while True:
            await self._write_once(waits)
            await asyncio.sleep(_WRITER_PAUSE_SECONDS)

    async def _write_once(self, waits: list[float]) -> None:
        contact = f"+1{_WRITERS_AREA}555{self._next % 10_000:04d}"
        self._next += 1
        recipient = self._server.simulator.recipient(contact)
        recipient.message_received.clear()
        began = monotonic()
        await self._server.send_in_order(contact, ["hello"], swapped=False)
        await recipient.message_received.wait()
        waits.append(monotonic() - began)
