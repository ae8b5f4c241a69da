"""A yes or a no with its reason behind it: “yes please, safety first”, “no, we have our own”."""

from __future__ import annotations

import re

from flows.locales import DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.answers.reservations import asks_to_wait, is_reserved
from flows.nlu.clauses.negation import denies
from flows.nlu.confirmation import answer_vocabulary, recognize_confirmation
from flows.text import tokenize

_CLAUSE_SEPARATOR = re.compile(r"[.,;:!()\n¡]+(?=\s|$)")
_MAX_ANSWER_WORDS, _MAX_REASON_WORDS = 4, 10

_Words = tuple[str, ...]


def read_reasoned_answer(
    text: str, asked: frozenset[str] = frozenset(), language: str = DEFAULT_LANGUAGE
) -> bool | None:
    """Return the plain yes or no that a text begins with, where the rest is only its reason.

    The rest asks nothing, has no number, no reservation and no answer of its own, and denies nothing that is
    about the user or about what was `asked`.
    """
    said = [part for part in _CLAUSE_SEPARATOR.split(text) if tokenize(part)]
    if len(said) < 2 or "?" in text or any(map(str.isdigit, text)):
        return None
    answer, reason = _plain_answer(said[0], language), tokenize(" ".join(said[1:]))
    if answer is None or len(reason) > _MAX_REASON_WORDS:
        return None
    if is_reserved(text, language) or asks_to_wait(text, language):
        return None
    vocabulary, lexicon = answer_vocabulary(language), lexicon_for(language)
    contrary = vocabulary.negative if answer else vocabulary.yes | lexicon.answers.emphatic_yes
    contrary |= lexicon.correction_words | lexicon.speech_acts.second_thoughts
    if not (contrary - lexicon.fillers).isdisjoint(reason):
        return None
    return None if answer and _denies_asked(reason, asked, lexicon, language) else answer


def _plain_answer(text: str, language: str) -> bool | None:
    """Return the yes or no that a clause is, where it is nothing else."""
    words, lexicon = tokenize(text), lexicon_for(language)
    vocabulary = answer_vocabulary(language)
    answer = recognize_confirmation(text, language)
    polite = frozenset(word for phrase in lexicon.politeness for word in phrase.split())
    strong = vocabulary.yes | lexicon.answers.emphatic_yes if answer else lexicon.answers.no
    known = strong | vocabulary.correct | polite | lexicon.thanks | lexicon.clauses.particles
    is_plain = not strong.isdisjoint(words) and known.issuperset(words)
    is_phrase = words in (vocabulary.phrases.keys() | _short_answers(lexicon))
    return answer if len(words) <= _MAX_ANSWER_WORDS and (is_plain or is_phrase) else None


def _short_answers(lexicon: Lexicon) -> frozenset[_Words]:
    return frozenset(map(tokenize, (*lexicon.short_answers.yes, *lexicon.short_answers.no)))


def _denies_asked(reason: _Words, asked: frozenset[str], lexicon: Lexicon, language: str) -> bool:
    """Return whether a reason denies something, unless it is what others do: “my girlfriend eats no meat”."""
    if not any(denies(word, language) or word in lexicon.negations for word in reason):
        return False
    return lexicon.names.relatives.isdisjoint(reason) or not (asked - lexicon.fillers).isdisjoint(reason)
