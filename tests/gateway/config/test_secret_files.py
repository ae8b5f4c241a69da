"""Secrets from files: every secret has a `*_FILE`; a file that cannot be used is an error that names it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from gateway.bootstrap import load_channels
from gateway.config import settings as module
from gateway.config.channel_config import ConfigFile
from gateway.config.settings import Settings, load_environment, secret_names
from tests.gateway.config.test_setting_names import OF_CHANNELS, OWN

SECRET = "3f9b0c7a51e84d62"
SID = "AC" + "0" * 31


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*OWN, *OF_CHANNELS):
        monkeypatch.delenv(name, raising=False)


def write_secret(text: str = f"{SECRET}\n", mode: int = 0o600) -> str:
    """Write a file with a mode; returns its path."""
    path = Path("secret").resolve()
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize("name", sorted(secret_names()))
def test_every_secret_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"{name}_FILE", write_secret())

    assert load_environment()[name] == SECRET
    assert f"{name}_FILE" not in load_environment()


def test_all_kinds_of_secrets_have_files() -> None:
    assert {"REDIS_URL", "OPENAI_API_KEY", "TURNGATE_API_KEYS", "TWILIO_AUTH_TOKEN"} <= secret_names()


def test_settings_keys_and_secrets_of_flows_come_from_files(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TURNGATE_API_KEY", "TURNGATE_SECRET_CRM"):
        monkeypatch.setenv(f"{name}_FILE", write_secret())
    monkeypatch.setenv("TURNGATE_SECRET_FILE", "a value")
    settings = Settings.load()

    assert settings.api_key.get_secret_value() == SECRET
    assert [key.name for key in settings.operator_keys] == ["operator"]
    assert settings.flow_secrets == {"CRM": SECRET, "FILE": "a value"}
    assert settings.variables["TURNGATE_API_KEY_FILE"].endswith("secret")


def test_a_channel_of_which_a_secret_is_in_a_file_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", f"{SID}1")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN_FILE", write_secret(f"{SECRET}\r\n"))
    monkeypatch.setenv("PUBLIC_URL", "https://bots.example.com")

    assert list(load_channels(Settings.load())) == ["twilio"]


def test_accounts_have_secrets_from_files(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("turngate.toml").write_text(
        f"""
        [channels.twilio.accounts.one]
        settings = {{TWILIO_ACCOUNT_SID = "{SID}1", TWILIO_AUTH_TOKEN_FILE = "{write_secret()}"}}
        [channels.twilio.accounts.two]
        settings = {{TWILIO_ACCOUNT_SID = "{SID}2", TWILIO_AUTH_TOKEN = "$SECOND_TOKEN"}}
        """,
        encoding="utf-8",
    )
    accounts = ConfigFile.load(Path("turngate.toml")).accounts.values()
    environ = {"SECOND_TOKEN_FILE": write_secret()}

    assert {each.resolve_settings(environ)["TWILIO_AUTH_TOKEN"] for each in accounts} == {SECRET}


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda: "missing", "cannot be read .No such file"),
        (lambda: str(Path.cwd()), "is not a regular file"),
        (lambda: write_secret("\n"), "is empty"),
        (lambda: write_secret(""), "is empty"),
        (lambda: write_secret(mode=0o644), "may be read by every user of this machine; run `chmod 600"),
        (lambda: write_secret(mode=0o602), "may be read by every user"),
        (lambda: write_secret("x" * 70_000), "larger than"),
        (lambda: "/proc/self/mem", "cannot be read .Input/output error"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch, prepare: Callable[[], str], message: str
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN_FILE", prepare())

    with pytest.raises(ConfigurationError, match=f"TWILIO_AUTH_TOKEN_FILE: .* {message}") as error:
        Settings.load()
    assert SECRET not in str(error.value)


def test_a_named_pipe_does_not_stop_a_start(monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo("pipe")
    monkeypatch.setenv("TURNGATE_API_KEY_FILE", "pipe")

    with pytest.raises(ConfigurationError, match="is not a regular file"):
        Settings.load()


def test_a_secret_that_is_set_twice_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNGATE_API_KEY_FILE", write_secret())
    monkeypatch.setenv("TURNGATE_API_KEY", SECRET)

    with pytest.raises(ConfigurationError, match="TURNGATE_API_KEY and TURNGATE_API_KEY_FILE are both set"):
        Settings.load()


def test_a_group_may_read_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNGATE_API_KEY_FILE", write_secret(mode=0o440))

    assert module.Settings.load().api_key.get_secret_value() == SECRET
