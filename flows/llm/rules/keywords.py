"""An edge's keywords in what a user wrote: exact, with a typing error, or as a yes in other words."""

from __future__ import annotations

from collections.abc import Collection

from rapidfuzz.distance import OSA

from flows.nlu.confirmation import AGREEING, NO, REFUSING, RIGHT, YES
from flows.nlu.lexicon import GREETINGS, is_negated
from flows.text.tokens import find_phrase, squeezed, words

_SHORTEST_TYPO = 5
_MOST_WORDS = 60
_SHORT = 4
_MOST_ERRORS = 2
_ANSWERS = (
    AGREEING
    | REFUSING
    | frozenset(words("nothing help question great perfect hi hello hey y n hallo nichts hilfe frage super"))
)
_IN_FULL = {"u": "you", "ur": "your", "r": "are"}
_AFTER = frozenset(words("nicht not"))

Phrase = tuple[str, ...]


def in_full(said: Phrase) -> Phrase:
    """The words with `you` for `u` and the like."""
    return tuple(_IN_FULL.get(word, word) for word in said)


def exact_letters(keywords: Collection[Phrase], said: Phrase, *, is_first: bool = False) -> int:
    """How many letters of `said` are keywords. A session's first greeting has been answered by then."""
    starts = ((phrase, find_phrase(phrase, said)) for phrase in keywords)
    return sum(
        _length(phrase)
        for phrase, start in starts
        if start >= 0 and _counts(phrase, start, said) and not (is_first and GREETINGS.issuperset(phrase))
    )


def typo_letters(keywords: Collection[Phrase], said: Phrase) -> int:
    """How long the longest keyword is that somebody may have meant to write."""
    return max((_length(phrase) for phrase in keywords if _has_typo_of(phrase, said)), default=0)


def is_same_answer(keywords: Collection[Phrase], said: Phrase, agreed: bool | None) -> bool:
    """Whether `said` is the yes or the no that the keywords are: `ja` where they have `yes`."""
    if agreed is None or len(said) > _SHORT:
        return False
    alone = {phrase[0] for phrase in keywords if len(phrase) == 1}
    if not agreed:
        return bool(alone & (NO | {"n"}))
    return bool(alone & (RIGHT if RIGHT.intersection(said) else YES | {"y"}))


def _length(phrase: Phrase) -> int:
    # a bare yes or no, however long the word, says less than a word of substance beside it
    return 2 if len(phrase) == 1 and phrase[0] in _ANSWERS else sum(map(len, phrase))


def _counts(phrase: Phrase, start: int, said: Phrase) -> bool:
    # the “nothing” in the middle of a sentence is no answer
    is_answer = len(phrase) == 1 and phrase[0] in _ANSWERS
    is_stray = is_answer and start > 1 and len(said) > 4
    following = said[start + 1 : start + 3]
    is_denied_after = is_answer and bool(_AFTER.intersection(following)) and phrase[0] in AGREEING
    return not is_stray and not is_denied_after and not is_negated(start, said)


def _has_typo_of(phrase: Phrase, said: Phrase) -> bool:
    starts = range(min(len(said), _MOST_WORDS) - len(phrase) + 1)
    return any(
        said[at][0] == phrase[0][0]  # the first letter is seldom wrong, and most words end here
        and 0 < _errors(phrase, said[at : at + len(phrase)]) <= _MOST_ERRORS
        and not is_negated(at, said)
        for at in starts
    )


def _errors(phrase: Phrase, part: Phrase) -> int:
    """Counted word by word, as `where is my` is another question than `where is it`."""
    return sum(map(_errors_in, phrase, part))


def _errors_in(meant: str, typed: str) -> int:
    if meant == typed:
        return 0
    if len(meant) < _SHORTEST_TYPO:
        is_drawn_out = len(typed) > len(meant) and squeezed(typed) == squeezed(meant)
        is_mixed_up = len(meant) == _SHORTEST_TYPO - 1 and sorted(typed) == sorted(meant)
        return 1 if is_drawn_out or is_mixed_up else _MOST_ERRORS + 1
    allowed = 1 if len(meant) < 8 else 2
    errors = OSA.distance(meant, typed, score_cutoff=allowed)
    return errors if errors <= allowed else _MOST_ERRORS + 1
