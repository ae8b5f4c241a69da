"""Settings: errors are reported before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigurationError
from gateway.config.settings import Settings, setting_rows


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, _, _ in setting_rows():
        monkeypatch.delenv(name, raising=False)


def test_all_settings_have_defaults() -> None:
    settings = Settings.load()

    assert (settings.port, settings.llm, settings.flow_path.name) == (8000, "rules", "support.json")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("TURNGATE_FLOWS", "x", "did you mean TURNGATE_FLOW"),
        ("PORT", "many", "PORT"),
        ("PUBLIC_URL", "bots.example.com", "PUBLIC_URL"),
        ("TURNGATE_LLM", "openai/gpt-5.1", "OPENAI_API_KEY"),
        ("TURNGATE_LLM", "openai/a@http://127.0.0.1:8080,openai/b", "OPENAI_API_KEY"),
        ("TURNGATE_LEASE_SECONDS", "0", "TURNGATE_LEASE_SECONDS"),
    ],
)
def test_invalid_settings_are_reported_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError, match=message):
        Settings.load()


def test_a_missing_flow_is_reported_with_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNGATE_FLOW", "nothing.json")

    with pytest.raises(ConfigurationError, match=r"flows of the library: .*kyc"):
        _ = Settings.load().flow_path


def test_the_environment_overrides_the_env_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("PORT=8100\nTURNGATE_FLOW=kyc\n", encoding="utf-8")
    monkeypatch.setenv("PORT", "8200")

    settings = Settings.load()
    assert (settings.port, settings.flow) == (8200, "kyc")


def test_a_model_at_a_server_of_its_own_needs_no_other_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNGATE_LLM", "openai/a@http://127.0.0.1:8080/v1,rules")
    monkeypatch.setenv("TURNGATE_LLM_KEYS", "127.0.0.1:8080=sk-12345")
    settings = Settings.load()
    assert "sk-12345" not in repr(settings)
    assert settings.llm_keys.get_secret_value() == "127.0.0.1:8080=sk-12345"


def test_a_secret_is_not_shown() -> None:
    assert "sk-12345" not in repr(Settings.model_validate({"OPENAI_API_KEY": "sk-12345"}))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"TURNGATE_LLM": "openai/x"}, "TURNGATE_LLM names an OpenAI model"),
        ({"PUBLIC_URL": "bots.example.com"}, "PUBLIC_URL must begin with https://"),
        ({"PORT": "many"}, "PORT: "),
        ({"TURNGATE_QUIET_HOURS": "at night"}, "TURNGATE_QUIET_HOURS: write quiet hours as"),
        ({"TURNGATE_TIME_ZONE": "Mars/Base"}, "TURNGATE_TIME_ZONE: unknown time zone"),
    ],
)
def test_a_wrong_setting_is_named_in_one_plain_line(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], message: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigurationError) as error:
        Settings.load()

    assert str(error.value).startswith(message)
