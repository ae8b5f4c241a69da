"""Checks the certificate of the gateway's public address as a provider does before it calls a webhook."""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from core.counts import count_of

_TIMEOUT_SECONDS: Final = 5.0
_DAY_SECONDS: Final = 86_400
_WARN_DAYS: Final = 14


async def check_certificate(url: str, context: ssl.SSLContext | None = None) -> tuple[bool, str] | None:
    """Return whether it is trusted and for how long; `None` without https or if nothing is reached."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return None
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            _, writer = await asyncio.open_connection(
                parts.hostname, parts.port or 443, ssl=context or ssl.create_default_context()
            )
    except ssl.SSLCertVerificationError as error:
        reason = error.verify_message or "not trusted"
        return False, (
            f"{url}: its certificate is refused ({reason}), so providers do not call; renew it, and send the "
            "whole chain"
        )
    except (OSError, TimeoutError):
        return None
    try:
        certificate = writer.get_extra_info("peercert") or {}
    finally:
        writer.close()
        with suppress(OSError, TimeoutError):
            await asyncio.wait_for(writer.wait_closed(), _TIMEOUT_SECONDS)
    ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    days = int((ends - time.time()) // _DAY_SECONDS)
    is_fresh = days >= _WARN_DAYS
    return is_fresh, f"{url}: its certificate is valid for {count_of(days, 'day')}" + (
        "" if is_fresh else "; renew it"
    )
