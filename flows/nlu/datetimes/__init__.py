"""Recognition of dates and times of day in user text."""

from __future__ import annotations

from flows.nlu.datetimes.dateparser_fallback import recognize_date_with_dateparser
from flows.nlu.datetimes.dates import (
    Recognized,
    is_incomplete_date,
    mask_dates,
    mask_days_of_month,
    recognize_dates,
)
from flows.nlu.datetimes.relative_dates import recognize_relative_dates
from flows.nlu.datetimes.spelt_days import write_days_in_digits
from flows.nlu.datetimes.times import (
    complete_hour_answer,
    hour_within_question,
    mask_times,
    name_day_period,
    recognize_bare_hour,
    recognize_times,
)

__all__ = [
    "Recognized",
    "complete_hour_answer",
    "hour_within_question",
    "is_incomplete_date",
    "mask_dates",
    "mask_days_of_month",
    "mask_times",
    "name_day_period",
    "recognize_bare_hour",
    "recognize_date_with_dateparser",
    "recognize_dates",
    "recognize_relative_dates",
    "recognize_times",
    "write_days_in_digits",
]
