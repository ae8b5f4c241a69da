"""Whether somebody agrees, as people write it: yes, of course, no problem, absolutely not, stimmt nicht."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from flows.nlu.lexicon import is_negation
from flows.text.tokens import squeezed, words

_Meaning = Literal["yes", "no", "denied", "doubt", "nothing"]

YES = frozenset(words("yes yeah yep yup yea ja jo jup jawohl"))
NO = frozenset(words("no nope nah nein ne nee"))
"""Words that are an answer and nothing else."""

RIGHT = frozenset(
    words("right correct true ok okay fine agree agreed confirmed accept accepted")
    + words("richtig korrekt wahr einverstanden stimmt passt")
)
_SURE = frozenset(words("absolutely exactly definitely certainly sure genau klar gerne natürlich sicher"))
_WRONG = frozenset(words("wrong incorrect false never falsch nie niemals"))
AGREEING = YES | RIGHT | _SURE
REFUSING = NO | _WRONG
_KNOWN = AGREEING | REFUSING

_BETWEEN = frozenset(
    words("quite really all so entirely totally exactly the ganz gar leider überhaupt wirklich")
)
_SAID: dict[_Meaning, str] = {
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
_PHRASES = {words(phrase): meaning for meaning, phrases in _SAID.items() for phrase in phrases.split(", ")}
_LONGEST_PHRASE = max(map(len, _PHRASES))
_SHORT = 8
_PAUSE = re.compile(r"[.,;:!?()\n]+")


def agreement(text: str) -> bool | None:
    """True for a yes, False for a no; None where neither was said, or both, or it is in doubt.

    A “not” that belongs to nothing known takes a yes away, and leaves a no.
    """
    parts = [said for part in _PAUSE.split(text) if (said := tuple(map(_plain, words(part))))]
    if len(parts) == 1 and len(parts[0]) == 1 and parts[0][0] in ("y", "n", "doch"):
        return parts[0][0] != "n"
    is_sure = sum(map(len, parts)) <= _SHORT and not text.rstrip().endswith("?")
    found = {meaning for said in parts for meaning in _meanings(said, is_sure=is_sure)} - {"nothing"}
    if found == {"yes"}:
        return True
    return False if "no" in found and found <= {"no", "denied"} else None


def _meanings(said: tuple[str, ...], *, is_sure: bool) -> Iterator[_Meaning]:
    """What the words between two pauses mean. With `is_sure` also those that have other meanings."""
    at = 0
    while at < len(said):
        length, meaning = _phrase(said, at) or _denial(said, at) or (1, _word(said, at, is_sure=is_sure))
        yield meaning
        at += length


def _phrase(said: tuple[str, ...], at: int) -> tuple[int, _Meaning] | None:
    for length in range(min(_LONGEST_PHRASE, len(said) - at), 0, -1):
        if meaning := _PHRASES.get(said[at : at + length]):
            return length, meaning
    return None


def _denial(said: tuple[str, ...], at: int) -> tuple[int, _Meaning] | None:
    """`not right` is a no, `not wrong` is neither, and any other `not` is only no yes."""
    if not is_negation(said[at]) or said[at] in REFUSING:
        return None
    denied = at + 1
    while denied < len(said) and said[denied] in _BETWEEN:
        denied += 1
    word = said[denied] if denied < len(said) else ""
    if word in RIGHT or word in _WRONG:
        return denied + 1 - at, "no" if word in RIGHT else "doubt"
    return 1, "denied"


def _word(said: tuple[str, ...], at: int, *, is_sure: bool) -> _Meaning:
    word = said[at]
    if word in YES:
        return "yes"
    if word in NO:
        is_answer = at <= 1 or at == len(said) - 1 or len(said) <= 4
        return "no" if is_answer else "nothing"
    if is_sure and word in AGREEING:
        return "yes"
    return "no" if is_sure and word in _WRONG else "nothing"


def _plain(word: str) -> str:
    return word if word in _KNOWN else squeezed(word) if squeezed(word) in _KNOWN else word
