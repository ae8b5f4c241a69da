"""Settings: errors are reported before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigurationError
from gateway.bootstrap import build_dialog
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
        ({"PUBLIC_URL": "bots.example.com"}, "PUBLIC_URL must be a URL such as https://"),
        ({"PUBLIC_URL": "https://bots.example.com/?a=b"}, "PUBLIC_URL must have only scheme, host and path"),
        ({"PORT": "many"}, "PORT must be a whole number, not 'many'"),
        ({"PORT": "70000"}, "PORT must be 65535 or less, not '70000'"),
        ({"TURNGATE_CONCURRENCY": "0"}, "TURNGATE_CONCURRENCY must be 1 or more, not '0'"),
        ({"TURNGATE_TEXT_SEARCH": "maybe"}, "TURNGATE_TEXT_SEARCH must be yes or no, not 'maybe'"),
        ({"TURNGATE_LOG_FORMAT": "xml"}, "TURNGATE_LOG_FORMAT must be text or json, not 'xml'"),
        ({"TURNGATE_PARTICIPANTS": "all"}, "TURNGATE_PARTICIPANTS must be ignore, take_over or own_session"),
        ({"TURNGATE_QUIET_HOURS": "at night"}, "TURNGATE_QUIET_HOURS: write quiet hours as"),
        ({"TURNGATE_TIME_ZONE": "Mars/Base"}, "TURNGATE_TIME_ZONE: unknown time zone"),
        ({"TURNGATE_LLM": "gpt-4o"}, "TURNGATE_LLM: “gpt-4o” is not a model"),
        ({"TURNGATE_SPEECH": "loud", "OPENAI_API_KEY": "x"}, "TURNGATE_SPEECH: “loud” is not a model"),
        ({"TURNGATE_TRANSCRIBE": "anthropic/x"}, "TURNGATE_TRANSCRIBE: “anthropic/x” is not a model"),
        ({"TURNGATE_MODERATION": "rules"}, "TURNGATE_MODERATION: “rules” is not a model"),
        ({"TURNGATE_LLM_KEYS": "sk-12345"}, "TURNGATE_LLM_KEYS: write host=key"),
        ({"TURNGATE_LLM_PRICE": "cheap"}, "TURNGATE_LLM_PRICE: 'cheap' is not a price"),
        ({"TURNGATE_WEB_ORIGINS": "https://www.example.com/"}, "TURNGATE_WEB_ORIGINS: "),
        ({"TURNGATE_WEB_ORIGINS": "example.com"}, "TURNGATE_WEB_ORIGINS: 'example.com' is not an origin"),
        ({"TURNGATE_PRIVATE_HOSTS": "http://crm.internal/"}, "TURNGATE_PRIVATE_HOSTS: "),
        ({"TURNGATE_WEB_TOKEN_SECRET": "0123456789abcdef,x"}, "TURNGATE_WEB_TOKEN_SECRET needs at least 16 "),
        ({"TURNGATE_WEB_IDENTITY_SECRET": "0123456789abcdef"}, "TURNGATE_WEB_IDENTITY_SECRET needs at least"),
        ({"OPENAI_BASE_URL": "localhost:8080"}, "OPENAI_BASE_URL must be a URL such as https://"),
    ],
)
def test_a_wrong_setting_is_named_in_one_plain_line(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], message: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as error:
        Settings.load()

    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")

    assert Settings.load().port == 8000


def test_a_variable_in_small_letters_is_not_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("port", "9999")

    assert Settings.load().port == 8000


def test_white_space_around_a_value_is_not_a_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "PUBLIC_URL": "https://bots.example.com\n",
        "REDIS_URL": "redis+sentinel://one:26379/mymaster\r\n",
        "OPENAI_API_KEY": " sk-12345 ",
        "TURNGATE_SECRET_CRM": "abc\n",
        "TWILIO_AUTH_TOKEN": "secret-token\n",
        "TURNGATE_LOG_LEVEL": "debug\t",
        "TURNGATE_DATA_DIR": " /srv/my data ",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()

    assert settings.public_url == "https://bots.example.com"
    assert settings.redis_url.endswith("/mymaster")
    assert settings.openai_api_key.get_secret_value() == "sk-12345"
    assert settings.flow_secrets == {"CRM": "abc"}
    assert "secret-token" in settings.secret_values  # as it is used, so the log leaves it out
    assert (settings.log_level, str(settings.data_dir)) == ("debug", "/srv/my data")


@pytest.mark.parametrize("value", ['"https://bots.example.com"', "'8000'", '""', ' "a b" \n'])
@pytest.mark.parametrize("name", ["PUBLIC_URL", "PORT", "TWILIO_AUTH_TOKEN", "TURNGATE_API_KEY"])
def test_a_value_in_quotation_marks_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=f"^{name} is in quotation marks") as error:
        Settings.load()
    assert value.strip(" \n\"'")[:4] not in str(error.value) or value == '""'


@pytest.mark.parametrize(
    ("value", "message"),
    [("a" * 10_001, "is longer than 10,000 characters"), ("caf\udce9", "is not UTF-8 text")],
)
@pytest.mark.parametrize("name", ["TURNGATE_LLM", "TURNGATE_FLOW", "TWILIO_AUTH_TOKEN_FILE", "REDIS_URL"])
def test_a_value_that_no_setting_can_have_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as error:
        Settings.load()
    assert str(error.value) == f"{name} {message}"


@pytest.mark.parametrize("flow", ["x" * 5_000, "/proc/self/mem", "/", "a/b\x01c"])
def test_a_flow_that_no_file_can_be_is_reported(monkeypatch: pytest.MonkeyPatch, flow: str) -> None:
    monkeypatch.setenv("TURNGATE_FLOW", flow)
    with pytest.raises(ConfigurationError):
        build_dialog(Settings.load())


def test_quotation_marks_in_the_env_file_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("PUBLIC_URL=\"https://bots.example.com\"\nPORT='8100'\n", encoding="utf-8")

    settings = Settings.load()
    assert (settings.public_url, settings.port) == ("https://bots.example.com", 8100)


@pytest.mark.parametrize(
    "url", ["https://bots.example.com /x", "https://bots\n.example.com", "https://b\u00fccher.example"]
)
def test_a_public_url_with_a_character_that_cannot_be_in_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("PUBLIC_URL", url)
    with pytest.raises(ConfigurationError, match=r"^PUBLIC_URL "):
        Settings.load()


def test_hosts_and_origins_are_taken_as_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNGATE_PRIVATE_HOSTS", "crm.internal:8080, [::1]:80,10.0.0.7")
    monkeypatch.setenv("TURNGATE_WEB_ORIGINS", "https://www.example.com, http://127.0.0.1:3000")

    assert Settings.load().web_origins.startswith("https://www.example.com")
