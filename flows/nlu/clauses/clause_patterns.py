"""A language's phrases that bind, deny or reserve clauses, compiled once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from flows.locales import ALL_LEXICONS, Lexicon
from flows.nlu.words.patterns import one_of


@dataclass(frozen=True, slots=True, eq=False)
class ClausePatterns:
    """A language's phrases as patterns of text with a space around each word."""

    boundary: re.Pattern[str]
    reservation: re.Pattern[str]
    others: re.Pattern[str]
    waiting: re.Pattern[str]
    doubt: re.Pattern[str]
    wish: re.Pattern[str]
    statement: re.Pattern[str]
    negative_question: re.Pattern[str]
    harmless: re.Pattern[str]
    exception: re.Pattern[str]
    replacement: re.Pattern[str]
    preference: re.Pattern[str]
    condition: re.Pattern[str]
    hidden_condition: re.Pattern[str]
    request: re.Pattern[str]
    hypothetical: re.Pattern[str]
    generality: re.Pattern[str]
    indirect_question: re.Pattern[str]
    obligation: re.Pattern[str]


@cache
def clause_patterns(lexicon: Lexicon) -> ClausePatterns:
    clauses, acts = lexicon.clauses, lexicon.speech_acts

    def phrase(phrases: Iterable[str]) -> re.Pattern[str]:
        return re.compile(rf"(?<= ){one_of(phrases)}(?= )")

    return ClausePatterns(
        boundary=phrase((*clauses.reservations, *clauses.clause_starts)),
        reservation=phrase((*clauses.reservations, *acts.doubts)),
        others=phrase(clauses.others_words),
        waiting=phrase(acts.waiting),
        doubt=phrase(acts.doubts),
        wish=phrase(acts.wishes),
        statement=phrase(clauses.statements),
        negative_question=re.compile(rf" {one_of(acts.negative_questions)} "),
        condition=re.compile(rf" {one_of(clauses.conditions)} "),
        hidden_condition=re.compile(clauses.condition_pattern or r"(?!)", re.IGNORECASE),
        hypothetical=phrase(clauses.hypothetical_starts),
        generality=phrase(clauses.generalities),
        indirect_question=re.compile(
            rf"\b{one_of(clauses.indirect_questions)} "
            rf"{one_of((*lexicon.question_words, *clauses.whether_words))}\b"
        ),
        obligation=phrase(clauses.obligations),
        request=re.compile(rf"{one_of(acts.request_starts)}\b"),
        exception=re.compile(rf" {one_of(clauses.exceptions)} $"),
        replacement=re.compile(rf" {one_of(clauses.replacements)} $"),
        preference=re.compile(
            rf" {one_of(clauses.preferences)}(?: \S+){{1,5}} {one_of(clauses.than_words)}(?: \S{{1,3}})? $"
        ),
        harmless=phrase((*lexicon.answers.yes_phrases, *lexicon.answers.neutral_phrases)),
    )


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    clause_patterns(_lexicon)
