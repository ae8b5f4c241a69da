"""Names of choices that the words beside them make another one: “dark blue”, “extra large”."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.clauses.negation import Tokens
from flows.nlu.confirmation import answer_vocabulary
from flows.nlu.words.patterns import any_pattern
from flows.text import normalize

_MARK = re.compile(r"[;:!?()\n…]|[.,](?!\d)|\s[-–—]\s")
_MAX_COMPARED, _MIN_ADJECTIVE = 6, 2


@dataclass(frozen=True, slots=True, eq=False)
class _Patterns:
    """A language's phrases around a name by which something is only compared with it."""

    compared_before: re.Pattern[str]
    compared_behind: re.Pattern[str]
    missing: re.Pattern[str]


@cache
def _patterns(lexicon: Lexicon) -> _Patterns:
    words = lexicon.choices
    return _Patterns(
        re.compile(any_pattern(words.comparisons_before)),
        re.compile(any_pattern(words.comparisons_behind)),
        re.compile(any_pattern(words.missing_patterns)),
    )


def split_at_marks(text: str) -> list[str]:
    """Return the parts of a text between punctuation."""
    return _MARK.split(text)


def is_modified_name(words: Tokens, span: range, language: str, known: frozenset[str] = frozenset()) -> bool:
    """Return whether words beside a name make it another one, or only compare something with it.

    `words` are those between two marks, `span` has the positions of the name, and `known` are words that say
    nothing new: those of the question and of other choices.
    """
    lexicon = lexicon_for(language)
    ahead, behind = words[: span.start], words[span.stop :]
    if _has_degree(ahead, lexicon, known) or _is_compared(ahead, behind, lexicon):
        return True
    if lexicon.choices.is_shaded_behind:
        beside, edge = behind[:1], words[span.stop - 1]
    else:
        beside, edge = ahead[-1:], words[span.start]
    kinds = _kinds_of_shade(edge, lexicon)
    noun = ahead[-1:] if lexicon.choices.is_shaded_behind else behind[:1]
    if kinds and not lexicon.names.relatives.isdisjoint(noun):
        return True  # “my big brother”
    if not beside or not kinds or not beside[0].isalpha() or beside[0] in known:
        return False
    others = _kinds_of_shade(beside[0], lexicon)
    return kinds <= others if others else beside[0] not in _companions(lexicon, language)


def says_missing(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text says that what it names is gone, or there already: “my card was stolen”."""
    return _patterns(lexicon_for(language)).missing.search(normalize(text)) is not None


def is_shaded(word: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a word is an adjective that another word can shade: a colour, a size, a strength."""
    return bool(_kinds_of_shade(word, lexicon_for(language)))


def is_same_shade(name: str, word: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a word is such an adjective's inflected form, which “larger” and “bluish” are not."""
    lexicon = lexicon_for(language)
    return not _base_forms(name, lexicon).isdisjoint(_base_forms(word, lexicon))


@lru_cache(maxsize=4_000)
def _kinds_of_shade(word: str, lexicon: Lexicon) -> frozenset[int]:
    """Return the numbers of the kinds of adjectives that a word is one of: another kind shades nothing."""
    words, forms = lexicon.choices, _base_forms(word, lexicon)
    kinds = (words.colours, words.sizes, words.strengths)
    return frozenset(number for number, kind in enumerate(kinds) if not kind.isdisjoint(forms))


def _base_forms(word: str, lexicon: Lexicon) -> frozenset[str]:
    endings = (each for each in lexicon.forms.inflections if len(word) > len(each) + _MIN_ADJECTIVE)
    return frozenset((word, *map(word.removesuffix, endings)))


def _has_degree(ahead: Tokens, lexicon: Lexicon, known: frozenset[str]) -> bool:
    words, end = lexicon.choices, len(ahead)
    if end and ahead[-1] in words.degrees - known:
        return True
    while end and ahead[end - 1] in words.degree_links:
        end -= 1
    return 0 < end < len(ahead) and ahead[end - 1] in words.degrees - known


def _is_compared(ahead: Tokens, behind: Tokens, lexicon: Lexicon) -> bool:
    patterns = _patterns(lexicon)
    if patterns.compared_before.search(f"{' '.join(ahead[-_MAX_COMPARED:])} "):
        return True
    is_preferred = not frozenset(lexicon.clauses.preferences).isdisjoint(ahead)
    return not is_preferred and patterns.compared_behind.match(" ".join(behind[:_MAX_COMPARED])) is not None


@cache
def _companions(lexicon: Lexicon, language: str) -> frozenset[str]:
    """Return the words that may stand beside an adjective without changing it."""
    clauses, acts = lexicon.clauses, lexicon.speech_acts
    words = lexicon.choices.companions | lexicon.fillers | clauses.value_companions
    words |= clauses.consent_companions | clauses.value_links | clauses.value_connectors | clauses.particles
    words |= lexicon.greetings | lexicon.thanks | lexicon.negations | lexicon.correction_words
    words |= lexicon.question_words | lexicon.subjects.determiners | lexicon.subjects.prepositions
    words |= acts.second_thoughts | acts.move_words | answer_vocabulary(language).answers
    phrases = (
        *acts.wishes, *acts.request_starts, *acts.waiting, *acts.doubts, *clauses.because_words,
        *clauses.reservations, *clauses.exceptions, *clauses.replacements, *clauses.preferences,
        *clauses.than_words, *clauses.conditions, *lexicon.numbers.conclusions, *lexicon.and_words,
        *lexicon.or_words, *lexicon.dates.contrast_words, *lexicon.politeness, *lexicon.dates.near_days,
    )  # fmt: skip
    words |= {word for phrase in phrases for word in phrase.split()}
    words |= {name for names in (*lexicon.dates.weekdays, *lexicon.dates.months) for name in names}
    words |= lexicon.numbers.by_name.keys() | lexicon.numbers.positions.keys()
    return words - lexicon.choices.degrees


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    _patterns(_lexicon)
