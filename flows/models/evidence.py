"""How strongly a text speaks for an edge, found without a language model.

The kinds of evidence stand in order and do not mix: a chosen payload, a pattern, a slot's value, a keyword,
an example, and last the words of the edge's condition. Within a kind, more matched text weighs more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import JsonValue
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from flows.compiled import CompiledEdge, Example
from flows.models.port import Decide
from flows.slots import NO, YES, Reading, Slot, read
from flows.words import (
    FILLER,
    content_words,
    find_phrase,
    is_negated,
    squeezed,
    trigrams,
    words,
)

PAYLOAD, PATTERN, SLOT, KEYWORD, TYPO, EXAMPLE, REASON, CONDITION, ANYTHING = (
    1000,
    200,
    120,
    90,
    75,
    50,
    45,
    25,
    10,
)
PERSON = 60  # whoever asks for a person gets one, whatever else the message says

_ALIKE = 0.62
_SHORTEST_TYPO = 5
_ANY_ANSWER = re.compile(
    r"\b(?:user|customer|caller|client|they)\b.{0,20}"
    r"\b(?:respon\w*|repl\w*|answer\w*|greet\w*|acknowledg\w*|provid\w*|gives?|gave|given|shar\w*|tells?|told)\b",
    re.IGNORECASE | re.DOTALL,
)
_AGREEING = re.compile(
    r"\b(?:yes|agree|confirm|accept|correct|ready|interested|affirm|positive|wants?)", re.IGNORECASE
)
_REFUSING = re.compile(
    r"\b(?:no\b|not\b|disagree|declin|refus|reject|incorrect|wrong|deny|denies|negative)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found for one edge. A `reason` instead of a slot's value tells why it could not be read."""

    edge: CompiledEdge
    score: float = 0
    slots: dict[str, JsonValue] = field(default_factory=dict)
    reason: str = ""


def weigh(edge: CompiledEdge, question: Decide) -> Evidence:
    """Everything that speaks for `edge`: the strongest kind decides, the slots come along."""
    readings = {
        slot.name: read(slot, question.text, question.today) for slot in edge.slots if not slot.is_free
    }
    found: dict[str, JsonValue] = {
        name: reading.value for name, reading in readings.items() if reading.value is not None
    }
    pattern = edge.pattern.search(question.text[:2_000]) if edge.pattern else None
    if pattern:
        found |= {name: value for name, value in pattern.groupdict().items() if value}
    score = max(
        _payload(edge, question),
        PATTERN if pattern else 0,
        _slots(edge, readings, question),
        _keywords(edge, words(question.text)),
        _examples(edge, question.text),
        0,
    )
    if score and edge.asks_for_person and score >= TYPO:
        score += PERSON
    reason = next((item.reason for item in readings.values() if item.reason), "")
    if not score and reason:
        return Evidence(edge, REASON, found, reason)
    if not score:
        score = _condition(edge, question)
    if not score and (free := _free_slot(edge, question)):
        return Evidence(edge, ANYTHING, {**found, free.name: question.text.strip()[:500]})
    return Evidence(edge, score, found)


def _payload(edge: CompiledEdge, question: Decide) -> float:
    payload = question.payload
    if not payload:
        return 0
    named = edge.id == payload or words(payload) in edge.keywords
    return PAYLOAD if named or any(payload in map(str, slot.values) for slot in edge.slots) else 0


def _slots(edge: CompiledEdge, readings: dict[str, Reading], question: Decide) -> float:
    """Something new was said; best when with it nothing that is required is missing."""
    weight = sum(reading.weight for reading in readings.values() if reading.value is not None)
    if not weight:
        return 0
    has = {name for name, reading in readings.items() if reading.value is not None} | question.filled
    complete = all(slot.name in has for slot in edge.slots if slot.required)
    return SLOT + min(weight, 40) / 2 - (0 if complete else 15)


def _keywords(edge: CompiledEdge, said: tuple[str, ...]) -> float:
    weight, typo = 0, 0
    for phrase in edge.keywords:
        start = find_phrase(phrase, said)
        if start >= 0 and not is_negated(start, said):
            weight += sum(map(len, phrase))
        elif start < 0 and any(_is_typo(phrase, part) for part in _parts(said, len(phrase))):
            typo = max(typo, sum(map(len, phrase)))
    if weight:
        return KEYWORD + min(weight, 40) / 2
    return TYPO + min(typo, 20) / 2 if typo else 0


def _parts(said: tuple[str, ...], length: int) -> Iterator[tuple[str, ...]]:
    for start in range(min(len(said), 200) - length + 1):
        if not is_negated(start, said):
            yield said[start : start + length]


def _is_typo(phrase: tuple[str, ...], part: tuple[str, ...]) -> bool:
    meant, typed = " ".join(phrase), " ".join(part)
    if squeezed(meant) == squeezed(typed):
        return True
    if len(meant) < _SHORTEST_TYPO or meant[0] != typed[0]:
        return False
    allowed = 1 if len(meant) < 8 else 2
    return OSA.distance(meant, typed, score_cutoff=allowed) <= allowed


def _examples(edge: CompiledEdge, text: str) -> float:
    if not edge.examples:
        return 0
    content = " ".join(content_words(text))
    if not content or all(word in FILLER for word in content.split()):
        return 0
    grams = trigrams(content)
    best = max(_likeness(content, grams, example) for example in edge.examples)
    return EXAMPLE + best * 20 if best >= _ALIKE else 0


def _likeness(content: str, grams: frozenset[str], example: Example) -> float:
    """0 to 1: half the words in common whatever their order, half the runs of three letters."""
    shared = 2 * len(grams & example.grams) / (len(grams) + len(example.grams))
    return (
        fuzz.token_sort_ratio(content, example.content) / 100
        + fuzz.token_set_ratio(content, example.content) / 100
    ) / 4 + shared / 2


def _condition(edge: CompiledEdge, question: Decide) -> float:
    """The words of the condition, for an edge that its author gave nothing else to go by."""
    if edge.keywords or edge.examples or edge.pattern or edge.slots or edge.edge.is_fallback:
        return 0
    condition = question.conditions.get(edge.id, edge.condition.source)
    said = set(words(question.text))
    if said & YES and not said & NO and _AGREEING.search(condition) and not _REFUSING.search(condition):
        return CONDITION + 10
    if said & NO and not said & YES and _REFUSING.search(condition):
        return CONDITION + 10
    shared = {word for word in content_words(question.text) if len(word) >= 4} & set(content_words(condition))
    if shared:
        return CONDITION + min(len(shared), 9)
    is_question = question.text.rstrip().endswith("?")
    return ANYTHING if said and not is_question and _ANY_ANSWER.search(condition) else 0


def _free_slot(edge: CompiledEdge, question: Decide) -> Slot | None:
    """The required free-text slot that any statement fills; a question or a greeting does not."""
    if question.is_first or question.text.rstrip().endswith("?") or edge.keywords or edge.examples:
        return None
    if all(word in FILLER for word in words(question.text)):
        return None
    return next((s for s in edge.slots if s.is_free and s.required and s.name not in question.filled), None)
