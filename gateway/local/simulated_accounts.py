"""Discovers the simulated account of every channel, for `turngate run` without credentials."""

from __future__ import annotations

import importlib
import json
import os
import secrets
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Final, cast

import channels
from channels._kit.simulator import SimulatedAccount, SimulatedAccountModule, SimulatedSurface
from core.errors import ConfigurationError
from gateway.config.settings import load_channel_settings
from gateway.private_files import make_private_folder

URL_VARIABLE: Final = "TURNGATE_SIMULATOR_URL"
"""Set by `turngate run` for its child processes: `<channel>=<simulator URL>`, comma-separated."""

_SETTINGS_FILE: Final = "simulated-accounts.json"


def choose_simulated(real: Collection[str], wanted: Sequence[str]) -> list[str]:
    """Return the channels to simulate: those of `--simulate`, or all if there are no `real` ones.

    A channel that has no simulator yet is left out. Raises `ConfigurationError` for a name that is no
    channel, or one with credentials or without a simulator.
    """
    known = channels.available()
    if not wanted:
        return [] if real else list(filter(_has_simulator, known))
    names = [name.strip() for each in wanted for name in each.split(",")]
    for name in names:
        if name not in known:
            nearest = get_close_matches(name, known, n=1)
            hint = f"did you mean {nearest[0]}?" if nearest else f"available: {', '.join(known)}"
            raise ConfigurationError(f"--simulate: there is no channel {name!r}; {hint}")
        if not _has_simulator(name):
            raise ConfigurationError(
                f"--simulate: {name} has no simulator; add channels/{name}/simulator/account.py"
            )
        if taken := [each for each in real if each.partition("/")[0] == name]:
            raise ConfigurationError(
                f"--simulate: credentials of {taken[0]} are set; unset them, or do not simulate {name}"
            )
    return list(dict.fromkeys(names))


def create_simulated_accounts(
    gateway_url: str, names: Sequence[str] | None = None
) -> dict[str, SimulatedAccount]:
    """Build the accounts of these channels, or all, by channel name; every credential differs.

    They call the gateway at `gateway_url`.
    """
    names = choose_simulated((), ()) if names is None else names
    return {name: _load(name).create_account(gateway_url, _new_secret) for name in names}


def format_simulator_urls(api_urls: Mapping[str, str]) -> str:
    """Return the value of `TURNGATE_SIMULATOR_URL` for these URLs by channel name."""
    return ",".join(f"{name}={url}" for name, url in api_urls.items())


def parse_simulator_urls(environ: Mapping[str, str]) -> dict[str, str]:
    """Read the simulators' URLs by channel name; empty when real providers are configured."""
    return dict(each.split("=", 1) for each in environ.get(URL_VARIABLE, "").split(",") if each)


def write_simulated_settings(data_dir: Path, environ: Mapping[str, str]) -> Path:
    """Write the variables of simulated accounts to the data folder, for commands beside `turngate run`."""
    make_private_folder(data_dir)
    file = data_dir / _SETTINGS_FILE
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as output:
        json.dump(dict(environ), output)
    return file


def add_simulated_settings(data_dir: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Add the settings of the channels that a `turngate run` simulates and that have none of their own."""
    stored, result = _read_simulated_settings(data_dir), dict(environ)
    for name in channels.available():
        declared = [row.name for row in load_channel_settings(name)]
        if not any(environ.get(each, "").strip() for each in declared):
            result |= {each: stored[each] for each in declared if each in stored}
    if not environ.get("PUBLIC_URL", "").strip():
        result["PUBLIC_URL"] = stored.get("PUBLIC_URL", "")
    return result


def _read_simulated_settings(data_dir: Path) -> dict[str, str]:
    try:
        stored = json.loads((data_dir / _SETTINGS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in stored.items()} if isinstance(stored, dict) else {}


def list_simulated_surfaces(api_urls: Mapping[str, str]) -> dict[str, tuple[SimulatedSurface, ...]]:
    """Return the surfaces by channel name; `api_urls` are the simulators' URLs by channel name."""
    return {name: _load(name).list_surfaces(url) for name, url in api_urls.items()}


def _load(name: str) -> SimulatedAccountModule:
    module = importlib.import_module(f"channels.{name}.simulator.account")
    return cast("SimulatedAccountModule", module)


def _has_simulator(name: str) -> bool:
    module = f"channels.{name}.simulator"
    return find_spec(module) is not None and find_spec(f"{module}.account") is not None


def _new_secret() -> str:
    return secrets.token_hex(16)
