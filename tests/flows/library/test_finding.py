"""Flows of the library are found by name; a user's own file takes precedence."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.errors import ConfigurationError
from flows import Flow
from flows.document import FlowError
from flows.library import FLOW_LIBRARY, find_flow_file, library_flows
from gateway.cli import app
from gateway.config.settings import Settings


@pytest.mark.long
@pytest.mark.parametrize("name", library_flows())
def test_a_flow_of_the_library_is_loaded_by_its_name(name: str) -> None:
    assert Flow.load(name) == Flow.load(FLOW_LIBRARY / f"{name}.json")
    assert Settings.model_validate({"TURNGATE_FLOW": name}).flow_path == FLOW_LIBRARY / f"{name}.json"
    assert CliRunner().invoke(app, ["flow", "lint", name]).exit_code == 0


def test_a_file_of_the_same_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("kyc").write_text("{}")

    assert find_flow_file("kyc") == Path("kyc")


@pytest.mark.parametrize("name", ["nothing", "../library/kyc", "kyc.json", ".", "", "kyc\0", "k" * 300])
def test_other_names_are_files(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_flow_file(name) == Path(name)
    with pytest.raises((FlowError, ValueError)):
        Flow.load(name)


def test_a_name_that_no_file_can_have_is_not_found() -> None:
    with pytest.raises(ConfigurationError, match="not found; flows of the library: "):
        _ = Settings.model_validate({"TURNGATE_FLOW": "k" * 300}).flow_path
