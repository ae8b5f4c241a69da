"""How strongly a text speaks for an edge, found without a language model.

The kinds of evidence stand in order and do not mix: a chosen payload, a pattern, a slot's value, a keyword,
text that was asked for, an example, and last the words of the edge's condition. Within a kind, more matched
text weighs more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from flows import locales as wording
from flows.compiled.edge import CompiledEdge
from flows.llm.model import Decide
from flows.llm.rules.keywords import exact_letters, in_full, is_same_answer, typo_letters
from flows.nlu.confirmation import REFUSING, agreement
from flows.nlu.datetimes.times import with_hour_asked
from flows.nlu.lexicon import FILLER, content_words, is_negated, is_negation
from flows.nlu.similarity import Vector, likeness
from flows.slots.extraction import LONGEST_VALUE, Reading, read
from flows.slots.list_items import is_open
from flows.slots.slot import Slot
from flows.state.dialog_state import Line
from flows.text.tokens import LONGEST_READ, words

PAYLOAD, PATTERN, SLOT, KEYWORD, TYPO = 1000.0, 200.0, 120.0, 90.0, 75.0
QUESTION = 150.0  # above most values, as who asks something has not answered yet
ASKED, EXAMPLE, REASON, CONDITION, ANYTHING = 72.0, 50.0, 45.0, 25.0, 10.0
PERSON = 60.0  # whoever asks for a person gets one, whatever else the message says

_ALIKE = 0.45
_YEAR = re.compile(r"(?:19|20)\d\d")
_UNMISTAKABLE = ("pattern", "phone", "email")
_ASKING = frozenset(
    words("are is am do does did can could may what when where which who why how wann was wie wo warum wer")
    + words("haben hat habt sind ist gibt kann konnen darf")
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
        self.asked = next((line["content"] for line in reversed(question.history) if _is_bots(line)), "")
        text = question.text.strip()[:LONGEST_READ]
        self.text = with_hour_asked(text, self.asked, question.language)
        self.words = in_full(words(self.text))
        self.is_question = self.text.endswith("?")
        self.has_content = any(word not in FILLER for word in self.words)
        self.agreed = agreement(self.text)
        self.is_denial = _denies(self.words)
        self.wants_date = any(
            s.required and s.kind == "date" for edge in question.offered for s in edge.slots
        )
        measure = next((edge.examples.measure for edge in question.offered if edge.examples), None)
        texts = zip(question.offered, question.conditions, strict=True)
        self.conditions = {edge.id: condition for edge, condition in texts}
        self.vector: Vector = measure.vector(self.text) if measure and self.has_content else {}
        self._readings: dict[int, Reading] = {}

    def read(self, slot: Slot) -> Reading:
        """What was said about a slot, by a chosen payload or in the text."""
        if id(slot) not in self._readings:
            self._readings[id(slot)] = self._read(slot)
        return self._readings[id(slot)]

    def _read(self, slot: Slot) -> Reading:
        payload = self.question.payload
        chosen = next((value for value in slot.values if payload and str(value) == payload), None)
        if chosen is not None:
            return Reading(chosen, weight=1)
        reading = read(slot, self.text, self.question.today)
        return Reading() if slot.kind == "pattern" and self._is_year(slot, reading.value) else reading

    def _is_year(self, slot: Slot, value: JsonValue) -> bool:
        """Whether it is rather the year of the date that is asked for: nobody named what `slot` is."""
        is_year = self.wants_date and _YEAR.fullmatch(str(value)) is not None
        return is_year and not set(content_words(slot.description)) & set(self.words)

    @property
    def asks_something(self) -> bool:
        """Whether it is a question, and holds nothing that is only ever an answer: a code or an address."""
        if not (self.is_question or (self.words[:1] and self.words[0] in _ASKING)):
            return False
        slots = (slot for edge in self.question.offered for slot in edge.slots if slot.kind in _UNMISTAKABLE)
        return all(self.read(slot).value is None for slot in slots)


def _is_bots(line: Line) -> bool:
    return line["role"] == "assistant"


def _denies(said: tuple[str, ...]) -> bool:
    return any(is_negation(word) and word not in REFUSING for word in said)


def weigh(edge: CompiledEdge, heard: Heard) -> Evidence:
    """What speaks for `edge`: the strongest kind decides, and what was said of its slots comes along."""
    readings = {slot.name: heard.read(slot) for slot in edge.slots if not is_open(slot)}
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
        _keywords(edge, heard),
        _examples(edge, heard),
    )
    if score < ASKED and (asked := _asked_slot(edge, heard)):
        return Evidence(edge, ASKED, {**found, asked.name: heard.text[:LONGEST_VALUE]})
    if score:
        return Evidence(edge, score + (PERSON if edge.asks_for_person and score >= TYPO else 0), found)
    if reason := next((readings[s.name].reason for s in edge.slots if s.required and s.name in readings), ""):
        return Evidence(edge, REASON, found, reason)
    if score := _condition(edge, heard):
        return Evidence(edge, score, found)
    if free := _free_slot(edge, heard):
        return Evidence(edge, ANYTHING, {**found, free.name: heard.text[:LONGEST_VALUE]})
    return Evidence(edge)


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


def _keywords(edge: CompiledEdge, heard: Heard) -> float:
    if not edge.keywords:
        return 0.0
    if letters := exact_letters(edge.keywords, heard.words, is_first=heard.question.is_first):
        is_global = not any(own is edge for own in heard.question.node.edges)
        return (QUESTION if is_global and heard.asks_something else KEYWORD) + min(letters, 40) / 2
    if is_same_answer(edge.keywords, heard.words, heard.agreed):
        return KEYWORD
    letters = typo_letters(edge.keywords, heard.words)
    return TYPO + min(letters, 20) / 2 if letters else 0.0


def _examples(edge: CompiledEdge, heard: Heard) -> float:
    """The nearest example; one that denies nothing is far from what is denied."""
    if not heard.vector or not edge.examples:
        return 0.0
    alike = (
        likeness(heard.vector, vector)
        for text, vector in zip(edge.edge.examples, edge.examples.vectors, strict=True)
        if not heard.is_denial or _denies(words(text))
    )
    best = max(alike, default=0.0)
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


def _asked_slot(edge: CompiledEdge, heard: Heard) -> Slot | None:
    """The open slot that the bot has just asked for by its own question, whatever else the edge goes by."""
    sentences = wording.of(heard.question.language)
    return next(
        (
            slot
            for slot in _open_slots(edge, heard)
            if (slot.question or sentences.still_needed.format(slot.description)) in heard.asked
        ),
        None,
    )


def _free_slot(edge: CompiledEdge, heard: Heard) -> Slot | None:
    """The open slot of an edge that goes by nothing else."""
    return None if edge.keywords or edge.examples else next(iter(_open_slots(edge, heard)), None)


def _open_slots(edge: CompiledEdge, heard: Heard) -> list[Slot]:
    """The required slots that any statement fills; a question or a greeting does not."""
    if heard.question.is_first or heard.is_question or not heard.has_content:
        return []
    filled = heard.question.filled
    return [slot for slot in edge.slots if slot.required and slot.name not in filled and is_open(slot)]
