"""Recognition of a yes or a no: yes, of course, no problem, absolutely not, stimmt nicht."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from flows.locales import DEFAULT_LANGUAGE, LANGUAGES, Lexicon, lexicon_for
from flows.nlu.short_answers import read_short_answer
from flows.text import find_phrase, squeeze_repeats, tokenize

_ConfirmationSignal = Literal["yes", "no", "denied", "doubt", "nothing"]

# `tokenize` writes these words for emoji such as a thumb, in every language
_EMOJI_YES, _EMOJI_NO = "yes", "no"
_MAX_SHORT_WORDS = 8
_CLAUSE_SEPARATOR = re.compile(r"[.,;:!?()\n¿¡]+")
_QUESTION = re.compile(r"([^.,;:!?()\n¿¡]+)\?")
_MAX_TAG_WORDS = 3


@dataclass(frozen=True, slots=True, eq=False)
class AnswerVocabulary:
    """A language's words for yes and no, combined for lookup."""

    yes: frozenset[str]
    no: frozenset[str]
    correct: frozenset[str]
    incorrect: frozenset[str]
    affirmative: frozenset[str]
    negative: frozenset[str]
    answers: frozenset[str]
    negations: frozenset[str]
    negation_suffixes: tuple[str, ...]
    negating_no: frozenset[str]
    intensifiers: frozenset[str]
    modal_particles: frozenset[str]
    beside_answers: frozenset[str]
    alone: Mapping[str, bool]
    phrases: Mapping[tuple[str, ...], _ConfirmationSignal]
    max_phrase_words: int


def answer_vocabulary(language: str = DEFAULT_LANGUAGE) -> AnswerVocabulary:
    """Return the words for yes and no in a language."""
    return _VOCABULARIES.get(language) or _OTHER_VOCABULARY


def _build_vocabulary(lexicon: Lexicon) -> AnswerVocabulary:
    answers = lexicon.answers
    yes, no = answers.yes | {_EMOJI_YES}, answers.no | {_EMOJI_NO}
    by_signal: dict[_ConfirmationSignal, tuple[str, ...]] = {
        "yes": answers.yes_phrases,
        "no": answers.no_phrases,
        "doubt": answers.doubt_phrases,
        "nothing": answers.neutral_phrases,
    }
    signals = {tokenize(phrase): signal for signal, phrases in by_signal.items() for phrase in phrases}
    affirmative, negative = yes | answers.correct | answers.emphatic_yes, no | answers.incorrect
    return AnswerVocabulary(
        yes=yes,
        no=no,
        correct=answers.correct,
        incorrect=answers.incorrect,
        affirmative=affirmative,
        negative=negative,
        answers=affirmative | negative,
        negations=lexicon.negations,
        negation_suffixes=lexicon.negation_suffixes,
        negating_no=answers.negating_no,
        intensifiers=answers.intensifiers,
        modal_particles=answers.modal_particles,
        beside_answers=_words_beside_answers(lexicon) | affirmative | negative,
        alone=dict.fromkeys(answers.yes_alone, True) | dict.fromkeys(answers.no_alone, False),
        phrases=signals,
        max_phrase_words=max(map(len, signals)),
    )


def _words_beside_answers(lexicon: Lexicon) -> frozenset[str]:
    """Return the words that stand beside an answer, and say nothing of their own."""
    spaced = (*lexicon.politeness, *lexicon.and_words, *lexicon.numbers.conclusions)
    words = frozenset(word for phrase in spaced for word in tokenize(phrase))
    return words | lexicon.thanks | lexicon.greetings | lexicon.correction_words | lexicon.clauses.particles


_VOCABULARIES = {code: _build_vocabulary(lexicon_for(code)) for code in LANGUAGES}
_OTHER_VOCABULARY = _build_vocabulary(lexicon_for(""))
"""For languages without a pack."""


def recognize_confirmation(text: str, language: str = DEFAULT_LANGUAGE) -> bool | None:
    """Return True for a yes, False for a no, and None for neither, both, or doubt.

    A “not” that belongs to no known word cancels a yes, but leaves a no.
    """
    vocabulary = answer_vocabulary(language)
    if (short := read_short_answer(text, language)) is not None:
        return short
    clauses = [
        tokens for part in _CLAUSE_SEPARATOR.split(text) if (tokens := _canonical_words(part, vocabulary))
    ]
    if len(clauses) == 1 and len(clauses[0]) == 1 and clauses[0][0] in vocabulary.alone:
        return vocabulary.alone[clauses[0][0]]
    is_sure = sum(map(len, clauses)) <= _MAX_SHORT_WORDS and not text.rstrip().endswith("?")
    questions = (
        {_canonical_words(part, vocabulary) for part in _QUESTION.findall(text)} if "?" in text else set()
    )
    signals = {
        signal
        for tokens in clauses
        if not (tokens in questions and _only_asks(tokens, vocabulary))
        for signal in _find_signals(tokens, vocabulary, is_sure=is_sure)
    } - {"nothing"}
    if signals == {"yes"}:
        return True
    return False if "no" in signals and signals <= {"no", "denied"} else None


