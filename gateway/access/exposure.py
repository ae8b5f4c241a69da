"""Decides whether others can reach the gateway, so that a key is required even on this machine."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gateway.access.generated_key import GeneratedKey, load_or_create_key
from gateway.access.operator_keys import OPERATOR_NAME, OperatorKey, Role, build_key
from gateway.access.request_source import is_loopback, origin_of

EXPOSED_VARIABLE: Final = "TURNGATE_EXPOSED"
"""Set by `turngate run` for its children: the reason, when their own settings no longer show it."""


@dataclass(frozen=True, slots=True)
class OperatorAccess:
    """Access to the console and the operator API.

    `exposure`: why a key is needed also on this machine; empty if it is not. `origin`: the public one.
    """

    keys: tuple[OperatorKey, ...] = ()
    exposure: str = ""
    origin: str = ""
    generated: GeneratedKey | None = None


def find_exposure(
    public_url: str, web_origins: Iterable[str], channels: Iterable[str], simulated: Collection[str] = ()
) -> str:
    """Return why others may reach the gateway; empty if there is no sign of it.

    `channels` are all enabled channels, `simulated` those whose provider `turngate run` simulates.
    """
    if public_url and not _is_loopback_url(public_url):
        return f"PUBLIC_URL is {public_url}"
    if elsewhere := [origin for origin in web_origins if not _is_loopback_url(origin)]:
        return f"TURNGATE_WEB_ORIGINS has {elsewhere[0]}"
    if real := [name for name in channels if name not in simulated]:
        return f"credentials of {', '.join(real)} are set"
    return ""


def build_access(
    keys: tuple[OperatorKey, ...], exposure: str, public_url: str, data_folder: Path
) -> OperatorAccess:
    """Build the access rule; without any key, one is generated if the gateway is exposed.

    Raises `ConfigurationError` if it cannot be kept.
    """
    origin, generated = origin_of(public_url) if public_url else "", None
    if exposure and not keys:
        generated = load_or_create_key(data_folder)
        keys = (build_key(OPERATOR_NAME, Role.OPERATOR, generated.secret, str(generated.path)),)
    return OperatorAccess(keys, exposure, origin, generated)


def _is_loopback_url(url: str) -> bool:
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False
