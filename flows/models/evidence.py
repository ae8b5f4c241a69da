"""How strongly a text speaks for an edge, found without a language model.

The kinds of evidence stand in order and do not mix: a chosen payload, a pattern, a slot's value, a keyword,
an example, and last the words of the edge's condition. Within a kind, more matched text weighs more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue
from rapidfuzz.distance import OSA

from flows.agreement import AGREEING, REFUSING, agreement
from flows.compiled import CompiledEdge
from flows.likeness import Vector
from flows.models.port import Decide
from flows.reading import LONGEST_VALUE, Reading, read
from flows.slots import Slot
from flows.words import (
    FILLER,
    LONGEST_READ,
    content_words,
    find_phrase,
    is_negated,
    is_negation,
    squeezed,
    words,
)

PAYLOAD, PATTERN, SLOT, KEYWORD, TYPO = 1000.0, 200.0, 120.0, 90.0, 75.0
EXAMPLE, REASON, CONDITION, ANYTHING = 50.0, 45.0, 25.0, 10.0
PERSON = 60.0  # whoever asks for a person gets one, whatever else the message says

_ALIKE = 0.4
_SHORTEST_TYPO = 5
_MOST_WORDS = 60
_ANSWERS = (
    AGREEING
    | REFUSING
    | frozenset(words("nothing help question great perfect hi hello hey y n hallo nichts hilfe frage super"))
)
_ANY_ANSWER = re.compile(
    r"\b(?:user|customer|caller|client|they)\b.{0,20}"
    r"\b(?:respon\w*|repl\w*|answer\w*|greet\w*|acknowledg\w*|provid\w*|gives?|gave|given|shar\w*|tells?|told)\b",
    re.IGNORECASE | re.DOTALL,
)
_CONFIRMING = re.compile(r"\b(?:yes|agree|confirm|accept|correct|affirm|consent)", re.IGNORECASE)
_WILLING = re.compile(r"\b(?:ready|interest|positive|want)", re.IGNORECASE)
_REFUSING = re.compile(
    r"\b(?:no\b|not\b|disagree|declin|refus|reject|incorrect|wrong|deny|denies|negative)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found for one edge. A `reason` tells why a slot's value could not be read."""

    edge: CompiledEdge
    score: float = 0.0
    slots: Mapping[str, JsonValue] = field(default_factory=dict)
    reason: str = ""


class Heard:
    """A user's text, taken apart once for all the edges that are offered."""

    def __init__(self, question: Decide) -> None:
        self.question = question
        self.text = question.text.strip()[:LONGEST_READ]
        self.words = words(self.text)
        self.is_question = self.text.endswith("?")
        self.has_content = any(word not in FILLER for word in self.words)
        self.agreed = agreement(self.text)
        self.is_denial = any(map(is_negation, self.words))
        measure = next((edge.examples.measure for edge in question.offered if edge.examples), None)
        texts = zip(question.offered, question.conditions, strict=True)
        self.conditions = {edge.id: condition for edge, condition in texts}
        self.vector: Vector = measure.vector(self.text) if measure and self.has_content else {}


def weigh(edge: CompiledEdge, heard: Heard) -> Evidence:
    """What speaks for `edge`: the strongest kind decides, and what was said of its slots comes along."""
    readings = {slot.name: _read(slot, heard) for slot in edge.slots if not slot.is_free}
    found: dict[str, JsonValue] = {
        name: reading.value for name, reading in readings.items() if reading.value is not None
    }
    pattern = edge.pattern.search(heard.text) if edge.pattern else None
    if pattern:
        found |= {name: value for name, value in pattern.groupdict().items() if value}
    score = max(
        _payload(edge, heard.question),
        PATTERN if pattern else 0.0,
        _slots(edge, readings, heard.question),
        _keywords(edge, heard.words),
        _examples(edge, heard.vector),
    )
    if score:
        return Evidence(edge, score + (PERSON if edge.asks_for_person and score >= TYPO else 0), found)
    if reason := next((readings[s.name].reason for s in edge.slots if s.required and s.name in readings), ""):
        return Evidence(edge, REASON, found, reason)
    if score := _condition(edge, heard):
        return Evidence(edge, score, found)
    if free := _free_slot(edge, heard):
        return Evidence(edge, ANYTHING, {**found, free.name: heard.text[:LONGEST_VALUE]})
    return Evidence(edge)


def _read(slot: Slot, heard: Heard) -> Reading:
    chosen = next(
        (v for v in slot.values if heard.question.payload and str(v) == heard.question.payload), None
    )
    return Reading(chosen, weight=1) if chosen is not None else read(slot, heard.text, heard.question.today)


