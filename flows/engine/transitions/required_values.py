"""Values that an edge needs before it may be followed, and the question for one that is missing."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from flows.compiled import CompiledEdge, CompiledNode
from flows.document.flow import CompletionCriterion
from flows.engine.selection import Question, SlotValues
from flows.engine.turn_context import TurnContext
from flows.llm import TransitionDecision
from flows.slots import Slot, is_message_slot, read_message_slot, validate_slot_value

_EMPTY_VALUES: tuple[JsonValue, ...] = (None, "", [], {})


def extract_slots(
    context: TurnContext, edge: CompiledEdge, decision: TransitionDecision
) -> tuple[dict[str, JsonValue], Question | None]:
    """Return the valid values of the edge's slots, and the question for a required one that is missing."""
    values: dict[str, JsonValue] = {}
    if not (edge.slots or edge.inferred_slots):
        return values, None
    errors: dict[str, str] = dict(decision.rejected)
    for slot in (*edge.slots, *edge.inferred_slots):
        value = decision.slots.get(slot.name)
        # a model must not invent a location; a card answers only what is asked
        if is_message_slot(slot) or (value is None and slot.required):
            value = read_message_slot(slot, context.message)
        if value is None and slot.required and len(slot.allowed_values) == 1:
            value = slot.allowed_values[0]  # models omit a value that has only one alternative
        reading = validate_slot_value(slot, value, context.today)
        if reading.value is not None:
            values[slot.name] = reading.value
            errors.pop(slot.name, None)
        elif reading.error_message:
            errors[slot.name] = reading.error_message
    # a correction that is invalid is asked for again, although the slot has an older value
    filled = {*context.state.filled, *values} - set(errors)
    missing = next((slot for slot in edge.slots if slot.required and slot.name not in filled), None)
    if missing is None:
        return values, None
    return values, Question(missing, values, errors.get(missing.name, ""))


def missing_value_question(context: TurnContext, edge: CompiledEdge, slots: SlotValues) -> Question | None:
    """Return the question to ask before an edge may be followed that the user was not asked about."""
    missing = _first_missing_slot(edge, _known_values(context, slots))
    return Question(missing, slots) if missing else criterion_question(context, edge, slots)


def _first_missing_slot(edge: CompiledEdge, known: SlotValues) -> Slot | None:
    return next((s for s in edge.slots if s.required and known.get(s.name) in _EMPTY_VALUES), None)


def criterion_question(context: TurnContext, edge: CompiledEdge, slots: SlotValues) -> Question | None:
    """Return the question for an unmet completion criterion of the node; a second attempt may skip it."""
    node = context.node
    if not node.node.completion_criteria:
        return None
    is_exempt = edge.edge.is_fallback or edge.leads_to_hand_off or edge.target == node.id
    if is_exempt or edge not in node.edges:
        return None
    missing = _first_unmet_criterion(node, _known_values(context, slots))
    if missing is None or (node.node.allow_skip and context.state.insisted):
        return None
    return Question(missing, slots)


def _first_unmet_criterion(node: CompiledNode, known: SlotValues) -> CompletionCriterion | None:
    required = (each for each in node.node.completion_criteria or () if each.required)
    return next((each for each in required if known.get(each.key) in _EMPTY_VALUES), None)


def _known_values(context: TurnContext, slots: SlotValues) -> Mapping[str, JsonValue]:
    """Return what the caller, the user and the actions have provided, with `slots` not stored yet."""
    state = context.state
    return {**state.variables, **state.slots, **slots, **state.results}
