"""A short storm: what `make storm` does at full size."""

from __future__ import annotations

import pytest

from channels._kit.twin import Fault, Faults
from gateway.storm.script import Script
from gateway.storm.storm import Storm, Weather
from gateway.storm.verdict import Verdict

TROUBLE = (Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.DROP_BEFORE, Fault.TOO_MANY, Fault.UNAVAILABLE)


@pytest.mark.timeout(150)
async def test_the_laws_hold_while_workers_are_killed_and_the_provider_fails() -> None:
    lines: list[str] = []
    faults = Faults(
        chance=0.1,
        kinds=TROUBLE,
        webhooks_twice=0.2,
        statuses_twice=0.2,
        statuses_shuffled=0.2,
        answer_delay=0.05,
    )
    weather = Weather(
        seed=20261123,
        conversations=12,
        at_once=12,
        kill_every=2.0,
        think=0.8,
        lease_seconds=2.0,
        faults=faults,
    )
    verdict = await Storm(weather, lines.append).run()

    assert verdict.kills > 0
    assert verdict.broken == []
    assert (verdict.lost, verdict.doubled, verdict.reordered) == (0, 0, 0)
    assert verdict.recovery < 10
    assert lines[-1].startswith("12 of 12 conversations")


@pytest.mark.parametrize(
    ("heard", "lost", "doubled", "reordered"),
    [
        (["a", "b"], 0, 0, 0),
        (["a"], 1, 0, 0),
        (["a", "a", "b"], 0, 1, 0),
        (["b", "a"], 0, 0, 1),
    ],
)
def test_the_verdict_tells_lost_doubled_and_reordered_apart(
    heard: list[str], lost: int, doubled: int, reordered: int
) -> None:
    verdict = Verdict(seed=1)
    verdict.judge(Script("+15550170", ("x", "y"), (("a",), ("b",))), heard)

    assert (verdict.lost, verdict.doubled, verdict.reordered) == (lost, doubled, reordered)
    assert verdict.holds(10) == (heard == ["a", "b"])
