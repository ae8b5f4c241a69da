"""Bar chart as SVG, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil, log10
from typing import NamedTuple

_LABEL_WIDTH, _WIDTH, _HEIGHT, _GAP, _TOP = 250, 430, 22, 10, 34


class Bar(NamedTuple):
    """One value of at least 1, and whether it is the gateway's."""

    label: str
    value: float
    is_turngate: bool


def render_bars(bars: Sequence[Bar], unit: str = "turns/s") -> str:
    """Render the chart; readable on light and dark pages."""
    decades = max(1, ceil(log10(max(bar.value for bar in bars))))
    scale = _WIDTH / decades
    height = _TOP + len(bars) * (_HEIGHT + _GAP)
    width = _LABEL_WIDTH + _WIDTH + 80
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="system-ui, sans-serif" font-size="13" role="img">',
        "<style>text{fill:#24292f}line{stroke:#d0d7de}"
        "@media(prefers-color-scheme:dark){text{fill:#e6edf3}line{stroke:#30363d}}</style>",
    ]
    for decade in range(decades + 1):
        x = _LABEL_WIDTH + decade * scale
        lines.append(f'<line x1="{x:.0f}" y1="{_TOP - 8}" x2="{x:.0f}" y2="{height}"/>')
        lines.append(f'<text x="{x:.0f}" y="{_TOP - 14}" text-anchor="middle">{10**decade:,}</text>')
    for number, bar in enumerate(bars):
        y, length = _TOP + number * (_HEIGHT + _GAP), max(log10(max(bar.value, 1)) * scale, 1)
        colour = "#1a7f64" if bar.is_turngate else "#8c959f"
        lines.append(
            f'<text x="{_LABEL_WIDTH - 8}" y="{y + 16}" text-anchor="end">{escape(bar.label)}</text>'
        )
        lines.append(
            f'<rect x="{_LABEL_WIDTH}" y="{y}" width="{length:.0f}" height="{_HEIGHT}" fill="{colour}"/>'
        )
        lines.append(f'<text x="{_LABEL_WIDTH + length + 8:.0f}" y="{y + 16}">{bar.value:,.0f} {unit}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"
