"""SMS segments and alphabets (3GPP TS 23.038)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from channels._kit.rendering.text_splitter import utf16_length

_GSM7_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
MAX_INEXPENSIVE_SEGMENTS: Final = 3
"""Number of segments above which authors are warned."""

_GSM7_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
_GSM7: Final = _GSM7_BASIC | _GSM7_EXTENDED
_GSM7_REPLACEMENTS: Final = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′", "'"),
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "…": "...",
        "\u00a0": " ",
        "\u202f": " ",
        "\u200b": "",
    }
)


@dataclass(frozen=True, slots=True)
class SegmentCount:
    """Segmentation of a text: `count` segments in one of two alphabets; `units` is its length."""

    alphabet: Literal["GSM-7", "UCS-2"]
    units: int
    count: int

    def __str__(self) -> str:
        return f"{self.count} SMS ({self.alphabet}, {self.units} {self.unit_name})"

    @property
    def unit_name(self) -> str:
        """Name of the unit of `units`."""
        return "septets" if self.alphabet == "GSM-7" else "characters"


def count_segments(text: str) -> SegmentCount:
    """Count a text's segments: 160 septets or 70 characters in a single one, 153 or 67 in each of several."""
    if _GSM7.issuperset(text):
        sizes = [2 if char in _GSM7_EXTENDED else 1 for char in text]
        return SegmentCount("GSM-7", sum(sizes), _count_messages(sizes, single=160, several=153))
    sizes = [utf16_length(char) for char in text]
    return SegmentCount("UCS-2", sum(sizes), _count_messages(sizes, single=70, several=67))


def describe_high_cost(text: str) -> str:
    """Describe the segments of a text that takes many; otherwise return the empty string.

    Each segment is billed, and Twilio advises to stay within 320 characters in total.
    """
    needed = count_segments(to_gsm7_friendly(text))
    if needed.count <= MAX_INEXPENSIVE_SEGMENTS:
        return ""
    odd = next((char for char in to_gsm7_friendly(text) if char not in _GSM7), "")
    why = (
        f"; “{odd}” is not in the GSM-7 alphabet, so a segment holds 70 characters instead of 160"
        if odd
        else ""
    )
    return f"takes {needed}{why}"


def to_gsm7_friendly(text: str) -> str:
    """Replace typographic quotes, dashes and spaces by plain ones if that saves segments."""
    plain = text.translate(_GSM7_REPLACEMENTS)
    return plain if count_segments(plain).count < count_segments(text).count else text


def _count_messages(sizes: list[int], *, single: int, several: int) -> int:
    """Count the segments; a character of two units is never split."""
    if sum(sizes) <= single:
        return 1 if sizes else 0
    count, room = 1, several
    for size in sizes:
        if size > room:
            count, room = count + 1, several
        room -= size
    return count
