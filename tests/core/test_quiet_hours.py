"""Quiet hours: local time, past midnight, several time zones, and clock changes."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.quiet_hours import QuietHours, QuietPeriod

NEW_YORK, LOS_ANGELES, BERLIN = (
    ZoneInfo(name) for name in ("America/New_York", "America/Los_Angeles", "Europe/Berlin")
)


def find_end(hours: str, at: str, *zones: ZoneInfo, category: str = "marketing") -> str:
    now_ms = int(datetime.fromisoformat(at).timestamp() * 1000)
    end = QuietHours.parse(hours).find_end(category, now_ms, zones)
    return datetime.fromtimestamp(end / 1000, UTC).strftime("%d %H:%M") if end else ""


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-07-01T20:59:59+02:00", ""),
        ("2026-07-01T21:00:00+02:00", "02 06:00"),
        ("2026-07-02T00:30:00+02:00", "02 06:00"),
        ("2026-07-02T07:59:59+02:00", "02 06:00"),
        ("2026-07-02T08:00:00+02:00", ""),
    ],
)
def test_the_period_includes_midnight(at: str, expected: str) -> None:
    assert find_end("21:00-08:00", at, BERLIN) == expected


def test_a_period_within_a_day() -> None:
    assert find_end("12:00-14:00", "2026-07-01T13:00:00+02:00", BERLIN) == "01 12:00"
    assert find_end("12:00-14:00", "2026-07-01T14:00:00+02:00", BERLIN) == ""


def test_it_is_quiet_if_it_is_in_any_zone() -> None:
    """At 8 in New York it is 5 in Los Angeles."""
    assert find_end("21:00-08:00", "2026-07-01T08:00:00-04:00", NEW_YORK) == ""
    assert find_end("21:00-08:00", "2026-07-01T08:00:00-04:00", NEW_YORK, LOS_ANGELES) == "01 15:00"
    # at 8 in Los Angeles it is 11 in New York; at 20:59 there, 23:59 in New York
    assert find_end("21:00-08:00", "2026-07-01T20:59:00-07:00", LOS_ANGELES, NEW_YORK) == "02 15:00"


def test_the_end_is_the_local_time_after_a_change_of_clocks() -> None:
    assert find_end("21:00-08:00", "2026-03-28T22:00:00+01:00", BERLIN) == "29 06:00"
    assert find_end("21:00-08:00", "2026-10-24T22:00:00+02:00", BERLIN) == "25 07:00"
    assert find_end("21:00-02:30", "2026-03-28T22:00:00+01:00", BERLIN) == "29 01:30"  # 02:30 is skipped


def test_categories_have_their_own() -> None:
    hours, night = "marketing=strict, utility=off", "2026-07-01T20:30:00+02:00"
    assert find_end(hours, night, BERLIN) == "02 07:00"
    assert find_end(hours, night, BERLIN, category="utility") == ""
    assert find_end("21:00-08:00", "2026-07-01T21:30:00+02:00", BERLIN, category="utility") == "02 06:00"
    assert find_end("", night, BERLIN) == find_end("off", night, BERLIN) == ""


@pytest.mark.parametrize(
    "text", ["21-8", "25:00-08:00", "21:00-21:00", "on", "spam=strict", "marketing=x", "=", "٢١:00-08:00"]
)
def test_a_wrong_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"quiet hours|category"):
        QuietHours.parse(text)


@given(
    st.times(),
    st.times(),
    st.integers(0, 4_000_000_000_000),
    st.lists(st.sampled_from([NEW_YORK, LOS_ANGELES, BERLIN]), min_size=1, max_size=3),
)
def test_the_end_is_never_quiet(start: object, end: object, now_ms: int, zones: list[ZoneInfo]) -> None:
    from datetime import time

    assert isinstance(start, time)
    assert isinstance(end, time)
    begin, finish = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    if begin == finish:
        return
    period = QuietPeriod(begin, finish)
    found = QuietHours(period).find_end("", now_ms, zones)
    if found is None:
        assert len(set(zones)) > 1
        return
    for zone in zones:
        assert period.find_end(datetime.fromtimestamp((found or now_ms) / 1000, zone)) is None
    assert not found or now_ms < found
