"""A short chaos test; `make storm` runs it at full size."""

from __future__ import annotations

import gc
import io
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from gateway.storm.runner import StormRunner
from gateway.storm.scenario import StormScenario
from gateway.storm.verdict.report import build_tables
from tests.paths import ROOT


@pytest.mark.timeout(150)
@pytest.mark.parametrize(("messages", "burst"), [pytest.param(100, 0.0, marks=pytest.mark.long), (20, 0.4)])
async def test_the_guarantees_hold_under_injected_faults(messages: int, burst: float) -> None:
    lines: list[str] = []
    scenario = StormScenario(
        seed=20261123,
        messages=messages,
        burst=burst,
        people=6 if burst else 16,
        think=0.2 if burst else 0.8,
        kill_every=1.5,
        pause_every=2.5,
        restart_every=2.5,
        lease_seconds=2.0,
        settle=3.0,
    )
    result = await StormRunner(scenario, lines.append).run()

    assert result.violation_messages == []
    assert result.is_passing(10)
    assert result.counts["acknowledged"] + result.counts["erased"] >= messages
    assert bool(result.counts["gathered"]) == bool(burst)
    assert {kind.split()[0] for kind in result.fault_counts} >= {"worker", "server"}
    if not burst:
        assert min(result.counts[name] for name in ("words", "offers", "erasures")) > 0
    assert "violations" in lines[-1]
    laws = build_tables(result, 10)[1]
    assert {row[-1] for row in laws.rows} == {"held"}


@pytest.mark.long
@pytest.mark.timeout(150)
async def test_messages_that_kill_their_workers_cost_others_only_a_wait() -> None:
    scenario = StormScenario(
        seed=4,
        messages=60,
        people=12,
        deadly=0.4,
        kill_every=0.0,
        restart_every=0.0,
        lease_seconds=2.0,
        settle=2.0,
    )
    result = await StormRunner(scenario, print).run()

    assert result.violation_messages == []
    assert result.counts["deadly"] > 0
    assert result.counts["acknowledged"] > 40


NEEDS_NAMESPACES = pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("ip") is None, reason="network namespaces need root and iproute2"
)


@pytest.mark.long
@pytest.mark.timeout(240)
# A connection that a failover cuts while it is being made is closed by the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("options", "fault"),
    [
        pytest.param({"partition_every": 1, "kill_every": 0}, "(network partition)", marks=NEEDS_NAMESPACES),
        ({"failover_every": 3, "kill_every": 3}, "primary killed, replica promoted"),
        ({"reshard_every": 1, "kill_every": 4, "messages": 150}, "primary"),
        ({"reshard_every": 1, "kill_every": 4, "messages": 150, "partitions": 4}, "primary"),
        ({"latency": 0.03, "kill_every": 5}, "packet to or from Redis lost"),
    ],
    ids=["network partitions", "failovers", "a cluster", "partitions", "slow links"],
)
async def test_the_guarantees_hold_where_servers_are_lost_or_far(
    options: dict[str, float], fault: str
) -> None:
    scenario = StormScenario(
        seed=20261129,
        messages=60,
        people=12,
        workers=2,
        think=0.3,
        pause_every=0,
        restart_every=0,
        lease_seconds=2.0,
        settle=3.0,
    ).model_copy(update=options)
    result = await StormRunner(scenario, lambda line: None).run()

    assert result.violation_messages == []
    assert result.is_passing(10) or options.keys() & {"failover_every", "reshard_every"}  # one takes longer
    assert result.counts["acknowledged"] + result.counts["erased"] >= 60
    assert any(fault in kind for kind in result.fault_counts)
    gc.collect()


EARLIER = "c290f4f"
"""The commit that runs beside this one. A release takes its place with each tag."""


@pytest.fixture
def other_release(tmp_path: Path) -> Path:
    command = ["git", "archive", "--format=zip", EARLIER]
    archived = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if archived.returncode:
        pytest.skip("the history of this checkout does not go back to the other release")
    zipfile.ZipFile(io.BytesIO(archived.stdout)).extractall(tmp_path)
    return tmp_path


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_the_guarantees_hold_while_two_releases_run_side_by_side(other_release: Path) -> None:
    scenario = StormScenario(
        seed=20261201,
        messages=60,
        people=12,
        workers=2,
        think=0.3,
        kill_every=6,
        pause_every=0,
        restart_every=0,
        upgrade_every=1.5,
        other_release=str(other_release),
        lease_seconds=2.0,
        settle=3.0,
    )
    result = await StormRunner(scenario, lambda line: None).run()

    assert result.violation_messages == []
    assert result.counts["acknowledged"] + result.counts["erased"] >= 60
    kinds = " ".join(result.fault_counts)
    assert "replaced by the other release" in kinds
    assert "replaced by this release" in kinds
