"""Retries model requests with exponential backoff within a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import httpx2

from core.backoff import exponential_backoff, parse_retry_after
from core.time_limit import TimeLimit
from flows.llm.openai.client import TRANSIENT_ERRORS

_MAX_DELAY_SECONDS = 8.0
_JITTER = (1.0, 1.25)
"""Jitter that never goes below the delay that the server asked for."""
_RETRYABLE_STATUSES = (408, 409, 425, 429)
_PERMANENT_ERROR_CODE = "insufficient_quota"  # OpenAI, with status 429: the account has no credit

_T = TypeVar("_T")


async def retry(ask: Callable[[], Awaitable[_T]], *, seconds: float, retries: int) -> _T:
    """Return the result of `ask`, retried within `seconds` after a transient error.

    Raises the last attempt's error as soon as a further attempt would exceed the deadline, and
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
    """Return the result of `ask`, which has failed once with `error`; raises as `retry`."""
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
    """Return the seconds to wait after attempt `number` (from 0) failed; `None` when a retry is useless."""
    response: httpx2.Response | None = getattr(error, "response", None)
    delay = exponential_backoff(number, maximum=_MAX_DELAY_SECONDS, jitter=_JITTER)
    if response is None:
        return delay
    status, orders = response.status_code, response.headers.get("x-should-retry")
    may_pass = status in _RETRYABLE_STATUSES or status >= 500 or orders == "true"
    if not may_pass or orders == "false" or getattr(error, "code", None) == _PERMANENT_ERROR_CODE:
        return None
    requested = retry_after_header(response.headers)
    return (
        exponential_backoff(0, initial=requested, maximum=requested, jitter=_JITTER) if requested else delay
    )


def retry_after_header(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the server asks to wait, or `None`; `retry-after-ms` is OpenAI's own header."""
    try:
        milliseconds = float(headers.get("retry-after-ms", ""))
    except ValueError:
        return parse_retry_after(headers.get("retry-after", "")) or None
    return milliseconds / 1_000 if milliseconds > 0 else None
