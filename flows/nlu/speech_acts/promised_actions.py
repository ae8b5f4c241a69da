"""Recognition of a reply that promises a person, or says that something was done."""

from __future__ import annotations

import re
from functools import cache

from flows.locales import PACK_LEXICONS
from flows.text import normalize


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    """Return the pattern of all packs: a model does not always write in the language it is told."""
    parts = (part for lexicon in PACK_LEXICONS.values() for part in getattr(lexicon.speech_acts, kind))
    return re.compile("|".join(parts))


def promises_action(text: str, *, is_done: bool) -> bool:
    """Return whether a bot's reply says what a function should have done, and none has.

    It connects the user with somebody (“I'll transfer you to …”), or it says that something was done, unless
    something was (`is_done`): “your order has been placed”.
    """
    statements = _statements(text)
    if any(map(_pattern("transfer_promises").search, statements)):
        return True
    return not is_done and any(map(_pattern("action_claims").search, statements))


def _statements(text: str) -> list[str]:
    """Return the sentences of a text that ask nothing and set no condition."""
    sentences = map(normalize, _SENTENCE_END.split(text))
    return [each for each in sentences if not each.endswith("?") and not _CONDITION.search(each)]


_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_CONDITION = re.compile(
    r"\b(?:if|once|when|until|unless|before|wenn|sobald|falls|bevor|si|cuando|antes)\b|\bnot\b|n't\b|\bnicht\b"
)
