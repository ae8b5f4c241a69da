"""Registry of channels."""

from __future__ import annotations

import pytest

from channels import available, load
from core.errors import ConfigurationError
from tests.channels.contract.payload_cases import list_payloads
from tests.channels.twilio.builders import ENVIRON, PUBLIC


def test_every_folder_without_an_underscore_is_a_channel() -> None:
    assert "twilio" in available()
    assert not [name for name in available() if name.startswith("_")]


def test_a_channel_is_enabled_by_its_settings() -> None:
    channel = load("twilio", ENVIRON, PUBLIC)

    assert channel is not None
    assert channel.name == "twilio"
    assert load("twilio", {}, PUBLIC) is None


@pytest.mark.parametrize("name", ["pigeon", "_kit", "", "os.path", "../twilio"])
def test_an_unknown_channel_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="unknown channel"):
        load(name, ENVIRON, PUBLIC)


@pytest.mark.parametrize("name", available())
def test_every_channel_has_sample_webhooks(name: str) -> None:
    assert len(list_payloads(name)) >= 4
