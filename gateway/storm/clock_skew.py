"""A process whose clock is wrong, and jumps: every few seconds it is off by another amount, either way."""

from __future__ import annotations

import datetime as datetimes
import sys
import time
from random import Random
from typing import Any

_STEP_SECONDS = 4.0
_RealDatetime = datetimes.datetime


def skew_clock(seed: int, most: float) -> None:
    """From now on this process reads a wall clock that is up to `most` seconds off. Monotonic time is right.

    Names that modules have bound to the right clock are bound anew.
    """
    right_time = time.time

    def off() -> float:
        step = int(time.monotonic() / _STEP_SECONDS)
        return Random(f"{seed}:{step}").uniform(-most, most)  # noqa: S311 - repeatable on purpose

    def wrong_time() -> float:
        return right_time() + off()

    class WrongDatetime(_RealDatetime):
        """The real thing, but for the present."""

        @classmethod
        def now(cls, tz: datetimes.tzinfo | None = None) -> Any:
            """The present, wrong."""
            return _RealDatetime.now(tz) + datetimes.timedelta(seconds=off())

        @classmethod
        def utcnow(cls) -> Any:
            """The present in UTC, wrong."""
            return _RealDatetime.now(datetimes.UTC).replace(tzinfo=None) + datetimes.timedelta(seconds=off())

    bound: list[tuple[object, object]] = [(right_time, wrong_time), (_RealDatetime, WrongDatetime)]
    others = [module for name, module in sys.modules.items() if name != __name__]
    for module in others:
        for name, value in list(getattr(module, "__dict__", {}).items()):
            for old, new in bound:
                if value is old:
                    setattr(module, name, new)
