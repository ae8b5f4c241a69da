"""Recognition of a wish for a person of the business, in every language of the engine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from flows.locales import PACK_LEXICONS
from flows.nlu.clauses.negation import denied_positions
from flows.nlu.words.lexicon import is_negation
from flows.nlu.words.patterns import any_pattern, one_of
from flows.text import find_phrase, tokenize

_CLAUSE_SEPARATOR = re.compile(r"[.,;!\n]+(?=\s|$)")
_MAX_WORDS = 60
_MAX_BARE_WORDS = 4
_MAX_WORDS_BETWEEN, _MAX_WORDS_BEFORE_WISH = 4, 6
_MAX_WORDS_BEHIND_ARTICLE = 1
_MAX_LEAD_WORDS = 3
_ONE = frozenset(("one", "ein", "eine", "einen", "un", "una"))
_ARTICLES = _ONE | {"a"}
_COUNTED = frozenset(("person", "persons", "people", "personen", "persona", "personas"))
"""Words for people that are counted: “one person” answers how many come."""
_EMPTY = frozenset(("real", "live", "a", "please", "now", "the", "bitte", "echt", "echte", "echten"))

_Phrases = tuple[tuple[str, ...], ...]


@cache
def _people_phrases(language: str) -> _Phrases:
    words = PACK_LEXICONS[language].hand_off
    return tuple(filter(None, map(tokenize, (*words.people, *words.people_phrases))))


@cache
def _wishes(language: str) -> _Phrases:
    return tuple(filter(None, map(tokenize, PACK_LEXICONS[language].hand_off.contact_wishes)))


@dataclass(frozen=True, slots=True, eq=False)
class _Patterns:
    """A language's phrases as patterns of text with a space around each word, and the words for people."""

    errands: re.Pattern[str]
    direct: re.Pattern[str]
    presence: re.Pattern[str]
    people: frozenset[str]
    """The first words of those for people: without one of them nobody is named."""


@cache
def _patterns(language: str) -> _Patterns:
    words = PACK_LEXICONS[language].hand_off
    return _Patterns(
        errands=re.compile(rf" {one_of(words.errands)} "),
        direct=re.compile(rf" {one_of(words.direct_wishes)} "),
        presence=re.compile(any_pattern(words.presence_patterns)),
        people=frozenset(phrase[0] for phrase in _people_phrases(language)),
    )


@cache
def _callbacks(language: str) -> _Phrases:
    return tuple(filter(None, map(tokenize, PACK_LEXICONS[language].hand_off.callback_wishes)))


@cache
def _help_phrases(language: str) -> _Phrases:
    return tuple(filter(None, map(tokenize, PACK_LEXICONS[language].hand_off.help_wishes)))


@cache
def _named_people(language: str) -> frozenset[tuple[str, ...]]:
    """Return the words for people without those for anybody: a call for somebody's help includes the bot."""
    anybody = PACK_LEXICONS[language].hand_off.anybody
    return frozenset(phrase for phrase in _people_phrases(language) if anybody.isdisjoint(phrase))


def mentions_own_people(language: str, words: tuple[str, ...]) -> bool:
    """Return whether users have to ask their own people first: “I still have to ask the boss”."""
    return (
        language in PACK_LEXICONS and _patterns(language).errands.search(f" {' '.join(words)} ") is not None
    )


def asks_for_person(text: str) -> bool:
    """Return whether a message asks to reach somebody: “let me speak to your boss”, “human please”.

    All languages count: a user who wants a person may ask in another language than the conversation's.
    """
    words = tokenize(text)[:_MAX_WORDS]
    return bool(words) and any(_asks_in(language, words, text) for language in PACK_LEXICONS)


def names_person(text: str) -> bool:
    """Return whether a text has a word for somebody of the business, in any language of the engine."""
    words = tokenize(text)
    return any(_spans(_people_phrases(language), words) for language in PACK_LEXICONS)


