"""Broadcast with real processes that are killed: each contact gets exactly one message."""

from __future__ import annotations

import pytest

from channels._kit.simulator import FaultSettings
from gateway.storm.broadcast_run import run_broadcast
from gateway.storm.scenario import COMMON_FAULTS, StormScenario
from tests.effort import example_count


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_each_contact_gets_one_message_while_workers_are_killed() -> None:
    scenario = StormScenario(
        seed=7,
        workers=2,
        kill_every=4.0,
        lease_seconds=2.0,
        clock_off=0.0,
        turn_delay=0.0,
        faults=FaultSettings(chance=0.02, kinds=COMMON_FAULTS),
    )
    rows = example_count(2_000, quick=200)
    result = await run_broadcast(scenario, rows, lambda line: None)
    assert (result.missing, result.doubled, result.unwanted) == (0, 0, 0)
    listed_twice = (rows + 19) // 20
    assert listed_twice + 5 <= result.skipped <= listed_twice + 10  # who opted out before, or while it ran
    assert result.kills > 0
    assert result.busy_waits
