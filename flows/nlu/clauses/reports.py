"""Clauses that tell of the past or of others, or only imagine something: no value in them is an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.words.patterns import any_pattern, one_of
from flows.text import normalize, normalize_same_length, original_position, tokenize

_MAX_WORDS_TO_VERB = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Patterns:
    """A language's phrases as patterns of text with a space around each word."""

    separator: re.Pattern[str]
    past: re.Pattern[str]
    hypothesis: re.Pattern[str]
    wish: re.Pattern[str]
    others: re.Pattern[str]
    others_wish: re.Pattern[str]
    people: frozenset[str]
    """Words for others than the user, without one of which no clause is about them."""
    undo: re.Pattern[str]
    move: re.Pattern[str]
    target: re.Pattern[str]
    moves_last: bool
    """True if the verb may stand at the end, behind the new day."""


@cache
def _patterns(lexicon: Lexicon) -> _Patterns:
    clauses, acts, names = lexicon.clauses, lexicon.speech_acts, lexicon.names
    links = one_of((*lexicon.and_words, *clauses.conditions, *lexicon.dates.contrast_words))
    links = rf"(?!{one_of(lexicon.subjects.changes_of_mind)}\b){links}"
    mind = one_of((*lexicon.subjects.changes_of_mind, *lexicon.subjects.speakers))
    owners, people, verbs = one_of(names.owners), one_of(names.relatives), one_of(clauses.action_verbs)
    return _Patterns(
        separator=re.compile(rf"[.,;:!?()\n…]+(?=\s|$)|(?<=\s)(?={links}\s)"),
        past=re.compile(rf" (?:{one_of(clauses.past_phrases)}|{any_pattern(clauses.past_patterns)}) "),
        hypothesis=re.compile(rf"\b{one_of(clauses.hypotheses)}(?!\w)"),
        undo=re.compile(
            rf" {one_of(acts.undo_words)} (?:\w+ )?{owners} | {owners} (?:\w+ )+{one_of(acts.undo_words)} "
        ),
        move=re.compile(rf"\b{one_of(acts.move_words)}\b"),
        target=re.compile(rf"\b{one_of(acts.target_words)}\b(?!\s+{one_of(acts.move_words)}\b)"),
        moves_last=lexicon.forms.joins_words,
        wish=re.compile(rf" {one_of((*acts.wishes, *clauses.said_words))} "),
        others=re.compile(
            rf"^ (?:\w+ )?{owners} (?:\w+ )?{people} (?:\w+ ){{0,{_MAX_WORDS_TO_VERB - 1}}}?{verbs} "
        ),
        people=names.relatives | clauses.third_persons,
        others_wish=re.compile(
            rf"^ (?:\w+ )?(?:{owners} (?:\w+ )?{people}|{one_of(clauses.third_persons)})"
            rf" (?:\w+ )?{one_of(clauses.wish_verbs)} (?!(?:.* )?{mind} )"
        ),
    )


def mask_reports(text: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return the text of the same length without the clauses that report or imagine something.

    They tell of the past (“last time we were 5”) or of others (“my brother has 6”), ask what would be (“how
    much is it for 3?”), or give up what was booked. Another clause with a wish in it is kept.
    """
    patterns = _patterns(lexicon_for(language))
    plain = normalize_same_length(text)
    folded = normalize(plain)
    if len(folded) != len(plain) or not _is_suspicious(folded, patterns):
        return text
    ends = [match.start() for match in patterns.separator.finditer(folded)]
    imagined = [match.end() for match in patterns.hypothesis.finditer(folded)]
    for start, end in zip([0, *ends], [*ends, len(folded)], strict=True):
        is_imagined = any(start < at <= end for at in imagined)
        if is_imagined or _is_report(folded[start:end], patterns):
            plain = f"{plain[:start]};{' ' * (end - start - 1)}{plain[end:]}"
    return plain


def new_date_only(text: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return what stands behind “to” where something is moved: “from Friday to Monday”; else the text."""
    patterns = _patterns(lexicon_for(language))
    folded = normalize(text)
    move = patterns.move.search(folded)
    if not move:
        return text
    targets = [
        each
        for each in patterns.target.finditer(folded)
        if each.start() > move.start() or patterns.moves_last
    ]
    return text[original_position(text, targets[-1].start()) :] if targets else ""


def is_about_past(names: frozenset[str], language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a question with these words is about something that has happened."""
    return not lexicon_for(language).clauses.past_question_words.isdisjoint(names)


def _is_suspicious(folded: str, patterns: _Patterns) -> bool:
    spaced = f" {' '.join(tokenize(folded))} "
    is_told = (
        patterns.past.search(spaced) or patterns.hypothesis.search(folded) or patterns.undo.search(spaced)
    )
    return is_told is not None or _is_about_others(folded, patterns)


def _is_about_others(folded: str, patterns: _Patterns) -> bool:
    return not patterns.people.isdisjoint(tokenize(folded)) and any(
        patterns.others.match(spaced) or patterns.others_wish.match(spaced)
        for part in patterns.separator.split(folded)
        for spaced in (f" {' '.join(tokenize(part))} ",)
    )


def _is_report(clause: str, patterns: _Patterns) -> bool:
    spaced = f" {' '.join(tokenize(clause))} "
    if patterns.undo.search(spaced) or patterns.others_wish.match(spaced):
        return True
    is_told = patterns.past.search(spaced) or patterns.others.match(spaced)
    return is_told is not None and patterns.wish.search(spaced) is None


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    _patterns(_lexicon)
