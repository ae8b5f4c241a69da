"""Whether somebody agrees, as people write it: yes, of course, no problem, absolutely not, stimmt nicht."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from flows.nlu.lexicon import is_negation
from flows.text import squeeze_repeats, tokenize

_ConfirmationSignal = Literal["yes", "no", "denied", "doubt", "nothing"]

YES_WORDS = frozenset(tokenize("yes yeah yep yup yea ja jo jup jawohl"))
NO_WORDS = frozenset(tokenize("no nope nah nein ne nee"))
"""Words that are an answer and nothing else."""

CORRECT_WORDS = frozenset(
    tokenize("right correct true ok okay fine agree agreed confirmed accept accepted")
    + tokenize("richtig korrekt wahr einverstanden stimmt passt")
)
_EMPHATIC_YES_WORDS = frozenset(
    tokenize("absolutely exactly definitely certainly sure genau klar gerne natürlich sicher")
)
_INCORRECT_WORDS = frozenset(tokenize("wrong incorrect false never falsch nie niemals"))
AFFIRMATIVE_WORDS = YES_WORDS | CORRECT_WORDS | _EMPHATIC_YES_WORDS
NEGATIVE_WORDS = NO_WORDS | _INCORRECT_WORDS
_CONFIRMATION_WORDS = AFFIRMATIVE_WORDS | NEGATIVE_WORDS

_INTENSIFIERS = frozenset(
    tokenize("quite really all so entirely totally exactly the ganz gar leider überhaupt wirklich")
)
_PHRASES_BY_SIGNAL: dict[_ConfirmationSignal, str] = {
    "yes": "no problem, no problems, no doubt, no objection, no objections, no worries, of course, go ahead, "
    "why not, sounds good, looks good, all good, all right, for sure, i don't mind, "
    "kein problem, keine frage, keine einwände, auf jeden fall, warum nicht, ohne zweifel, alles gut",
    "no": "no way, not at all, of course not, absolutely not, definitely not, certainly not, surely not, "
    "auf keinen fall, auf gar keinen fall, natürlich nicht, sicher nicht, bestimmt nicht, keinesfalls, "
    "stimmt nicht, stimmt so nicht, stimmt leider nicht, passt nicht, passt mir nicht",
    "doubt": "not sure, not so sure, not quite sure, not really sure, not certain, unsure, no idea, no clue, "
    "don't know, dont know, do not know, never mind, not yet, not now, maybe, perhaps, it depends, "
    "nicht sicher, nicht ganz sicher, nicht klar, keine ahnung, weiß nicht, weiß ich nicht, "
    "weiß es nicht, noch nicht, jetzt nicht, vielleicht, kommt darauf an",
    "nothing": "right now, right away, make sure, true or false",
}
_SIGNAL_BY_PHRASE = {
    tokenize(phrase): meaning
    for meaning, phrases in _PHRASES_BY_SIGNAL.items()
    for phrase in phrases.split(", ")
}
_MAX_PHRASE_WORDS = max(map(len, _SIGNAL_BY_PHRASE))
_MAX_SHORT_WORDS = 8
_CLAUSE_SEPARATOR = re.compile(r"[.,;:!?()\n]+")


def recognize_confirmation(text: str) -> bool | None:
    """True for a yes, False for a no; None where neither was said, or both, or it is in doubt.

    A “not” that belongs to nothing known takes a yes away, and leaves a no.
    """
    parts = [
        said
        for part in _CLAUSE_SEPARATOR.split(text)
        if (said := tuple(map(_canonical_word, tokenize(part))))
    ]
    if len(parts) == 1 and len(parts[0]) == 1 and parts[0][0] in ("y", "n", "doch"):
        return parts[0][0] != "n"
    is_sure = sum(map(len, parts)) <= _MAX_SHORT_WORDS and not text.rstrip().endswith("?")
    found = {meaning for said in parts for meaning in _find_signals(said, is_sure=is_sure)} - {"nothing"}
    if found == {"yes"}:
        return True
    return False if "no" in found and found <= {"no", "denied"} else None


def _find_signals(said: tuple[str, ...], *, is_sure: bool) -> Iterator[_ConfirmationSignal]:
    """What the words between two pauses mean. With `is_sure` also those that have other meanings."""
    at = 0
    while at < len(said):
        length, meaning = (
            _match_phrase(said, at)
            or _match_negation(said, at)
            or (1, _classify_word(said, at, is_sure=is_sure))
        )
        yield meaning
        at += length


def _match_phrase(said: tuple[str, ...], at: int) -> tuple[int, _ConfirmationSignal] | None:
    for length in range(min(_MAX_PHRASE_WORDS, len(said) - at), 0, -1):
        if meaning := _SIGNAL_BY_PHRASE.get(said[at : at + length]):
            return length, meaning
    return None


def _match_negation(said: tuple[str, ...], at: int) -> tuple[int, _ConfirmationSignal] | None:
    """`not right` is a no, `not wrong` is neither, and any other `not` is only no yes."""
    if not is_negation(said[at]) or said[at] in NEGATIVE_WORDS:
        return None
    denied = at + 1
    while denied < len(said) and said[denied] in _INTENSIFIERS:
        denied += 1
    word = said[denied] if denied < len(said) else ""
    if word in CORRECT_WORDS or word in _INCORRECT_WORDS:
        return denied + 1 - at, "no" if word in CORRECT_WORDS else "doubt"
    return 1, "denied"


def _classify_word(said: tuple[str, ...], at: int, *, is_sure: bool) -> _ConfirmationSignal:
    word = said[at]
    if word in YES_WORDS:
        return "yes"
    if word in NO_WORDS:
        is_answer = at <= 1 or at == len(said) - 1 or len(said) <= 4
        return "no" if is_answer else "nothing"
    if is_sure and word in AFFIRMATIVE_WORDS:
        return "yes"
    return "no" if is_sure and word in _INCORRECT_WORDS else "nothing"


def _canonical_word(word: str) -> str:
    return (
        word
        if word in _CONFIRMATION_WORDS
        else squeeze_repeats(word)
        if squeeze_repeats(word) in _CONFIRMATION_WORDS
        else word
    )
