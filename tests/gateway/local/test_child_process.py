"""Child processes of `turngate run`: a start that fails because of settings is distinguished from a crash."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from gateway.local.child_process import SupervisedProcess, check_configured


@pytest.mark.long
async def test_a_process_with_a_wrong_setting_is_known_as_misconfigured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    child = SupervisedProcess("worker", {**os.environ, "PORT": "many"})
    await child.start()
    try:
        async with asyncio.timeout(60):
            await child.misconfigured.wait()
        assert child.restarts == 1
        with pytest.raises(ConfigurationError, match="the worker process cannot start"):
            check_configured([child])
    finally:
        await child.stop(1)
