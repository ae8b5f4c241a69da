"""`turngate templates` of a provider that has no list of them."""

from __future__ import annotations

import json

import pytest

from core.errors import ConfigurationError
from gateway.redis.sending.template_sync import UNLISTED
from tests.channels.sunshine import builders as sunshine
from tests.channels.twilio.builders import ENVIRON as TWILIO
from tests.channels.twilio.builders import PUBLIC
from tests.gateway.cli.test_sessions import ask_command, run_command

__all__ = ["ask_command"]


@pytest.fixture(autouse=True)
def _configured(ask_command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (sunshine.ENVIRON | TWILIO | {"PUBLIC_URL": PUBLIC}).items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("command", ["list", "show", "sync"])
def test_a_provider_without_a_list_of_templates_is_named(command: str) -> None:
    words = ["templates", command, *(["invoice"] if command == "show" else []), "--channel", "sunshine"]

    asked = run_command(*words)

    assert f"sunshine: {UNLISTED}" in asked.stderr
    assert asked.exit_code == (0 if command == "list" else 1)


def test_a_list_as_json_stays_json() -> None:
    listed = run_command("templates", "list", "--json")

    assert json.loads(listed.stdout) == []
    assert "sunshine: " in listed.stderr
    assert "twilio" not in listed.stderr
    assert run_command("templates", "list", "--channel", "twilio").stderr == ""


def test_a_channel_that_does_not_exist_is_named() -> None:
    asked = run_command("templates", "list", "--channel", "telegram")

    assert isinstance(asked.exception, ConfigurationError)
    assert "there is no channel 'telegram'; available: intercom" in str(asked.exception)
