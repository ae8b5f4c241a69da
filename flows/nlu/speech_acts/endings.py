"""Recognizes words such as “stop” that do not ask to end: a short halt, or the denial of a cancellation."""

from __future__ import annotations

from functools import cache

from flows.locales import DEFAULT_LANGUAGE, Lexicon, lexicon_for, messages_for
from flows.nlu.clauses.negation import denied_positions, split_clauses
from flows.nlu.confirmation import negates_other_words
from flows.nlu.speech_acts.wishes import refuses_wish
from flows.text import find_phrase, tokenize

_MIN_STEM, _MAX_ENDING = 4, 2


def only_halts(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a “stop” only interrupts, as what follows has a content: “stop, that was my old number”.

    A user who gives up in what follows wants to stop: “stop, forget it”, “stop, I don't want any more”.
    """
    lexicon = lexicon_for(language)
    halting, empty = lexicon.speech_acts.halting_words, _empty_words(lexicon)
    first, *rest = split_clauses(text, language) or [()]
    while rest and empty.issuperset(first) and halting.isdisjoint(first):
        first, *rest = rest
    if halting.isdisjoint(first) or not (halting | empty).issuperset(first):
        return False
    rest = [clause for clause in rest if not (halting | empty).issuperset(clause)]
    return bool(rest) and not any(_gives_up(clause, language) for clause in rest)


def _gives_up(clause: tuple[str, ...], language: str) -> bool:
    lexicon = lexicon_for(language)
    if not lexicon.speech_acts.ending_words.isdisjoint(clause) or refuses_wish(" ".join(clause), language):
        return True
    phrases = (*messages_for(language).cancel_words, *lexicon.speech_acts.giving_up)
    return any(find_phrase(tokenize(phrase), clause) >= 0 for phrase in phrases)


def denies_cancelling(text: str, question: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text only denies the cancelling that is asked about: “no wait, don't cancel it”."""
    lexicon, words = lexicon_for(language), tokenize(text)
    found = [at for at, word in enumerate(words) if _undoes(word, lexicon)]
    is_asked = any(_undoes(word, lexicon) for word in tokenize(question))
    if not (found and is_asked) or text.rstrip().endswith("?"):
        return False
    if not denied_positions(text, language).issuperset(found):
        return False
    own = {
        word for at, word in enumerate(words) if at not in found and not negates_other_words(word, language)
    }
    return (_empty_words(lexicon) | lexicon.speech_acts.halting_words | lexicon.fillers).issuperset(own)


def _undoes(word: str, lexicon: Lexicon) -> bool:
    """Return whether a word is a form of a verb such as “cancel”."""
    return any(
        word.startswith(stem) and len(word) <= len(stem) + 2 * _MAX_ENDING for stem in _undo_stems(lexicon)
    )


@cache
def _undo_stems(lexicon: Lexicon) -> frozenset[str]:
    return frozenset(
        word[: max(_MIN_STEM, len(word) - _MAX_ENDING)] for word in lexicon.speech_acts.undo_words
    )


@cache
def _empty_words(lexicon: Lexicon) -> frozenset[str]:
    """Return the words that say nothing beside a stop or a no."""
    acts = lexicon.speech_acts
    polite = frozenset(word for phrase in (*lexicon.politeness, *acts.waiting) for word in phrase.split())
    answers = lexicon.answers.yes | lexicon.answers.no | lexicon.answers.emphatic_yes
    words = lexicon.greetings | lexicon.thanks | lexicon.correction_words | answers
    return words | polite | lexicon.clauses.particles | acts.second_thoughts
