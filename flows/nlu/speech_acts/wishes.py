"""Wishes and questions: what is asked to be done, and what is only asked about."""

from __future__ import annotations

import re

from flows.locales import DEFAULT_LANGUAGE, lexicon_for
from flows.nlu.clauses.clause_patterns import clause_patterns
from flows.nlu.clauses.negation import denies, is_negative_question, split_clauses
from flows.nlu.confirmation import answer_vocabulary
from flows.nlu.words.lexicon import imperatives
from flows.nlu.words.patterns import any_pattern
from flows.nlu.words.verbs import is_verb_with_pronouns
from flows.text import normalize, tokenize

_MAX_ENDING_WORDS = 4
_VERB_STEM, _MIN_VERB = 5, 4
_INDEFINITE_ARTICLES = frozenset(("a", "an", "ein", "eine", "un", "una"))


def refuses_wish(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a clause of the text denies a wish."""
    for clause in split_clauses(text, language):
        if any(denies(word, language) for word in clause):
            spaced, patterns = f" {' '.join(clause)} ", clause_patterns(lexicon_for(language))
            if patterns.wish.search(spaced) or not patterns.statement.search(spaced):
                return not is_negative_question(clause, patterns, language)
    return False


def has_wish(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text wishes or asks for something to be done."""
    spaced = f" {' '.join(tokenize(text))} "
    return clause_patterns(lexicon_for(language)).wish.search(spaced) is not None or is_request(
        text, language
    )


def states_fact(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text has a verb of a statement or a question: “the pizza was cold”."""
    lexicon, words = lexicon_for(language), tokenize(text)
    return (
        not lexicon.question_words.isdisjoint(words)
        or clause_patterns(lexicon).statement.search(f" {' '.join(words)} ") is not None
    )


def is_request(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a question asks for something to be done or given (“could I have”)."""
    return clause_patterns(lexicon_for(language)).request.match(" ".join(tokenize(text))) is not None


def asks_about_action(text: str, language: str = DEFAULT_LANGUAGE, *, is_question: bool) -> bool:
    """Return whether a text is about what might be done: “if I cancel …”, “can I cancel any time?”."""
    lexicon, spaced = lexicon_for(language), f" {' '.join(tokenize(text))} "
    if clause_patterns(lexicon).hypothetical.search(spaced):
        return True
    if not is_question:
        return False
    return not is_request(text, language) or clause_patterns(lexicon).generality.search(spaced) is not None


def asks_indirectly(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text says what its writer wants to know: “I'd like to know how long it takes”."""
    return (
        clause_patterns(lexicon_for(language)).indirect_question.search(" ".join(tokenize(text))) is not None
    )


def mentions_ending(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether “stop” and the like only stand inside of a statement: “I got a bus stop text”.

    A user with that wish says so, begins a clause with the word, or says little else.
    """
    lexicon, found = lexicon_for(language), False
    opening = (
        lexicon.fillers | lexicon.correction_words | lexicon.greetings | answer_vocabulary(language).answers
    )
    opening |= lexicon.clauses.consent_companions | lexicon.clauses.particles
    for clause in split_clauses(text, language):
        at = next((at for at, word in enumerate(clause) if word in lexicon.speech_acts.ending_words), -1)
        if at < 0:
            continue
        found, spaced = True, f" {' '.join(clause)} "
        is_wish = clause_patterns(lexicon).wish.search(spaced) or clause_patterns(lexicon).obligation.search(
            spaced
        )
        is_short = len(clause) <= _MAX_ENDING_WORDS or (lexicon.forms.joins_words and at == len(clause) - 1)
        if is_wish or is_short or is_request(" ".join(clause), language) or opening.issuperset(clause[:at]):
            return False
    return found


def repeats_offer(words: tuple[str, ...], question: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether words have the verb of what a question offers: “book it” to “Shall I book?”."""
    lexicon = lexicon_for(language)
    found = re.finditer(any_pattern(lexicon.speech_acts.offer_patterns), normalize(question))
    offered = [match[match.lastindex] for match in found if match.lastindex]
    stems = {verb[:_VERB_STEM] for verb in offered if verb} | {
        form[:_VERB_STEM]
        for verb in offered
        for form in imperatives(verb, language)
        if len(form) >= _MIN_VERB
    }
    return any(
        word[:_VERB_STEM] in stems or is_verb_with_pronouns(word, offered, lexicon)
        for before, word in zip(("", *words), words, strict=False)
        if len(word) >= _MIN_VERB and before not in _INDEFINITE_ARTICLES  # “I read a book”
    )
