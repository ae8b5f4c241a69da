"""Exponential backoff with jitter, and parsing of `Retry-After`: how long a retry waits."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MAX_DOUBLINGS = 16
_SECONDS = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)


def exponential_backoff(
    attempt: int, *, initial: float = 0.5, maximum: float, jitter: tuple[float, float] = (0.5, 1.0)
) -> float:
    """Return the seconds to wait before a retry.

    `attempt` is the number of retries made so far. The wait doubles from `initial` up to `maximum`, times a
    random factor from the range `jitter`, so that clients that failed together do not come back together.
    """
    delay = min(initial * 2.0 ** min(max(attempt, 0), _MAX_DOUBLINGS), maximum)
    return delay * random.uniform(*jitter)  # noqa: S311 - spreads retries, guards nothing


def parse_http_date(value: str) -> datetime | None:
    """Parse an HTTP date, in UTC if it has no zone; `None` if it is malformed."""
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def parse_retry_after(value: str, now: datetime | None = None) -> float | None:
    """Parse a `Retry-After` header into seconds, never negative; `None` if missing or malformed.

    The value is a number of seconds or an HTTP date (RFC 9110, section 10.2.3); dates are compared with `now`
    (default: the clock). Of several numbers, such as those of a second header, the largest counts. The caller
    bounds the result.
    """
    value = value.strip()
    numbers = [each.strip() for each in value.split(",")]
    if all(_SECONDS.fullmatch(each) for each in numbers):
        return max(map(float, numbers))
    date = parse_http_date(value)
    return max((date - (now or datetime.now(UTC))).total_seconds(), 0.0) if date else None
