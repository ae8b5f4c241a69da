"""Checks of `turngate doctor` on operator access: keys, and whether the console is open to the internet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

import httpx

from core.errors import ConfigurationError
from gateway.access.generated_key import read_key
from gateway.bootstrap import explain_exposure, load_channels
from gateway.config.settings import Settings
from gateway.http.certificate import check_certificate
from gateway.http.public_probe import find_open_pages


async def check_exposure(
    settings: Settings, simulated: Collection[str] = ()
) -> AsyncIterator[tuple[bool, str]]:
    """Yield whether each check passed, and what it found. `simulated` channels have no real credentials."""
    try:
        exposure = explain_exposure(settings, load_channels(settings), simulated)
        yield True, _describe_keys(settings, exposure)
    except ConfigurationError as error:
        yield False, str(error)
        return
    if settings.public_url and exposure:
        if certificate := await check_certificate(settings.public_url):
            yield certificate
        yield await _ask_public_url(settings.public_url)


def _describe_keys(settings: Settings, exposure: str) -> str:
    keys = list(dict.fromkeys(f"{key.name} ({key.role})" for key in settings.operator_keys))
    if keys:
        return f"Operator keys: {', '.join(keys)}"
    if not exposure:
        return "No operator key is needed: the console is open to this machine only"
    generated = read_key(settings.data_dir)
    if generated is None:
        return f"Operator key: one is generated at the next start, because {exposure}"
    return f"Operator key: generated, kept in {generated.path}"


async def _ask_public_url(public_url: str) -> tuple[bool, str]:
    """Ask for the console without a key. Some machines cannot reach their own public address."""
    url = f"{public_url.rstrip('/')}/console"
    try:
        pages = await find_open_pages(public_url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = type(error).__name__
        return (
            True,
            f"{url} was not reached from here ({reason}); open it from outside: it must ask for a key",
        )
    if pages:
        return False, (
            f"OPEN TO EVERYBODY: {', '.join(pages)} is shown without a key; restart every web "
            "process behind this URL with these settings, and until then block /console and /metrics at the "
            "proxy"
        )
    return True, f"{url} shows nothing without a key"
