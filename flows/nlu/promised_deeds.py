"""Recognition of a reply that promises a person, or says that something was done."""

from __future__ import annotations

import re
from functools import cache

from flows.locales import PACK_LEXICONS
from flows.text import normalize


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    """Return the pattern of all packs: a model does not always write in the language it is told."""
    parts = (part for lexicon in PACK_LEXICONS.values() for part in getattr(lexicon, kind))
    return re.compile("|".join(parts))


def promises_person(text: str) -> bool:
    """Return whether a bot's reply says that it connects the user with somebody: “I'll transfer you to …”."""
    return any(_pattern("transfer_promises").search(part) for part in _statements(text))


def claims_deed(text: str) -> bool:
    """Return whether a bot's reply says that something was done: “your order has been placed”."""
    return any(_pattern("deed_claims").search(part) for part in _statements(text))


def _statements(text: str) -> list[str]:
    """Return the sentences of a text that ask nothing and set no condition."""
    sentences = map(normalize, re.split(r"(?<=[.!?…])\s+|\n+", text))
    return [each for each in sentences if not each.endswith("?") and not _CONDITION.search(each)]


_CONDITION = re.compile(
    r"\b(?:if|once|when|until|unless|before|wenn|sobald|falls|bevor|si|cuando|antes)\b|\bnot\b|n't\b|\bnicht\b"
)
