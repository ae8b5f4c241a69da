"""Child processes of `turngate run`: a start that fails because of settings is distinguished from a crash."""

from __future__ import annotations

import asyncio
import os
import sys
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


async def test_a_process_that_cannot_be_started_again_is_tried_until_it_can(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    child = SupervisedProcess("worker", os.environ)
    await child.start()
    first = child.pid
    try:
        program.chmod(0o644)
        child.kill()
        async with asyncio.timeout(30):
            while "cannot be started" not in caplog.text:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
            program.chmod(0o755)
            while child.pid in (None, first):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
    finally:
        await child.stop(10)
