"""Discovers the simulated account of every channel, for `turngate run` without credentials."""

from __future__ import annotations

import importlib
import secrets
from collections.abc import Mapping
from typing import Final, cast

import channels
from channels._kit.simulator import SimulatedAccount, SimulatedAccountModule, SimulatedSurface

URL_VARIABLE: Final = "TURNGATE_SIMULATOR_URL"
"""Set by `turngate run` for its child processes: `<channel>=<simulator URL>`, comma-separated."""


def create_simulated_accounts(gateway_url: str) -> dict[str, SimulatedAccount]:
    """Build an account by channel name, calling the gateway at `gateway_url`; every credential differs."""
    return {name: _load(name).create_account(gateway_url, _new_secret) for name in channels.available()}


def format_simulator_urls(api_urls: Mapping[str, str]) -> str:
    """Return the value of `TURNGATE_SIMULATOR_URL` for these URLs by channel name."""
    return ",".join(f"{name}={url}" for name, url in api_urls.items())


def parse_simulator_urls(environ: Mapping[str, str]) -> dict[str, str]:
    """Read the simulators' URLs by channel name; empty when real providers are configured."""
    return dict(each.split("=", 1) for each in environ.get(URL_VARIABLE, "").split(",") if each)


def list_simulated_surfaces(api_urls: Mapping[str, str]) -> dict[str, tuple[SimulatedSurface, ...]]:
    """Return the surfaces by channel name; `api_urls` are the simulators' URLs by channel name."""
    return {name: _load(name).list_surfaces(url) for name, url in api_urls.items()}


def _load(name: str) -> SimulatedAccountModule:
    module = importlib.import_module(f"channels.{name}.simulator.account")
    return cast("SimulatedAccountModule", module)


def _new_secret() -> str:
    return secrets.token_hex(16)
