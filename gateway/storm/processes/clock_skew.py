"""Wall-clock skew for one process: the offset changes every few seconds, in either direction."""

from __future__ import annotations

import datetime as datetimes
import sys
import time
from random import Random
from typing import Any

_STEP_SECONDS = 4.0
_RealDatetime = datetimes.datetime


def skew_clock(seed: int, max_seconds: float) -> None:
    """Make this process read a wall clock that is up to `most` seconds off; monotonic time stays correct.

    References that loaded modules hold to the correct clock are replaced.
    """
    real_time = time.time

    def offset() -> float:
        step = int(time.monotonic() / _STEP_SECONDS)
        return Random(f"{seed}:{step}").uniform(-max_seconds, max_seconds)  # noqa: S311 - repeatable on purpose

    def skewed_time() -> float:
        return real_time() + offset()

    class SkewedDatetime(_RealDatetime):
        """`datetime` whose current time is skewed."""

        @classmethod
        def now(cls, tz: datetimes.tzinfo | None = None) -> Any:
            """Return the skewed current time."""
            return _RealDatetime.now(tz) + datetimes.timedelta(seconds=offset())

        @classmethod
        def utcnow(cls) -> Any:
            """Return the skewed current time in UTC, as a naive datetime."""
            return _RealDatetime.now(datetimes.UTC).replace(tzinfo=None) + datetimes.timedelta(
                seconds=offset()
            )

    replacements: list[tuple[object, object]] = [(real_time, skewed_time), (_RealDatetime, SkewedDatetime)]
    modules = [module for name, module in sys.modules.items() if name != __name__]
    for module in modules:
        for name, value in list(getattr(module, "__dict__", {}).items()):
            for old, new in replacements:
                if value is old:
                    setattr(module, name, new)
