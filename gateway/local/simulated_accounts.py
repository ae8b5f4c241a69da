"""Discovers the simulated account of every channel, for `turngate run` without credentials."""

from __future__ import annotations

import importlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

import channels
from channels._kit.simulator import SimulatedAccount, SimulatedAccountModule, SimulatedSurface

URL_VARIABLE: Final = "TURNGATE_SIMULATOR_URL"
"""Set by `turngate run` for its child processes: `<channel>=<simulator URL>`, comma-separated."""

_SETTINGS_FILE: Final = "simulated-accounts.json"


def create_simulated_accounts(gateway_url: str) -> dict[str, SimulatedAccount]:
    """Build an account by channel name, calling the gateway at `gateway_url`; every credential differs."""
    return {name: _load(name).create_account(gateway_url, _new_secret) for name in channels.available()}


def format_simulator_urls(api_urls: Mapping[str, str]) -> str:
    """Return the value of `TURNGATE_SIMULATOR_URL` for these URLs by channel name."""
    return ",".join(f"{name}={url}" for name, url in api_urls.items())


def parse_simulator_urls(environ: Mapping[str, str]) -> dict[str, str]:
    """Read the simulators' URLs by channel name; empty when real providers are configured."""
    return dict(each.split("=", 1) for each in environ.get(URL_VARIABLE, "").split(",") if each)


def write_simulated_settings(data_dir: Path, environ: Mapping[str, str]) -> Path:
    """Write the variables of simulated accounts to the data folder, for commands beside `turngate run`."""
    file = data_dir / _SETTINGS_FILE
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as output:
        json.dump(dict(environ), output)
    return file


def read_simulated_settings(data_dir: Path) -> dict[str, str]:
    """Read what `write_simulated_settings` wrote; empty if `turngate run` simulates nothing."""
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


def _new_secret() -> str:
    return secrets.token_hex(16)