def is_not_yet(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text says that something has not happened so far, and nothing else: “not yet”.

    A user who does not know it yet (“not sure yet”) has not said so.
    """
    words, lexicon = tokenize(text), lexicon_for(language)
    if len(words) > _MAX_SHORT_WORDS or text.rstrip().endswith("?"):
        return False
    if any(find_phrase(doubt, words) >= 0 for doubt in _doubts_beside_not_yet(lexicon)):
        return False
    empty = lexicon.fillers | lexicon.answers.no
    for phrase in map(tokenize, lexicon.answers.not_yet):
        at = find_phrase(phrase, words)
        if at >= 0 and empty.issuperset((*words[:at], *words[at + len(phrase) :])):
            return True
    return False


@cache
def _doubts_beside_not_yet(lexicon: Lexicon) -> tuple[tuple[str, ...], ...]:
    """Return the phrases of doubt that are no part of a “not yet”."""
    begun = [tokenize(phrase) for phrase in lexicon.answers.not_yet]
    doubts = map(tokenize, lexicon.answers.doubt_phrases)
    return tuple(doubt for doubt in doubts if all(find_phrase(doubt, each) < 0 for each in begun))


def negates_other_words(word: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a word negates others, and is not only a no that stands for itself (“no, Saturday”)."""
    return _negates(word, answer_vocabulary(language))


def _negates(word: str, vocabulary: AnswerVocabulary) -> bool:
    if word not in vocabulary.negations and not word.endswith(vocabulary.negation_suffixes):
        return False
    return word not in vocabulary.negative or word in vocabulary.negating_no


def _find_signals(
    tokens: tuple[str, ...], vocabulary: AnswerVocabulary, *, is_sure: bool
) -> Iterator[_ConfirmationSignal]:
    """Yield the signals of one clause. With `is_sure` also words count that have other meanings."""
    at = 0
    while at < len(tokens):
        length, signal = (
            _match_phrase(tokens, at, vocabulary)
            or _match_negation(tokens, at, vocabulary)
            or (1, _classify_word(tokens, at, vocabulary, is_sure=is_sure))
        )
        yield signal
        at += length


def _match_phrase(
    tokens: tuple[str, ...], at: int, vocabulary: AnswerVocabulary
) -> tuple[int, _ConfirmationSignal] | None:
    for length in range(min(vocabulary.max_phrase_words, len(tokens) - at), 0, -1):
        if signal := vocabulary.phrases.get(tokens[at : at + length]):
            return length, signal
    return None


def _match_negation(
    tokens: tuple[str, ...], at: int, vocabulary: AnswerVocabulary
) -> tuple[int, _ConfirmationSignal] | None:
    """`not right` is a no, `not wrong` is neither, and any other `not` only cancels a yes."""
    if not _negates(tokens[at], vocabulary):
        return None
    negated = at + 1
    while negated < len(tokens) and tokens[negated] in vocabulary.intensifiers:
        negated += 1
    word = tokens[negated] if negated < len(tokens) else ""
    if word in vocabulary.correct or word in vocabulary.incorrect:
        return negated + 1 - at, "no" if word in vocabulary.correct else "doubt"
    return None if tokens[at] in vocabulary.negating_no else (1, "denied")


def _classify_word(
    tokens: tuple[str, ...], at: int, vocabulary: AnswerVocabulary, *, is_sure: bool
) -> _ConfirmationSignal:
    word = tokens[at]
    if word in vocabulary.modal_particles and _is_inside(tokens, at, vocabulary):
        return "nothing"
    if word in vocabulary.yes:
        return "yes"
    if word in vocabulary.no:
        is_answer = at <= 1 or at == len(tokens) - 1 or len(tokens) <= 4
        return "no" if is_answer else "nothing"
    if is_sure and word in vocabulary.affirmative:
        return "yes"
    return "no" if is_sure and word in vocabulary.incorrect else "nothing"


def _is_inside(tokens: tuple[str, ...], at: int, vocabulary: AnswerVocabulary) -> bool:
    """Return whether a word stands between others of a clause: “das ist ja teuer”, not “dann ja bitte”."""
    if not at or at == len(tokens) - 1:
        return False
    before = set(tokens[:at]) - vocabulary.beside_answers
    return bool(before) and tokens[at + 1] not in vocabulary.beside_answers


def _only_asks(tokens: tuple[str, ...], vocabulary: AnswerVocabulary) -> bool:
    """Return whether a question does not begin with an answer: “is there no parking at all?”."""
    is_answer = tokens[0] in vocabulary.answers and tokens[0] not in vocabulary.negating_no
    return len(tokens) > _MAX_TAG_WORDS and not is_answer


def _canonical_words(text: str, vocabulary: AnswerVocabulary) -> tuple[str, ...]:
    return tuple(_canonical_word(word, vocabulary) for word in tokenize(text))


def _canonical_word(word: str, vocabulary: AnswerVocabulary) -> str:
    """Return the word, or the answer that it is with its repeated letters removed (`yesss`)."""
    if word in vocabulary.answers:
        return word
    squeezed = squeeze_repeats(word)
    return squeezed if squeezed in vocabulary.answers else word
