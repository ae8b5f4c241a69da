"""Recognizes a yes without reservation: no wait, condition, doubt or unknown word beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from rapidfuzz.distance import OSA

from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.clauses.clause_patterns import clause_patterns
from flows.nlu.confirmation import answer_vocabulary, negates_other_words
from flows.nlu.short_answers import read_short_answer
from flows.nlu.words.patterns import one_of
from flows.nlu.words.verbs import is_verb_with_pronouns
from flows.text import tokenize

_MAX_CONSENT_WORDS, _MAX_PUT_OFF_WORDS, _PAIR = 10, 7, 2
_MIN_TYPO_WORD_LENGTH = 4
_DOUBTING_SIGNS = re.compile(
    "[\U0001f914\U0001f928\U0001f9d0\U0001f644\U0001f62c\U0001f615\U0001f937\u2049\u2753\u2754]"
)
"""Emoji of doubt: thinking, a raised eyebrow, rolled eyes, a grimace, a shrug, question marks."""


def asks_to_wait(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a short text asks for time."""
    words = tokenize(text)
    return (
        len(words) <= 6
        and clause_patterns(lexicon_for(language)).waiting.search(f" {' '.join(words)} ") is not None
    )


def postpones(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a short text puts an action off: “don't book it yet”, “no, wait”."""
    words, lexicon = tokenize(text), lexicon_for(language)
    if not 0 < len(words) <= _MAX_PUT_OFF_WORDS or "?" in text:
        return False
    empty = (
        lexicon.fillers | lexicon.answers.no | lexicon.clauses.particles | lexicon.clauses.consent_companions
    )
    spaced = f" {' '.join(words)} "
    rest = clause_patterns(lexicon).waiting.sub(" ", spaced)
    if rest != spaced and empty.issuperset(rest.split()):
        return True
    is_denied = any(negates_other_words(word, language) for word in words)
    return is_denied and not _yet_words(lexicon).isdisjoint(words)


@cache
def _yet_words(lexicon: Lexicon) -> frozenset[str]:
    """Return the words beside the denial in “not yet”."""
    pairs = [words for phrase in lexicon.answers.not_yet if len(words := tokenize(phrase)) == _PAIR]
    found = frozenset(word for words in pairs for word in words)
    return found - lexicon.negations - lexicon.answers.no


def is_reserved(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text takes an answer back: a question, a condition, an exception, a doubt, a wait."""
    patterns = clause_patterns(lexicon_for(language))
    said = f" {' '.join(tokenize(text))} "
    spaced = patterns.harmless.sub(";", said)
    return (
        "?" in text
        or patterns.others.search(said) is not None
        or _DOUBTING_SIGNS.search(text) is not None
        or patterns.hidden_condition.search(text) is not None
        or patterns.reservation.search(spaced) is not None
        or patterns.waiting.search(spaced) is not None
    )


def is_unreserved_yes(text: str, language: str = DEFAULT_LANGUAGE, known: Iterable[str] = ()) -> bool:
    """Return whether a text says nothing beside a yes: short, no reservation, no word that was not read.

    Whether there is a yes in it, and not only its company (“thanks”), `recognize_confirmation` says.
    `known` are words that say nothing new here: those of the question and of the edge's keywords.
    """
    tokens = tokenize(text)
    if not 0 < len(tokens) <= _MAX_CONSENT_WORDS or is_reserved(text, language):
        return False
    if read_short_answer(text, language):
        return True
    lexicon, vocabulary, known = lexicon_for(language), answer_vocabulary(language), frozenset(known)
    if lexicon.clauses.hesitations.issuperset(tokens):
        return False
    spaced = clause_patterns(lexicon).harmless.sub("", f" {' '.join(tokens)} ")
    spaced = _without_approval(spaced, known, lexicon)
    allowed = lexicon.clauses.consent_companions | vocabulary.affirmative | vocabulary.alone.keys() | known
    allowed |= {word for phrase in lexicon.politeness for word in phrase.split()}
    allowed |= {word.replace("'", "") for word in allowed if "'" in word}
    return all(
        not negates_other_words(word, language)
        and word not in vocabulary.negative
        and (
            is_verb_with_pronouns(word, known, lexicon)
            or any(
                form in allowed or _is_almost(form, allowed) or _ends_known_word(form, known, lexicon)
                for form in _forms(word, lexicon)
            )
        )
        for word in spaced.split()
    )


def _without_approval(spaced: str, known: frozenset[str], lexicon: Lexicon) -> str:
    """Return the words without who agreed, if the verb asked about is there: “boss says yes, book”."""
    rest = _approval(lexicon).sub(" ", spaced)
    named = known - lexicon.fillers - lexicon.clauses.consent_companions
    return spaced if named.isdisjoint(rest.split()) else rest


@cache
def _approval(lexicon: Lexicon) -> re.Pattern[str]:
    names, answers = lexicon.names, lexicon.answers
    people = rf"(?:{one_of((*names.owners, *lexicon.dates.articles))} )?{one_of(names.relatives)}"
    saying = one_of(lexicon.clauses.saying_words)
    return re.compile(rf" {people} {saying} {one_of(answers.yes | answers.correct)} ")


def _forms(word: str, lexicon: Lexicon) -> Iterator[str]:
    """Yield a word, and its verb where a pronoun is written as one word with it (“cancélala”)."""
    yield word
    for ending in lexicon.forms.object_endings:
        if word.endswith(ending) and len(word) >= len(ending) + _MIN_TYPO_WORD_LENGTH:
            yield word.removesuffix(ending)
    for ending in lexicon.contractions:
        if word.endswith(ending):
            yield word.removesuffix(ending)


def _ends_known_word(word: str, known: frozenset[str], lexicon: Lexicon) -> bool:
    """Return whether a joined word of the question says what this one does (“Stunde”, “Probestunde”)."""
    is_long = lexicon.forms.joins_words and len(word) >= _MIN_TYPO_WORD_LENGTH
    return is_long and any(other.endswith(word) for other in known)


def _is_almost(word: str, allowed: frozenset[str] | set[str]) -> bool:
    if word.isdigit():
        return False
    squeezed = re.sub(r"(.)\1+", r"\1", word)
    return squeezed in allowed or (
        len(word) >= _MIN_TYPO_WORD_LENGTH
        and any(
            len(other) >= _MIN_TYPO_WORD_LENGTH
            and other[0] == word[0]
            and OSA.distance(word, other, score_cutoff=1) <= 1
            for other in allowed
        )
    )


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    _approval(_lexicon)
