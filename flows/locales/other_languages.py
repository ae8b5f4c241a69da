"""Data of languages without a pack: names, phone regions, and phrases that dateparser misreads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAMES: Final[Mapping[str, str]] = {
    "fr": "francais french franzosisch frances",
    "hi": "hindi hinglish",
    "it": "italiano italian italienisch",
    "nl": "nederlands dutch niederlandisch",
    "pl": "polski polish polnisch",
    "pt": "portugues portuguese portugiesisch",
    "tr": "turkce turkish turkisch",
}
REGIONS: Final[Mapping[str, str]] = {"fr": "FR", "it": "IT", "nl": "NL", "pl": "PL", "pt": "PT", "sv": "SE"}

GREETING_PATTERN: Final = r"\b(?:bon\s*jour|buen[oa]s\s+\w+)\b"
LEADING_PREPOSITION_PATTERN: Final = r"^(?:on|am|den|der|le|el|il)\s+"
