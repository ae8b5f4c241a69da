"""Small charts of one series as SVG, and a sentence that describes each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

WIDTH: Final = 120
HEIGHT: Final = 28
_PADDING: Final = 2


class Sparkline(NamedTuple):
    """A chart: the points of its line as `x,y` pairs, and its meaning in words."""

    points: str
    words: str


def draw_sparkline(
    values: Sequence[float], describe: Callable[[float], str], span: str = "in the last hour"
) -> Sparkline:
    """Return the chart of a series, oldest first; its scale begins at zero.

    `describe` formats a value, `span` describes the period of the series.
    """
    highest = max(values, default=0)
    if not highest:
        return Sparkline(_format_points(values, 1), f"none {span}")
    return Sparkline(_format_points(values, highest), f"at most {describe(highest)} {span}")


def _format_points(values: Sequence[float], highest: float) -> str:
    step = (WIDTH - 2 * _PADDING) / max(len(values) - 1, 1)
    room = HEIGHT - 2 * _PADDING
    return " ".join(
        f"{_PADDING + number * step:.1f},{_PADDING + room * (1 - value / highest):.1f}"
        for number, value in enumerate(values)
    )
