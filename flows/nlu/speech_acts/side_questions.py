"""Removes a question beside a wish (“a laptop repair, and how long does it take?”): it contains no values."""

from __future__ import annotations

import re
from functools import cache

from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.speech_acts.wishes import is_request
from flows.nlu.words.patterns import one_of
from flows.text import tokenize

_MIN_WORDS = 4


@cache
def _separator(lexicon: Lexicon) -> re.Pattern[str]:
    asking = one_of((*lexicon.question_words, *lexicon.speech_acts.inquiry_starts))
    return re.compile(
        rf"(?<=[.,;:!?\n])(?=\s|$)|\s(?={one_of(lexicon.and_words)}\s+{asking}\b)", re.IGNORECASE
    )


@cache
def _inquiry_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"{one_of(lexicon.speech_acts.inquiry_starts)}\s")


def without_questions(text: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return a text without the questions in it; the text itself if it is nothing else or a request.

    A few words with a question mark (“Friday, at 3?”) are not a separate question.
    """
    lexicon = lexicon_for(language)
    parts = [part for part in _separator(lexicon).split(text) if part.strip()]
    kept = [part for part in parts if not _is_inquiry(part, language, lexicon)]
    return " ".join(kept) if kept else text


def _is_inquiry(part: str, language: str, lexicon: Lexicon) -> bool:
    words = tokenize(part)
    while words and words[0] in lexicon.and_words:
        words = words[1:]
    if is_request(" ".join(words), language):
        return False
    begins = bool(words) and words[0] in lexicon.question_words and len(words) > 1
    begins = begins or _inquiry_pattern(lexicon).match(" ".join(words)) is not None
    return begins or (part.rstrip().endswith("?") and len(words) >= _MIN_WORDS)


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    _separator(_lexicon)
    _inquiry_pattern(_lexicon)