def _asks_in(language: str, words: tuple[str, ...], text: str) -> bool:
    spaced, patterns = f" {' '.join(words)} ", _patterns(language)
    if patterns.errands.search(spaced):
        return False
    if patterns.direct.search(spaced) and any(
        _wishes_directly(part, language) for part in _CLAUSE_SEPARATOR.split(text)
    ):
        return True
    is_named, is_there = not patterns.people.isdisjoint(words), patterns.presence.search(spaced)
    if not (is_named or is_there):
        return False
    denied = denied_positions(text, language)
    if is_there and not denied:
        return True
    people = [span for span in _spans(_people_phrases(language), words) if span[0] not in denied]
    if not people:
        return False
    if _is_bare(language, words, people):
        return not text.rstrip().endswith("?") or len(words) == 1
    if any(_is_bare_clause(part, language) for part in _CLAUSE_SEPARATOR.split(text)[1:]):
        return True
    wishes = [span for span in _spans(_wishes(language), words) if span[0] not in denied]
    if any(_belong_together(wish, person, words) for person in people for wish in wishes):
        return True
    named = _named_people(language)
    helps = [span for span in _spans(_help_phrases(language), words) if span[0] not in denied]
    called = [span for span in people if words[span[0] : span[1]] in named]
    if any(_is_to_call(language, words, person, each) for person in called for each in helps):
        return True
    calls = [span for span in _spans(_callbacks(language), words) if span[0] not in denied]
    return any(_is_to_call(language, words, person, call) for person in people for call in calls)


def _wishes_directly(part: str, language: str) -> bool:
    """Return whether a clause wishes to be connected (“put me through”) and denies nothing."""
    words = tokenize(part)
    return _patterns(language).direct.search(f" {' '.join(words)} ") is not None and not any(
        is_negation(word, language) for word in words
    )


def _is_bare_clause(part: str, language: str) -> bool:
    """Return whether a clause names somebody and nothing else: “no more bots, a human”."""
    words = tokenize(part)
    people = _spans(_people_phrases(language), words)
    return bool(people) and not part.rstrip().endswith("?") and _is_bare(language, words, people)


def _is_to_call(
    language: str, words: tuple[str, ...], person: tuple[int, int], call: tuple[int, int]
) -> bool:
    """Return whether somebody is asked to call (“can someone call me”), and not told to have called.

    Somebody may stand behind the call too (“que me llame alguien”).
    """
    leads = PACK_LEXICONS[language].hand_off.callback_leads
    if call[1] <= person[0]:
        is_led = any(word in leads for word in words[max(call[0] - 1, 0) : call[1]])
        return is_led and person[0] - call[1] <= _MAX_WORDS_BEHIND_ARTICLE
    is_asked = any(word in leads for word in words[max(person[0] - _MAX_LEAD_WORDS, 0) : person[0]])
    return is_asked and 0 <= call[0] - person[1] <= _MAX_WORDS_BETWEEN


def _spans(phrases: _Phrases, words: tuple[str, ...]) -> list[tuple[int, int]]:
    """Return where the phrases begin and end."""
    starts = ((phrase, find_phrase(phrase, words)) for phrase in phrases)
    return [(at, at + len(phrase)) for phrase, at in starts if at >= 0]


def _is_bare(language: str, words: tuple[str, ...], people: list[tuple[int, int]]) -> bool:
    """Return whether the message names somebody and nothing else; a number of people is an answer."""
    if len(words) > _MAX_BARE_WORDS or any(word.isdigit() for word in words):
        return False
    if not _ONE.isdisjoint(words) and not _COUNTED.isdisjoint(words):
        return False
    named = {at for start, end in people for at in range(start, end)}
    empty = PACK_LEXICONS[language].fillers | _EMPTY
    return all(at in named or word in empty for at, word in enumerate(words))


def _belong_together(wish: tuple[int, int], person: tuple[int, int], words: tuple[str, ...]) -> bool:
    if person[0] < wish[0]:
        return wish[0] - person[1] <= _MAX_WORDS_BEFORE_WISH
    between = person[0] - wish[1]
    return between <= (_MAX_WORDS_BEHIND_ARTICLE if words[wish[1] - 1] in _ARTICLES else _MAX_WORDS_BETWEEN)
