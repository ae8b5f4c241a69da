"""Scores edges for a text without a language model.

Kinds of evidence are ranked and do not add up: a chosen payload, a pattern, a slot's value, a keyword, text
that was asked for, an example, and last the words of the edge's condition. Within a kind, more matched text
scores higher.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from pydantic import JsonValue

from flows.compiled import CompiledEdge
from flows.llm.model import TransitionRequest
from flows.llm.rules.evidence.condition_scoring import score_condition
from flows.llm.rules.evidence.consent import is_answer_blocked, is_denied_cancelling
from flows.llm.rules.evidence.open_slots import find_asked_slot, find_free_slot
from flows.llm.rules.evidence.phrase_scoring import (
    is_named_place,
    score_examples,
    score_keywords,
    score_label,
)
from flows.llm.rules.evidence.ranks import (
    ASKED_SLOT_SCORE,
    CONDITION_SCORE,
    FREE_TEXT_SCORE,
    HAND_OFF_BONUS,
    INVALID_SLOT_SCORE,
    KEYWORD_SCORE,
    PATTERN_SCORE,
    PAYLOAD_SCORE,
    SLOT_SCORE,
    TYPO_SCORE,
)
from flows.llm.rules.message.parsed_message import ParsedMessage
from flows.nlu import content_words, expects_refusal
from flows.slots import Slot, SlotReading, accepts_any_text, extract_slot
from flows.text import tokenize

_MAX_SHORT_WORDS = 6


@dataclass(frozen=True, slots=True)
class EdgeScore:
    """Score of one edge; `error_message` says why a slot's value was rejected."""

    edge: CompiledEdge
    score: float = 0.0
    slots: Mapping[str, JsonValue] = field(default_factory=dict)
    error_message: str = ""


def score_edge(edge: CompiledEdge, message: ParsedMessage) -> EdgeScore:
    """Return the score of `edge` by its strongest kind of evidence, with the slots that were read."""
    readings = {slot.name: message.extract_slot(slot) for slot in edge.slots if not accepts_any_text(slot)}
    readings = _without_shared_day(edge, readings, message)
    values: dict[str, JsonValue] = {
        name: reading.value for name, reading in readings.items() if reading.value is not None
    }
    values = _without_mentions(edge, values, message)
    if values and _only_repeats(edge, values, message):
        return EdgeScore(edge)
    pattern = edge.pattern.search(message.text) if edge.pattern else None
    if pattern:
        values |= {name: value for name, value in pattern.groupdict().items() if value}
    is_blocked = is_answer_blocked(edge, message)
    score = max(
        _score_payload(edge, message.request),
        PATTERN_SCORE if pattern else 0.0,
        _score_refusal(edge, message),
        KEYWORD_SCORE + 10 if is_denied_cancelling(edge, message) else 0.0,
        _score_slots(edge, readings, message.request),
        0.0 if is_blocked else score_keywords(edge, message),
        0.0 if is_blocked else score_examples(edge, message),
        KEYWORD_SCORE if not is_blocked and is_named_place(edge, message) else 0.0,
        0.0 if is_blocked else score_label(edge, message),
    )
    if score < ASKED_SLOT_SCORE and (asked := find_asked_slot(edge, message)):
        return EdgeScore(edge, ASKED_SLOT_SCORE, {**values, asked.name: message.free_text(asked)})
    if score >= SLOT_SCORE - 15 and message.is_name_asked and (asked := find_asked_slot(edge, message)):
        values[asked.name] = message.free_text(asked)
    if score:
        if _repeats_known_value(edge, values, message):
            score = min(score, CONDITION_SCORE)
        return EdgeScore(
            edge, score + (HAND_OFF_BONUS if edge.leads_to_hand_off and score >= TYPO_SCORE else 0), values
        )
    reasons = (
        readings[slot.name].error_message
        for slot in edge.slots
        if slot.required and slot.name in readings and not _is_stray_number(slot, message)
    )
    if reason := next(filter(None, reasons), ""):
        return EdgeScore(edge, INVALID_SLOT_SCORE, values, reason)
    if not is_blocked and edge.id in message.labelled_edges:
        return EdgeScore(edge, CONDITION_SCORE + 5, values)
    if not is_blocked and (score := score_condition(edge, message)):
        free = find_free_slot(edge, message) if score <= FREE_TEXT_SCORE else None
        return EdgeScore(edge, score, {**values, free.name: message.free_text(free)} if free else values)
    if free := find_free_slot(edge, message):
        return EdgeScore(edge, FREE_TEXT_SCORE, {**values, free.name: message.free_text(free)})
    return EdgeScore(edge)


def _without_shared_day(
    edge: CompiledEdge, readings: dict[str, SlotReading], message: ParsedMessage
) -> dict[str, SlotReading]:
    """Return the readings without a day that would change two known ones: it is unclear which is meant."""
    known = message.request.values
    days = [
        (slot.name, value)
        for slot in edge.slots
        if slot.kind == "date" and slot.name in known and (value := readings[slot.name].value) is not None
    ]
    said = [value for _, value in days]
    shared = {name for name, value in days if said.count(value) > 1}
    return {name: SlotReading() if name in shared else each for name, each in readings.items()}


