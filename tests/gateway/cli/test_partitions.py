"""`turngate partitions`: where the data of a cluster is."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.redis.connection.cluster.partition import Partition
from gateway.storm.servers.cluster_group import ClusterGroup


def test_the_server_that_has_the_partition_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    group = ClusterGroup(tmp_path, primaries=1, replicas=0)
    asyncio.run(group.start())
    monkeypatch.setenv("REDIS_URL", group.url)
    try:
        found = CliRunner().invoke(app, ["partitions", "--json"])
        shown = CliRunner().invoke(app, ["partitions"])
        checked = CliRunner().invoke(app, ["doctor"])
        monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{group.ports[0]}")
        refused = [CliRunner().invoke(app, [command]) for command in ("worker", "web")]
    finally:
        group.stop()

    [place] = json.loads(found.output)
    server = f"127.0.0.1:{group.ports[0]}"
    assert place == {"number": 0, "slot": Partition().slot, "server": server, "replicas": 0}
    assert server in shown.output
    assert f"is on {server} with no replica" in checked.output
    for each in refused:
        assert each.exit_code != 0
        assert "names one node of a Redis Cluster" in f"{each.output}{each.exception}"


def test_a_single_server_has_everything(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)

    assert "does not name a cluster" in CliRunner().invoke(app, ["partitions"]).output
