"""Open slots that any text fills: the one that was asked for, and those of an edge without other evidence."""

from __future__ import annotations

from flows.compiled import CompiledEdge
from flows.llm.rules.message.parsed_message import ParsedMessage
from flows.locales import messages_for
from flows.nlu import expects_refusal, is_small_talk
from flows.slots import Slot, accepts_any_text


def find_asked_slot(edge: CompiledEdge, message: ParsedMessage) -> Slot | None:
    """Return the open slot that the bot has just asked for by its own question."""
    sentences = messages_for(message.request.language)
    return next(
        (
            slot
            for slot in _missing_text_slots(edge, message)
            if (slot.question or sentences.missing_value.format(slot.description)) in message.last_bot_message
        ),
        None,
    )


def find_free_slot(edge: CompiledEdge, message: ParsedMessage) -> Slot | None:
    """Return the open slot of an edge without other evidence."""
    return None if edge.keywords or edge.examples else next(iter(_find_open_slots(edge, message)), None)


def _find_open_slots(edge: CompiledEdge, message: ParsedMessage) -> list[Slot]:
    """Return the missing slots that any statement fills: the required ones, or else the optional ones."""
    slots = _missing_text_slots(edge, message)
    if required := [slot for slot in slots if slot.required]:
        return required
    return slots if _takes_optional_text(edge, message) else []


def _missing_text_slots(edge: CompiledEdge, message: ParsedMessage) -> list[Slot]:
    """Return the missing slots that take any text; a question or a greeting fills none."""
    if message.request.is_first or message.is_question or not message.has_content_words:
        return []
    filled = message.request.filled_slots
    return [
        slot
        for slot in edge.slots
        if slot.name not in filled and accepts_any_text(slot) and message.free_text(slot)
    ]


def _takes_optional_text(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether any statement takes one of the node's edges that only asks for optional text."""
    is_local = any(own is edge for own in message.request.node.edges)
    return (
        is_local
        and all(map(is_optional_text, edge.slots))
        and not expects_refusal(message.conditions[edge.id].replace("_", " "))
        and not is_thanks(message)
    )


def is_optional_text(slot: Slot) -> bool:
    return not slot.required and accepts_any_text(slot)


def is_thanks(message: ParsedMessage) -> bool:
    """Return whether the text only thanks or says goodbye, which is not an answer."""
    return is_small_talk(message.text, message.language) and not message.request.is_first
