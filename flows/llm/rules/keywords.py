"""Matches an edge's keywords in a text: exactly, with a typing error, or as another yes or no."""

from __future__ import annotations

from collections.abc import Collection

from rapidfuzz.distance import OSA

from flows.nlu import (
    AFFIRMATIVE_WORDS,
    CORRECT_WORDS,
    GREETING_WORDS,
    NEGATIVE_WORDS,
    NO_WORDS,
    YES_WORDS,
    is_negated,
)
from flows.text import find_phrase, squeeze_repeats, tokenize

_MIN_TYPO_WORD_LENGTH = 5
_MAX_WORDS = 60
_MAX_ANSWER_WORDS = 4
_MAX_TYPOS = 2
_GENERIC_ANSWERS = (
    AFFIRMATIVE_WORDS
    | NEGATIVE_WORDS
    | frozenset(
        tokenize("nothing help question great perfect hi hello hey y n hallo nichts hilfe frage super")
    )
)
_ABBREVIATIONS = {"u": "you", "ur": "your", "r": "are"}
_TRAILING_NEGATIONS = frozenset(tokenize("nicht not"))

Phrase = tuple[str, ...]


def expand_abbreviations(words: Phrase) -> Phrase:
    """Return the words with abbreviations expanded, such as `u` to `you`."""
    return tuple(_ABBREVIATIONS.get(word, word) for word in words)


def exact_match_length(keywords: Collection[Phrase], words: Phrase, *, is_first: bool = False) -> int:
    """Return the number of letters of `said` that are keywords; a first greeting does not count."""
    starts = ((phrase, find_phrase(phrase, words)) for phrase in keywords)
    return sum(
        _phrase_weight(phrase)
        for phrase, start in starts
        if start >= 0
        and _is_valid_match(phrase, start, words)
        and not (is_first and GREETING_WORDS.issuperset(phrase))
    )


def fuzzy_match_length(keywords: Collection[Phrase], words: Phrase) -> int:
    """Return the length of the longest keyword that a word may be a misspelling of."""
    return max((_phrase_weight(phrase) for phrase in keywords if _has_fuzzy_match(phrase, words)), default=0)


def is_equivalent_answer(keywords: Collection[Phrase], words: Phrase, agreed: bool | None) -> bool:
    """Return whether `said` is the same confirmation as the keywords: `ja` where they have `yes`."""
    if agreed is None or len(words) > _MAX_ANSWER_WORDS:
        return False
    alone = {phrase[0] for phrase in keywords if len(phrase) == 1}
    if not agreed:
        return bool(alone & (NO_WORDS | {"n"}))
    return bool(alone & (CORRECT_WORDS if CORRECT_WORDS.intersection(words) else YES_WORDS | {"y"}))


def _phrase_weight(phrase: Phrase) -> int:
    # a bare yes or no, however long the word, says less than a content word beside it
    return 2 if len(phrase) == 1 and phrase[0] in _GENERIC_ANSWERS else sum(map(len, phrase))


def _is_valid_match(phrase: Phrase, start: int, words: Phrase) -> bool:
    # the “nothing” in the middle of a sentence is no answer
    is_answer = len(phrase) == 1 and phrase[0] in _GENERIC_ANSWERS
    is_stray = is_answer and start > 1 and len(words) > 4
    following = words[start + 1 : start + 3]
    is_denied_after = (
        is_answer and bool(_TRAILING_NEGATIONS.intersection(following)) and phrase[0] in AFFIRMATIVE_WORDS
    )
    return not is_stray and not is_denied_after and not is_negated(start, words)


def _has_fuzzy_match(phrase: Phrase, words: Phrase) -> bool:
    starts = range(min(len(words), _MAX_WORDS) - len(phrase) + 1)
    return any(
        words[at][0] == phrase[0][0]  # the first letter is seldom wrong, and most comparisons end here
        and 0 < _phrase_distance(phrase, words[at : at + len(phrase)]) <= _MAX_TYPOS
        and not is_negated(at, words)
        for at in starts
    )


def _phrase_distance(phrase: Phrase, part: Phrase) -> int:
    """Return the edit distance word by word: `where is my` is another question than `where is it`."""
    return sum(map(_word_distance, phrase, part))


def _word_distance(meant: str, typed: str) -> int:
    if meant == typed:
        return 0
    if len(meant) < _MIN_TYPO_WORD_LENGTH:
        is_drawn_out = len(typed) > len(meant) and squeeze_repeats(typed) == squeeze_repeats(meant)
        is_mixed_up = len(meant) == _MIN_TYPO_WORD_LENGTH - 1 and sorted(typed) == sorted(meant)
        return 1 if is_drawn_out or is_mixed_up else _MAX_TYPOS + 1
    allowed = 1 if len(meant) < 8 else 2
    errors = OSA.distance(meant, typed, score_cutoff=allowed)
    return errors if errors <= allowed else _MAX_TYPOS + 1
