"""URLs that a provider can reach: public ones, and those of the gateway that it simulates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

_HOST: Final = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?\.?")
_LOCAL_DOMAINS: Final = (".local", ".localhost", ".internal", ".lan", ".home.arpa")


class PublicUrls:
    """Decides whether a provider could fetch a URL, by its form alone; names are not resolved.

    `local` are URLs whose origins (scheme, host and port) are reachable whatever they are: a simulator runs
    beside its gateway, on loopback.
    """

    def __init__(self, local: Iterable[str] = ()) -> None:
        self._origins = {origin for url in local if (origin := _parse_origin(url))}

    def allow(self, url: str) -> None:
        """Add the origin of another URL that is reachable."""
        if origin := _parse_origin(url):
            self._origins.add(origin)

    def is_reachable(self, url: object) -> bool:
        """Return whether this is an http or https URL without credentials, of a public or an allowed host."""
        origin = _parse_origin(url) if isinstance(url, str) else None
        return origin is not None and (origin in self._origins or _is_public_host(origin[1]))


def _parse_origin(url: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port; `None` for anything but an http or https URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        return None
    if any(character.isspace() or not character.isprintable() for character in url):
        return None
    return parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80)


def _is_public_host(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        return bool(_HOST.fullmatch(host)) and not host.rstrip(".").endswith(_LOCAL_DOMAINS)
