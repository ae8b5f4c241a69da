"""The chaos test finds known faults, planted in a copy of the packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.effort import FULL
from tests.paths import ROOT

SCRIPTS = Path("gateway/redis/scripts")
# Short, and with more pauses and agents than usual: a fault shows only where they meet a turn in progress.
SCENARIO = """
import asyncio
import sys
from channels._kit.simulator import FaultSettings
from gateway.storm.runner import StormRunner
from gateway.storm.scenario import COMMON_FAULTS, StormScenario

scenario = StormScenario(
    seed=int(sys.argv[1]), messages=150, people=24, think=0.5, kill_every=4.0, pause_every=2.5,
    restart_every=0.0, lease_seconds=2.0, settle=2.0, patience=25.0, turn_delay=0.2, words=0.4, erasures=0.2,
    offers=0.2, deadly=0.05,
    faults=FaultSettings(chance=0.03, kinds=COMMON_FAULTS, answer_delay=0.3),
)
if __name__ == "__main__":
    result = asyncio.run(StormRunner(scenario, print).run())
    print(*result.violation_messages, result.fault_counts, sep="; ")
    print(*sorted(kind.name for kind in result.violations))
"""
BROADCAST_SCENARIO = """
import asyncio
import sys
from channels._kit.simulator import FaultSettings
from gateway.storm.broadcast_run import run_broadcast
from gateway.storm.scenario import COMMON_FAULTS, StormScenario

scenario = StormScenario(
    seed=int(sys.argv[1]), workers=2, kill_every=2.0, lease_seconds=2.0, clock_off=0.0, turn_delay=0.0,
    faults=FaultSettings(chance=0.02, kinds=COMMON_FAULTS),
)
if __name__ == "__main__":
    result = asyncio.run(run_broadcast(scenario, 100, print))
    print(*(name for name in ("missing", "doubled", "unwanted") if getattr(result, name)))
"""
FAULTS = {
    "the head of the outbox is popped unseen": (
        {
            "shared/delivery/outbox.lua": (
                "  return stored_field(redis.call('LINDEX', key(session, ':out'), 0), 'key') == reply\n",
                "  return redis.call('LLEN', key(session, ':out')) > 0\n",
            ),
            "../mailbox/redis_mailbox.py": (
                "outbox=tuple(reply for reply in view.outbox if reply.key != first.key)",
                "outbox=view.outbox[1:]",
            ),
        },
        {"WORDS_LOST"},
    ),
    "the lease is not checked": (
        {
            "shared/sessions/leases.lua": (
                "  if valid_fences[session] == fence then return true end\n",
                "  if fence then return true end\n",
            )
        },
        # A paused worker goes on with its old token after another has claimed: the token is logged twice.
        {"SETTLED_TWICE", "OVERLAP", "DUPLICATED", "DUPLICATE_COMMIT", "REPEATED_FENCE"},
    ),
    "the workers that a reply kills are not counted": (
        {
            "shared/sessions/view.lua": (
                "  if #outbox > 0 then record_start(session, 'sends', sends, fence) end\n",
                "",
            )
        },
        {"DEADLY_KEPT"},
    ),
    "the owner is not checked at the mark": (
        {"replies/mark.lua": ("if reason then\n", "if reason and ARGV[7] ~= 'bot' then\n")},
        {"SENT_WHILE_SILENCED"},
    ),
    "a cancelled message stays in the schedule": (
        {
            "shared/delivery/schedule.lua": (
                "  leave_schedule(session, id)\n"
                "  redis.call('HSET', record, 'state', 'cancelled', 'reason', reason)\n"
                "  redis.call('HDEL', record, 'message')\n",
                "  redis.call('HSET', record, 'state', 'cancelled', 'reason', reason)\n",
            )
        },
        {"WITHDRAWN_SENT"},
    ),
    "fences repeat after an erasure": (
        {
            "shared/sessions/leases.lua": (
                "fence = number .. ':' .. nonce",
                "nonce = '0'; fence = number .. ':0'",
            )
        },
        {"REPEATED_FENCE"},
    ),
}


BROADCAST_FAULTS = {
    "an opt-out does not hold for messages of the business": (
        {
            "shared/sessions/ownership.lua": (
                "if optout == '1' and class ~= 'confirmation' then",
                "if optout == '1' and class == '' then",
            )
        },
        {"unwanted"},
    ),
    "the gate does not know what was sent": (
        {
            "sending/say.lua": ("local earlier_use = find_earlier_use()\n", "local earlier_use = nil\n"),
            "../../broadcasts/feeder.py": ("if holders[number] != number:", "if holders[number] is None:"),
        },
        {"doubled"},
    ),
}


def copy_with_fault(folder: Path, edits: dict[str, tuple[str, str]]) -> None:
    """Copy the packages into `folder` and replace a piece of each named script."""
    for package in ("gateway", "channels", "core", "flows"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, (before, after) in edits.items():
        script = folder / SCRIPTS / name
        text = script.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{name} has changed: plant the fault anew"
        script.write_text(text.replace(before, after), encoding="utf-8")


def find_violations(folder: Path, seed: int, scenario: str = SCENARIO) -> set[str]:
    """Run the chaos test with the packages of a folder; return the kinds of violations."""
    file = folder / "run_storm.py"
    file.write_text(scenario, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, str(file), str(seed)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    print(run.stdout[-3000:])
    return set(run.stdout.splitlines()[-1].split())


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", FAULTS if FULL else ["fences repeat after an erasure"])
def test_the_storm_finds_a_planted_fault(name: str, tmp_path: Path) -> None:
    edits, expected = FAULTS[name]
    copy_with_fault(tmp_path, edits)

    # What a short run meets depends on the machine's speed too: up to three seeds.
    found = (find_violations(tmp_path, seed) for seed in range(20261128, 20261131))
    assert any(violations & expected for violations in found)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(200)
@pytest.mark.skipif(not FULL, reason="half a minute each; with FULL_TESTS=1")
@pytest.mark.parametrize("name", BROADCAST_FAULTS)
def test_the_storm_finds_a_planted_fault_of_broadcasts(name: str, tmp_path: Path) -> None:
    edits, expected = BROADCAST_FAULTS[name]
    copy_with_fault(tmp_path, edits)

    assert find_violations(tmp_path, 7, BROADCAST_SCENARIO) & expected
