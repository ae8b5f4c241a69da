"""Misspelt settings are errors with the nearest name, for every prefix of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

import channels
from core.errors import ConfigurationError
from gateway.config.settings import Settings, load_channel_settings, setting_rows

OWN = [name for name, _, _ in setting_rows()]
OF_CHANNELS = [row.name for channel in channels.available() for row in load_channel_settings(channel)]


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*OWN, *OF_CHANNELS):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("TURNGATE_FLOWS", "TURNGATE_FLOW"),
        ("TURNGATE_PORT", "PORT"),
        ("TWILIO_AUTHTOKEN", "TWILIO_AUTH_TOKEN"),
        ("TWILIO_AUTH_TOKEN_FIL", "TWILIO_AUTH_TOKEN_FILE"),
        ("WHATSAPP_TOKEN", "WHATSAPP_"),
        ("INTERCOM_ACCES_TOKEN", "INTERCOM_ACCESS_TOKEN"),
        ("ZENDESK_URL", "ZENDESK_API_URL"),
        ("SUNSHINE_APPID", "SUNSHINE_APP_ID"),
        ("TWILLIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN"),
        ("WHATSAP_ACCESS_TOKEN", "WHATSAPP_ACCESS_TOKEN"),
        ("ZENDSEK_API_TOKEN", "ZENDESK_API_TOKEN"),
        ("TURNGTE_API_KEY", "TURNGATE_API_KEY"),
        ("TWILIOAUTH_TOKEN", "TWILIO_AUTH_TOKEN"),
        ("TWILIO-AUTH-TOKEN", "TWILIO_AUTH_TOKEN"),
        ("twilio_auth_token", "TWILIO_AUTH_TOKEN"),
    ],
)
@pytest.mark.parametrize("place", ["environment", "env file"])
def test_a_misspelt_setting_is_an_error_with_the_nearest_name(
    monkeypatch: pytest.MonkeyPatch, name: str, nearest: str, place: str
) -> None:
    if place == "environment":
        monkeypatch.setenv(name, "secret-value")
    else:
        Path(".env").write_text(f"{name}=secret-value\n", encoding="utf-8")

    with pytest.raises(
        ConfigurationError, match=f"{name} is not a known setting; did you mean {nearest}"
    ) as error:
        Settings.load()
    assert "secret-value" not in str(error.value)


def test_every_misspelt_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TWILIO_TOKEN", "ZENDESK_MAIL"):
        monkeypatch.setenv(name, "x")

    with pytest.raises(ConfigurationError, match=r"TWILIO_TOKEN .*ZENDESK_MAIL .*TURNGATE_OTHER_SETTINGS"):
        Settings.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "x") for name in ("TWILIO_API_KEY", "TWILIO_API_SECRET", "TWILIO_REGION", "TWILIO_EDGE")),
        ("ZENDESK_SUBDOMAIN", "example"),
        ("TURNGATE_SERVICE_HOST", "10.0.0.1"),
        ("TURNGATE_SERVICE_PORT_HTTP", "80"),
        ("TURNGATE_PORT", "tcp://10.0.0.1:80"),
        ("TURNGATE_WEB_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("INTERCOM_PORT_80_TCP", "tcp://10.0.0.2:80"),
        ("TWILIO2_AUTH_TOKEN", "x"),
        ("MY_TWILIO_AUTH_TOKEN", "x"),
        ("WINDOW_ID", "7"),
        ("TURN_SERVER_URL", "turn:example.com"),
    ],
)
def test_variables_of_other_software_are_none_of_ours(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    Settings.load()


def test_other_software_s_variables_can_be_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TWILIO_FLEX_SID", "TWILIO_FLEX_SPACE", "ZENDESK_THEME"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("TURNGATE_OTHER_SETTINGS", "TWILIO_FLEX_*, ZENDESK_THEME")
    Settings.load()

    monkeypatch.setenv("ZENDESK_THEMES", "x")
    with pytest.raises(ConfigurationError, match="ZENDESK_THEMES"):
        Settings.load()


def test_variables_that_accounts_refer_to_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("turngate.toml").write_text(
        '[channels.twilio.accounts.shop2]\nsettings.TWILIO_AUTH_TOKEN = "$TWILIO_TOKEN_SHOP2"\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("TURNGATE_CONFIG", "turngate.toml")
    monkeypatch.setenv("TWILIO_TOKEN_SHOP2", "x")

    Settings.load()
