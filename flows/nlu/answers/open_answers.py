"""Reads the answer to an open question; a question, a wait or small talk is not one."""

from __future__ import annotations

import re
from functools import cache

from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.answers.reservations import asks_to_wait
from flows.nlu.clauses.negation import split_clauses
from flows.nlu.short_answers import is_ignorant, is_indifferent
from flows.nlu.words.lexicon import is_greeting
from flows.nlu.words.patterns import any_pattern, one_of
from flows.text import normalize, original_position, tokenize

_MAX_LED_WORDS, _MAX_REMARK_WORDS, _MAX_WORDS_OF_LED_QUESTION = 6, 8, 5
_MAX_CODE_WORDS = 3
_WHICH = ("which", "what", "welche", "que", "cual")


def is_unlikely_address(text: str, names: frozenset[str], language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether an answer to a question for an address is a statement: “you've been here before”."""
    lists = lexicon_for(language).names
    if (lists.address_words | lists.place_words).isdisjoint(names) or any(map(str.isdigit, text)):
        return False
    text = without_place(text, names, language)
    if is_ignorant(text, language) or is_indifferent(text, language):
        return True
    return not lists.no_address_words.isdisjoint(tokenize(text))


def is_unlikely_code(text: str, labels: frozenset[str], language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether an answer to a question for a code is a statement: “a rental, don't have it yet”."""
    lexicon = lexicon_for(language)
    codes, joins = lexicon.names.code_words, lexicon.forms.joins_words
    if any(map(str.isdigit, text)) or not any(
        label in codes or (joins and label.endswith(tuple(codes))) for label in labels
    ):
        return False
    return len(tokenize(text)) > _MAX_CODE_WORDS or is_ignorant(text, language)


def without_place(text: str, names: frozenset[str], language: str = DEFAULT_LANGUAGE) -> str:
    """Return the town that a text names: “Ulm” of “I live in Ulm”; the text where no town is asked for."""
    lexicon = lexicon_for(language)
    if lexicon.names.place_words.isdisjoint(names):
        return text
    match = _place_pattern(lexicon).match(normalize(text))
    return text[original_position(text, match.end()) :].strip() if match else text


@cache
def _place_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"{one_of(lexicon.names.place_introductions)}\s+(?=\w)")


def asks_back(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text is a question, also one without its mark, or asks for time."""
    words, lexicon = tokenize(text), lexicon_for(language)
    begins_question = words[:1] and words[0] in lexicon.question_words
    if (
        begins_question
        and not text.rstrip().endswith("?")
        and _statement_pattern(lexicon).match(" ".join((*words, "")))
    ):
        begins_question = False
    begins_question = begins_question or (
        len(words) <= _MAX_WORDS_OF_LED_QUESTION
        and words[:1]
        and words[0] in lexicon.fillers
        and not lexicon.question_words.isdisjoint(words[1:2])
        and words[1] not in lexicon.fillers
    )
    continues = {*lexicon.fillers, *lexicon.question_words}.intersection(words[1:3])
    return (
        text.rstrip().endswith("?")
        or bool(begins_question and continues)
        or asks_to_wait(text, language)
        or _is_remark(text, language)
    )


def says_nothing(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text only greets, or says that its writer does not know, is not sure, or errs."""
    if is_indifferent(text, language) or is_greeting(text, language):
        return True
    lexicon = lexicon_for(language)
    spaced = f" {' '.join(tokenize(text))} "
    rest = _unsure_pattern(lexicon).sub(" ", spaced)
    empty = lexicon.fillers | lexicon.stop_words | lexicon.clauses.particles | lexicon.correction_words
    return rest != spaced and empty.issuperset(rest.split())


@cache
def _unsure_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    mistakes = lexicon.speech_acts.mistakes
    phrases = (
        *mistakes,
        *lexicon.short_answers.ignorance,
        *lexicon.answers.doubt_phrases,
        *lexicon.speech_acts.doubts,
    )
    return re.compile(rf"(?<= ){one_of(phrases)}(?= )")


@cache
def _statement_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(any_pattern(lexicon.clauses.statement_patterns))


def _is_remark(text: str, language: str) -> bool:
    """Return whether a text announces a question (“one question”) or remarks on what was asked."""
    lexicon = lexicon_for(language)
    words = lexicon.speech_acts
    empty = lexicon.fillers | lexicon.stop_words | words.question_nouns | words.announcing_words
    clauses = split_clauses(text, language)
    is_announced = (
        bool(clauses) and empty.issuperset(clauses[0]) and not words.question_nouns.isdisjoint(clauses[0])
    )
    is_short = sum(map(len, clauses)) <= _MAX_REMARK_WORDS
    return is_announced or (
        is_short and any(_remark_pattern(lexicon).match(" ".join(clause)) for clause in clauses)
    )


@cache
def _remark_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"{one_of(lexicon.speech_acts.remark_starts)}\b")


def without_lead(question: str, text: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return a short answer without the preposition of its question: “in Bonn” to “In which town?”."""
    asked, words = tokenize(question), tokenize(text)
    if len(asked) < 2 or not 1 < len(words) <= _MAX_LED_WORDS or asked[0] != words[0]:
        return text
    lexicon = lexicon_for(language)
    is_lead = asked[0] in lexicon.fillers | lexicon.stop_words and asked[1].startswith(_WHICH)
    return text[len(asked[0]) :].lstrip() if is_lead and normalize(text).startswith(f"{asked[0]} ") else text


for _lexicon in ALL_LEXICONS:  # at import, or a worker that forks per job compiles them in each
    _unsure_pattern(_lexicon)
    _statement_pattern(_lexicon)
    _remark_pattern(_lexicon)
    _place_pattern(_lexicon)
