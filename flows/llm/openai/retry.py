"""Asking a server again, for as long as somebody is willing to wait for its answer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx2

from core.time_limit import TimeLimit
from flows.llm.openai.client import TRANSIENT_ERRORS

_INITIAL_DELAY_SECONDS, _MAX_DELAY_SECONDS = 0.5, 8.0
_RETRYABLE_STATUSES = (408, 409, 425, 429)
_PERMANENT_ERROR_CODE = "insufficient_quota"  # OpenAI, with 429: nobody has paid

_T = TypeVar("_T")


async def retry(ask: Callable[[], Awaitable[_T]], *, seconds: float, retries: int) -> _T:
    """What `ask` gives, within `seconds`, asked again when it fails with what may pass.

    Raises what the last try raised, as soon as it is sure that another would come too late; and
    `TimeoutError`.
    """
    with TimeLimit(seconds) as limit:
        try:
            return await ask()
        except TRANSIENT_ERRORS as error:
            return await retry_after_error(error, ask, limit, retries)


async def retry_after_error(
    error: Exception, ask: Callable[[], Awaitable[_T]], limit: TimeLimit, retries: int
) -> _T:
    """What `ask` gives after it has failed once; raises as above."""
    clock = asyncio.get_running_loop().time
    for number in range(retries):
        wait = retry_delay(error, number)
        if wait is None or clock() + wait >= limit.at:
            break
        await asyncio.sleep(wait)
        try:
            return await ask()
        except TRANSIENT_ERRORS as newer:
            error = newer
    raise error


def retry_delay(error: Exception, number: int) -> float | None:
    """For how many seconds to wait after a failed try, the first being 0; None when another is of no use."""
    response: httpx2.Response | None = getattr(error, "response", None)
    own: float = min(_INITIAL_DELAY_SECONDS * 2**number, _MAX_DELAY_SECONDS)
    spread = random.uniform(1.0, 1.25)  # noqa: S311 - spreads retries, guards nothing
    if response is None:
        return own * spread
    status, orders = response.status_code, response.headers.get("x-should-retry")
    may_pass = status in _RETRYABLE_STATUSES or status >= 500 or orders == "true"
    if not may_pass or orders == "false" or getattr(error, "code", None) == _PERMANENT_ERROR_CODE:
        return None
    return (retry_after_header(response.headers) or own) * spread


def retry_after_header(headers: Mapping[str, str]) -> float | None:
    """The seconds that a server wants to be left alone for, if it says so; `Retry-After` is also a date.

    https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Retry-After
    """
    told = headers.get("retry-after", "")
    for text, unit in ((headers.get("retry-after-ms", ""), 1_000), (told, 1)):
        try:
            seconds = float(text) / unit
        except ValueError:
            continue
        return seconds if seconds > 0 else None
    try:
        date = parsedate_to_datetime(told)
    except (ValueError, TypeError, OverflowError):
        return None
    wait = (date if date.tzinfo else date.replace(tzinfo=UTC)) - datetime.now(UTC)
    return max(wait.total_seconds(), 0.0) or None
