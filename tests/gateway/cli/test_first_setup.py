"""`turngate setup` without a channel: asks, checks at the provider, and writes a file for its owner only."""

from __future__ import annotations

import asyncio
import stat
import tempfile
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from core.errors import ConfigurationError
from gateway.cli import app
from gateway.cli.operations._first_setup import read_env_file, write_env_file
from tests.channels.test_account_checks import PUBLIC, create_account, serve_account

VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1).map(
    str.strip
)


def run_setup(path: Path, *answers: str) -> Result:
    lines = "".join(f"{each}\n" for each in answers)
    return CliRunner().invoke(app, ["setup", "--file", str(path)], input=lines)


async def test_the_first_setup_asks_again_for_what_the_provider_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / ".env"
    async with serve_account(create_account("twilio")) as (environ, _):
        path.write_text(f"# ours\nTWILIO_API_URL={environ['TWILIO_API_URL']}\nTURNGATE_FLOW=kyc\n")
        sid, token = environ["TWILIO_ACCOUNT_SID"], environ["TWILIO_AUTH_TOKEN"]
        answers = ("bots.example.com", PUBLIC, "fax", "twilio", sid, "f" * 32, "", "y", sid, token, "")
        result = await asyncio.to_thread(run_setup, path, *answers)

    assert result.exit_code == 0, result.output
    assert "PUBLIC_URL must be" in result.output
    assert "There is no channel fax" in result.output
    assert "the provider refused the check" in result.output
    assert "the account is active" in result.output
    assert token not in result.output
    assert "f" * 32 not in result.output
    written = dotenv_values(path)
    assert (written["TWILIO_AUTH_TOKEN"], written["PUBLIC_URL"]) == (token, PUBLIC)
    assert written["TURNGATE_FLOW"] == "kyc"
    assert len(written["TURNGATE_API_KEY"] or "") >= 32
    assert path.read_text().startswith("# ours\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_interrupted_setup_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("TURNGATE_FLOW=kyc\n")

    assert run_setup(path, PUBLIC).exit_code == 1
    assert path.read_text() == "TURNGATE_FLOW=kyc\n"
    assert [each.name for each in tmp_path.iterdir()] == [".env"]
    with pytest.raises(ConfigurationError, match="--file"):
        write_env_file(tmp_path / "nowhere" / ".env", {"A": "1"})


@given(st.dictionaries(st.from_regex(r"\A[A-Z][A-Z0-9_]{0,9}\Z"), VALUES.filter(bool), max_size=3))
@settings(max_examples=25)
def test_every_value_is_read_as_it_was_written(values: dict[str, str]) -> None:
    path = Path(tempfile.mkdtemp()) / ".env"
    write_env_file(path, values)

    assert read_env_file(path) == values


def test_a_provider_that_is_not_reached_has_refused_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / ".env"
    path.write_text("TWILIO_API_URL=http://127.0.0.1:1\n", encoding="utf-8")
    result = run_setup(path, PUBLIC, "twilio", f"AC{'0' * 32}", "f" * 32, "", "n")

    assert "the provider did not answer the check: twilio" in result.output
    assert "refused the check" not in result.output
