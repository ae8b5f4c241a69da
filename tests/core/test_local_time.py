"""Points in time: offsets, time zones, and hours that are skipped or occur twice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.local_time import load_time_zone, parse_point_in_time


def parse_utc(text: str, time_zone: str = "") -> str:
    moment = parse_point_in_time(text, time_zone) / 1000
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "time_zone", "expected"),
    [
        ("2026-07-01T09:30:00+02:00", "", "2026-07-01 07:30:00"),
        ("2026-07-01 09:30+0200", "", "2026-07-01 07:30:00"),
        (" 2026-07-01t09:30:00.5z ", "", "2026-07-01 09:30:00"),
        ("2026-07-01T09:30", "Europe/Berlin", "2026-07-01 07:30:00"),
        ("2026-01-01T09:30", "Europe/Berlin", "2026-01-01 08:30:00"),
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29 01:30:00"),  # skipped: 03:30 in summer time
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25 00:30:00"),  # twice: the first, in summer time
        ("2026-07-01T09:30", "Pacific/Chatham", "2026-06-30 20:45:00"),
    ],
)
def test_a_time_is_read(text: str, time_zone: str, expected: str) -> None:
    assert parse_utc(text, time_zone) == expected


@pytest.mark.parametrize(
    ("text", "time_zone", "reason"),
    [
        ("2026-07-01T09:30", "", "no offset"),
        ("2026-07-01T09:30Z", "Europe/Berlin", "not both"),
        ("2026-07-01T09:30", "Europe/Atlantis", "unknown time zone"),
        ("2026-07-01T09:30", "../../etc/passwd", "unknown time zone"),
        ("2026-07-01T09:30", "Europe", "unknown time zone"),
        ("2026-07-01T09:30", "\x00", "unknown time zone"),
        ("2026-02-30T09:30Z", "", "no such date"),
        ("2026-07-01T24:30Z", "", "no such date"),
        ("2026-07-01", "Europe/Berlin", "not a time"),
        ("tomorrow", "Europe/Berlin", "not a time"),
        ("٢٠٢٦-07-01T09:30Z", "", "not a time"),
        ("1790000000", "", "not a time"),
        ("", "", "not a time"),
    ],
)
def test_any_other_is_refused_with_a_sentence(text: str, time_zone: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_point_in_time(text, time_zone)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_input_raises_another_error(text: str, time_zone: str) -> None:
    for read in (lambda: parse_point_in_time(text, time_zone), lambda: load_time_zone(time_zone)):
        try:
            read()
        except ValueError:
            continue


def test_the_ends_of_the_calendar() -> None:
    assert parse_point_in_time("9999-12-31T23:59:59-12:00") > 0
    assert parse_point_in_time("0001-01-01T00:00:00Z") < 0
    with pytest.raises(ValueError, match="no such date"):
        parse_point_in_time("0000-01-01T00:00Z")
