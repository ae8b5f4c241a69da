"""The configuration file: its values and its error messages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigurationError
from core.model import ParticipantPolicy
from core.ports import RateLimit
from core.processing import AbuseLimits, Concurrency, ConcurrencyPolicy
from gateway.bootstrap import find_abuse_limits
from gateway.config.channel_config import ConfigFile
from gateway.config.settings import Settings
from tests.paths import ROOT

DOCS = ROOT / "docs" / "configuration.md"


def load_config(tmp_path: Path, text: str) -> ConfigFile:
    path = tmp_path / "turngate.toml"
    path.write_text(text, encoding="utf-8")
    return ConfigFile.load(path)


def test_the_documented_file_is_read(tmp_path: Path) -> None:
    [block] = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)

    config = load_config(tmp_path, block)

    burst = Concurrency(policy=ConcurrencyPolicy.BURST, window=1.5, cap=8.0)
    assert config.flows == {"twilio": "kyc", "twilio/shop2": "support"}
    assert config.concurrency == {"twilio": burst, "twilio/shop2": burst, "intercom": Concurrency()}
    assert (
        config.rate_limit_for("twilio/shop2", RateLimit())
        == config.rate_limit_for("twilio", RateLimit())
        == RateLimit(number=10, account=80)
    )
    assert config.participants_for("intercom", ParticipantPolicy.IGNORE) is ParticipantPolicy.TAKE_OVER
    assert config.participants_for("twilio/shop2", ParticipantPolicy.IGNORE) is ParticipantPolicy.IGNORE
    settings = config.accounts["twilio/shop2"].resolve_settings({"SHOP2_TOKEN": "secret"})
    assert settings["TWILIO_AUTH_TOKEN"] == "secret"
    with pytest.raises(ConfigurationError, match="SHOP2_TOKEN is not set"):
        config.accounts["twilio/shop2"].resolve_settings({})


def test_limits_that_a_channel_does_not_name_are_those_of_the_settings(tmp_path: Path) -> None:
    default = AbuseLimits(messages_per_minute=60, rounds=5)
    section = "[channels.twilio]\nlimits = {rounds = 2}\n"
    account = "[channels.twilio.accounts.b]\nsettings.TWILIO_AUTH_TOKEN = 'x'\n"
    config = load_config(tmp_path, section + account)

    own = AbuseLimits(messages_per_minute=60, rounds=2)
    assert config.abuse_limits_for("twilio", default) == own
    assert config.abuse_limits_for("twilio/b", default) == own
    assert config.abuse_limits_for("web", default) == default
    with pytest.raises(ConfigurationError, match="rounds"):
        load_config(tmp_path, "[channels.twilio]\nlimits = {rounds = -1}\n")


def test_without_a_file_the_defaults_apply() -> None:
    config = ConfigFile.load(None)

    assert config.concurrency == {}
    assert config.rate_limit_for("twilio", RateLimit(number=3)) == RateLimit(number=3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[channels.twillio]", "unknown channel twillio"),
        ('[channels.twilio.concurrency]\npolicy = "bursts"', "channels.twilio.concurrency.policy"),
        ("[channels.twilio.concurrency]\nwindow = 0", "channels.twilio.concurrency.window"),
        ("[channels.twilio.concurrency]\nwindows = 1", "channels.twilio.concurrency.windows"),
        ("[channels.twilio.pace]\nnumber = -1", "channels.twilio.pace.number"),
        ('[channels.zendesk]\nparticipants = "all"', "channels.zendesk.participants"),
        ("[chanels.twilio]", "chanels"),
        ("[channels.twilio.accounts.shop2]", "channels.twilio.accounts.shop2.settings"),
        ('[channels.twilio.accounts."Shop 2"]\nsettings.A = "b"', "accounts.Shop 2"),
        (
            '[channels.twilio.accounts.s]\nsettings.TWILIO_TOKEN = "b"',
            "twilio/s: unknown setting TWILIO_TOKEN",
        ),
        ("[channels.twilio", "is not TOML"),
        (f"a = {'9' * 5000}", "is not TOML"),
        (f"a = {'[' * 5000}", "is not TOML"),
    ],
)
def test_a_mistake_is_reported_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        load_config(tmp_path, text)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"TURNGATE_CONFIG: .*cannot be read"):
        ConfigFile.load(tmp_path / "none.toml")


def test_quiet_hours_of_a_channel_and_an_account(tmp_path: Path) -> None:
    config = load_config(
        tmp_path,
        """
        [channels.twilio]
        quiet_hours = "strict"
        time_zone = "Europe/Berlin"
        [channels.twilio.accounts.shop]
        quiet_hours = "off"
        settings = {TWILIO_ACCOUNT_SID = "AC1"}
        """,
    )
    found = {
        name: (config.quiet_hours_for(name, "21:00-08:00"), config.time_zone_for(name, "UTC"))
        for name in ("twilio", "twilio/shop", "web")
    }

    assert found == {
        "twilio": ("strict", "Europe/Berlin"),
        "twilio/shop": ("off", "Europe/Berlin"),
        "web": ("21:00-08:00", "UTC"),
    }


@pytest.mark.parametrize(
    ("line", "reason"),
    [('quiet_hours = "9 to 5"', "write quiet hours as"), ('time_zone = "Mars"', "unknown time zone")],
)
def test_wrong_quiet_hours_are_an_error_at_start(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        load_config(tmp_path, f"[channels.twilio]\n{line}\n")


def test_the_web_channel_serves_programs_and_has_budgets_of_tokens_only(tmp_path: Path) -> None:
    settings = Settings.model_validate({})
    names: Any = {"twilio": None, "web": None}
    limits = find_abuse_limits(settings, ConfigFile.load(None), names)
    assert (limits["twilio"].messages_per_minute, limits["twilio"].rounds) == (60, 5)
    assert (limits["web"].messages_per_minute, limits["web"].rounds) == (0, 0)
    assert limits["web"].tokens_per_day == limits["twilio"].tokens_per_day > 0

    stricter = load_config(tmp_path, "[channels.web]\nlimits = {messages_per_minute = 20}\n")
    assert find_abuse_limits(settings, stricter, names)["web"].messages_per_minute == 20


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[channels.twilio]\nflow = 3\n", "channels.twilio.flow must be text in quotes"),
        ("[channels.twilio]\nflows = 'kyc'\n", "channels.twilio.flows is not known here"),
        ("[channels.twilio]\npace = 5\n", "channels.twilio.pace must be a table, not 5"),
        ("[channels.twilio]\nlimits = {rounds = -1}\n", "channels.twilio.limits.rounds must be 0 or more"),
        ("[channels.twilio.accounts.Shop]\nsettings.A = 'b'\n", "has lower-case letters, digits"),
        ("[channels.twilio.accounts.b]\nflow = 'kyc'\n", "accounts.b.settings is required and missing"),
        ("[channels.twilio]\nflws = 'kyc'\n", "channels.twilio.flws is not known here; did you mean flow?"),
        ("[channels.twilio.concurrency]\nwindows = 2\n", "windows is not known here; did you mean window?"),
        ("[replies]\nhello = ''\n", "replies.hello must not be empty"),
        ("[replies]\nhello = 'Hello {{ name'\n", "replies.hello: a placeholder is one name in two braces"),
        ("[replies]\nhello = 'Hello {{ first name }}'\n", "replies.hello: a placeholder is one name"),
        ("[replies]\nhello = 'Hello {{ name | title }}'\n", "replies.hello: a placeholder is one name"),
    ],
)
def test_a_wrong_value_is_described_in_plain_words(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(problem)):
        load_config(tmp_path, text)


def test_a_secret_without_quotes_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="must be text in quotes") as error:
        load_config(tmp_path, "[channels.twilio.accounts.b]\nsettings.TWILIO_AUTH_TOKEN = 314159265\n")

    assert "314159265" not in str(error.value)
