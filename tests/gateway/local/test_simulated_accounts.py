"""Choice of the channels that `turngate run` simulates."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import channels
from core.errors import ConfigurationError
from gateway.local.simulated_accounts import choose_simulated, create_simulated_accounts
from tests.channels.sample import pigeon


@pytest.fixture
def _new_channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the sample channel, whose simulator is not written yet, to the channels."""
    (tmp_path / "pigeon").mkdir()
    shutil.copy(pigeon.__file__, tmp_path / "pigeon" / "__init__.py")
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])


@pytest.mark.usefixtures("_new_channel")
def test_a_channel_without_a_simulator_is_not_simulated_and_stops_nothing() -> None:
    assert "pigeon" in channels.available()
    others = [name for name in channels.available() if name != "pigeon"]

    assert choose_simulated((), ()) == others
    assert list(create_simulated_accounts("http://127.0.0.1:8000")) == others
    with pytest.raises(ConfigurationError, match=r"pigeon has no simulator; add channels/pigeon/simulator"):
        choose_simulated((), ["pigeon"])


def test_a_misspelt_channel_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(ConfigurationError, match="did you mean twilio"):
        choose_simulated((), ["twilo"])
    with pytest.raises(ConfigurationError, match="credentials of twilio/shop2 are set"):
        choose_simulated(["twilio/shop2"], ["twilio"])
