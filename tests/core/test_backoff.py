"""Exponential backoff and `Retry-After` parsing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backoff import exponential_backoff, parse_retry_after

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@given(attempt=st.integers(-5, 10_000), initial=st.floats(0.001, 10), maximum=st.floats(0.001, 600))
def test_backoff_is_bounded_for_any_attempt(attempt: int, initial: float, maximum: float) -> None:
    wait = exponential_backoff(attempt, initial=initial, maximum=maximum)

    assert 0 < wait <= maximum


def test_backoff_doubles_up_to_the_maximum() -> None:
    waits = [exponential_backoff(n, initial=0.5, maximum=8.0, jitter=(1.0, 1.0)) for n in range(6)]

    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]


def test_jitter_spreads_the_delays() -> None:
    waits = {exponential_backoff(3, maximum=60.0) for _ in range(50)}

    assert len(waits) > 1
    assert all(2.0 <= wait <= 4.0 for wait in waits)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        ("Mon, 04 May 2026 12:00:10 GMT", 10.0),
        ("Mon, 04 May 2026 11:59:00 GMT", 0.0),
        ("Mon, 04 May 2026 12:00:10", 10.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("inf", None),
        ("nan", None),
        ("٣", None),
        ("99999999999", None),
    ],
)
def test_retry_after_is_parsed_as_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert parse_retry_after(value, NOON) == seconds


@given(value=st.text(max_size=80))
def test_malformed_retry_after_never_raises(value: str) -> None:
    seconds = parse_retry_after(value, NOON)

    assert seconds is None or seconds >= 0
