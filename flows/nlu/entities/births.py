"""Statements about a day of birth, whose date must not be read as another value."""

from __future__ import annotations

import re
from functools import cache

from flows.locales import DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.words.patterns import one_of
from flows.text import normalize


def states_birth(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text says when somebody was born (“my birthday's the 14th of July”)."""
    return _birth_statement(lexicon_for(language)).search(normalize(text)) is not None


@cache
def _birth_statement(lexicon: Lexicon) -> re.Pattern[str]:
    words = one_of(lexicon.names.birth_words)
    return re.compile(rf"\b{words}(?:'s\b| (?:{one_of(lexicon.names.naming_phrases)}(?=\W))|:)")
