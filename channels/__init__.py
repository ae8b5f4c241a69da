"""Registry of the messaging channels: one package per provider, `_kit` for shared code."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import cast

import httpx

from core.errors import ConfigurationError
from core.ports import Channel


def available() -> list[str]:
    """Return the names of all channels."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def load(name: str, environ: Mapping[str, str], public_url: str) -> Channel[httpx.AsyncClient] | None:
    """Build a channel from its settings; `None` if none of them is set.

    `public_url` is the URL under which providers reach this gateway. Raises `ConfigurationError` naming the
    setting that is missing or invalid, or the unknown channel.
    """
    if name not in available():
        raise ConfigurationError(f"unknown channel {name!r}; available: {', '.join(available())}")
    module = importlib.import_module(f"channels.{name}")
    return cast("Channel[httpx.AsyncClient] | None", module.create_channel(environ, public_url))