def _payload(edge: CompiledEdge, question: Decide) -> float:
    payload = question.payload
    if not payload:
        return 0.0
    is_named = edge.id == payload or words(payload) in edge.keywords
    return PAYLOAD if is_named or any(payload in map(str, slot.values) for slot in edge.slots) else 0.0


def _slots(edge: CompiledEdge, readings: Mapping[str, Reading], question: Decide) -> float:
    """Something new was said; it weighs most when with it nothing is missing that is required."""
    weight = sum(reading.weight for reading in readings.values() if reading.value is not None)
    if not weight:
        return 0.0
    has = {name for name, reading in readings.items() if reading.value is not None}.union(question.filled)
    is_complete = all(slot.name in has for slot in edge.slots if slot.required)
    return SLOT + min(weight, 40) / 2 - (0 if is_complete else 15)


def _keywords(edge: CompiledEdge, said: tuple[str, ...]) -> float:
    exact, typo = 0, 0
    for phrase in edge.keywords:
        start, length = find_phrase(phrase, said), _length(phrase)
        if start >= 0:
            exact += length if _counts(phrase, start, said) else 0
        elif length > typo and _has_typo_of(phrase, said):
            typo = length
    if exact:
        return KEYWORD + min(exact, 40) / 2
    return TYPO + min(typo, 20) / 2 if typo else 0.0


def _length(phrase: tuple[str, ...]) -> int:
    # a bare yes or no, however long the word, says less than a word of substance beside it
    return 2 if len(phrase) == 1 and phrase[0] in _ANSWERS else sum(map(len, phrase))


def _counts(phrase: tuple[str, ...], start: int, said: tuple[str, ...]) -> bool:
    # the “nothing” in the middle of a sentence is no answer
    is_stray = phrase[0] in _ANSWERS and len(phrase) == 1 and start > 1 and len(said) > 4
    return not is_stray and not is_negated(start, said)


def _has_typo_of(phrase: tuple[str, ...], said: tuple[str, ...]) -> bool:
    length = len(phrase)
    starts = range(min(len(said), _MOST_WORDS) - length + 1)
    return any(_is_typo(phrase, said[at : at + length]) and not is_negated(at, said) for at in starts)


def _is_typo(phrase: tuple[str, ...], part: tuple[str, ...]) -> bool:
    if phrase[0][0] != part[0][0]:  # the first letter is seldom wrong, and most words end here
        return False
    meant, typed = " ".join(phrase), " ".join(part)
    if len(meant) < _SHORTEST_TYPO:
        return squeezed(meant) == squeezed(typed)
    allowed = 1 if len(meant) < 8 else 2
    return OSA.distance(meant, typed, score_cutoff=allowed) <= allowed


def _examples(edge: CompiledEdge, vector: Vector) -> float:
    best = edge.examples.likeness(vector) if vector else 0.0
    return EXAMPLE + best * 20 if best >= _ALIKE else 0.0


def _condition(edge: CompiledEdge, heard: Heard) -> float:
    """The words of the condition, for an edge whose author gave nothing else to go by."""
    if edge.keywords or edge.examples or edge.pattern or edge.slots or edge.edge.is_fallback:
        return 0.0
    condition, agreed = heard.conditions[edge.id], heard.agreed
    refuses, confirms = bool(_REFUSING.search(condition)), bool(_CONFIRMING.search(condition))
    if agreed is not None and (refuses or confirms or (agreed and _WILLING.search(condition))):
        return CONDITION + 10 if agreed is not refuses else 0.0
    if confirms and not refuses and (heard.is_denial or heard.is_question):
        return 0.0  # whatever else it names, this is no consent
    if shared := _shared(heard, condition, may_deny=refuses):
        return CONDITION + min(shared, 9)
    return ANYTHING if heard.words and not heard.is_question and _ANY_ANSWER.search(condition) else 0.0


def _shared(heard: Heard, condition: str, *, may_deny: bool) -> int:
    """How many words text and condition have in common; what is denied is left out, unless it may be."""
    told, said = set(content_words(condition)), heard.words
    shared = {
        word
        for at, word in enumerate(said)
        if len(word) >= 4 and word in told and (may_deny or not is_negated(at, said))
    }
    return len(shared)


def _free_slot(edge: CompiledEdge, heard: Heard) -> Slot | None:
    """The required free-text slot that any statement fills; a question or a greeting does not."""
    if (
        heard.question.is_first
        or heard.is_question
        or not heard.has_content
        or edge.keywords
        or edge.examples
    ):
        return None
    filled = heard.question.filled
    return next(
        (slot for slot in edge.slots if slot.is_free and slot.required and slot.name not in filled), None
    )
