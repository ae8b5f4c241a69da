"""The public names that an application imports from `gateway`."""

from __future__ import annotations

import subprocess
import sys

import pytest

import gateway
from flows.library import FLOW_LIBRARY
from gateway import DialogMachine, Flow


async def test_a_dialog_runs_in_three_lines() -> None:
    machine = DialogMachine(Flow.load(FLOW_LIBRARY / "kyc.json"), "rules")
    await machine.turn("hi")
    reply = await machine.turn("4321")

    assert "date of birth" in reply.text


@pytest.mark.parametrize("name", gateway.__all__)
def test_every_public_name_is_importable(name: str) -> None:
    assert callable(getattr(gateway, name))


def test_an_unknown_name_raises_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = gateway.Nothing


@pytest.mark.long
def test_help_imports_neither_models_nor_servers() -> None:
    program = (
        "import sys; sys.argv = ['turngate', '--help']; from gateway.cli import app\n"
        "try: app()\nexcept SystemExit: pass\n"
        "print(sorted({'openai', 'rq', 'uvicorn', 'aiohttp'} & set(sys.modules)))"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert output.stdout.splitlines()[-1] == "[]"
