"""A REDIS_URL that cannot be used is one line that names the setting, in every command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT


@pytest.mark.long
@pytest.mark.parametrize("command", ["web", "worker", "doctor"])
@pytest.mark.parametrize("url", ["valkey://localhost", "redis://a:1,b:2"])
def test_a_url_that_cannot_be_used_is_named(command: str, url: str, tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TURNGATE_")}
    result = subprocess.run(
        [sys.executable, "-m", "gateway", command],
        cwd=tmp_path,
        env={**environ, "PYTHONPATH": str(ROOT), "REDIS_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert result.returncode == 2
    assert result.stderr.startswith("turngate: REDIS_URL: ")
    assert len(result.stderr.splitlines()) == 1