def _without_mentions(
    edge: CompiledEdge, values: dict[str, JsonValue], message: ParsedMessage
) -> dict[str, JsonValue]:
    """Return the values without known ones that an answer only mentions and does not correct.

    “Three nights, so we leave on Monday” is no other day of arrival; “tomorrow at 3” is another day.
    """
    known = message.request.values
    asked = next((slot for slot in edge.slots if slot.required), None)
    if asked is None or asked.name in known or asked.name not in values:
        return values
    if message.corrects_something or message.has_negation:
        return values
    kinds = {slot.name: slot.kind for slot in edge.slots}
    is_short = not message.is_question and len(message.words) <= _MAX_SHORT_WORDS
    return {
        name: value
        for name, value in values.items()
        if known.get(name, value) == value
        or (is_short and kinds[name] == "enum")  # “medium and red please”
        or (
            is_short
            and (kinds[name], asked.kind) == ("date", "time")
            and _is_other_weekday(str(value), str(known[name]))
        )
    }


def _is_other_weekday(day: str, known: str) -> bool:
    """Return whether a day is not only the known one by its weekday (“Tuesday at 3”)."""
    return date.fromisoformat(day).weekday() != date.fromisoformat(known).weekday()


def _only_repeats(edge: CompiledEdge, values: dict[str, JsonValue], message: ParsedMessage) -> bool:
    """Return whether a yes only repeats known values: “yes, 8 December at 10:00” corrects nothing."""
    known = message.request.values
    if not message.confirmation or any(known.get(name) != value for name, value in values.items()):
        return False
    others = message.request.available_edges
    return any(each.takes_yes and each is not edge and message.is_clear_yes(each) for each in others)


def _repeats_known_value(edge: CompiledEdge, values: dict[str, JsonValue], message: ParsedMessage) -> bool:
    """Return whether an edge only takes a value again that is known, while another one is asked for."""
    known, first = message.request.values, message.first_slot
    required = next((slot.name for slot in edge.slots if slot.required), "")
    is_open = first is not None and first.name not in known and first.name != required
    return is_open and required in values and known.get(required) == values[required]


def _is_stray_number(slot: Slot, message: ParsedMessage) -> bool:
    """Return whether digits are unrelated to a code that is already known and that the text does not name."""
    if slot.kind != "pattern" or slot.name not in message.request.filled_slots:
        return False
    return not set(content_words(slot.description, message.language)) & set(message.words)


def rejected_values(chosen: EdgeScore, message: ParsedMessage) -> dict[str, str]:
    """Return why other values of the message that the chosen edge accepts could not be read."""
    read = {slot.kind for slot in chosen.edge.slots if slot.name in chosen.slots}
    failed = [
        slot
        for slot in chosen.edge.slots
        if slot.name not in chosen.slots
        and slot.kind not in read  # a value of another slot is not an error of this one
        and not accepts_any_text(slot)
        and message.extract_slot(slot).error_message
    ]
    if not failed or not chosen.slots:
        return {}
    rest = message.text
    for value in chosen.slots.values():  # words that one value was read from are not an error of another
        rest = rest.replace(str(value), ";") if isinstance(value, str | int | float) else rest
    readings = {slot.name: extract_slot(slot, rest, message.request.today).error_message for slot in failed}
    return {name: reason for name, reason in readings.items() if reason}


def _score_payload(edge: CompiledEdge, question: TransitionRequest) -> float:
    payload = question.payload
    if not payload:
        return 0.0
    is_named = edge.id == payload or tokenize(payload) in edge.keywords
    return (
        PAYLOAD_SCORE
        if is_named or any(payload in map(str, slot.allowed_values) for slot in edge.slots)
        else 0.0
    )


def _score_refusal(edge: CompiledEdge, message: ParsedMessage) -> float:
    """Score the edge that leaves an optional value out, for a user who does not want to tell it."""
    leaves_out = edge.pattern and any(slot.allowed_values == (True,) for slot in edge.slots)
    if not leaves_out or message.is_question or not message.refuses_to_tell:
        return 0.0
    return CONDITION_SCORE + 8 if expects_refusal(message.conditions[edge.id]) else 0.0


def _score_slots(
    edge: CompiledEdge, readings: Mapping[str, SlotReading], question: TransitionRequest
) -> float:
    """Score newly provided slot values; highest when all required slots are filled."""
    weight = sum(reading.weight for reading in readings.values() if reading.value is not None)
    labelled = (slot for slot in edge.slots if slot.required and slot.kind == "text" and slot.identified_by)
    if not weight or any(readings[slot.name].value is None for slot in labelled):
        return 0.0
    has = {name for name, reading in readings.items() if reading.value is not None}.union(
        question.filled_slots
    )
    is_complete = all(slot.name in has for slot in edge.slots if slot.required)
    return SLOT_SCORE + min(weight, 40) / 2 - (0 if is_complete else 15)
