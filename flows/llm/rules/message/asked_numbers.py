"""Distinguishes the numbers of a user's text: asked for, corrected, or counting something else."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from pydantic import JsonValue

from flows.llm.rules.message.claimed_text import ClaimedText
from flows.slots import (
    Slot,
    SlotReading,
    accepts_any_text,
    extract_slot,
    find_replacement,
    numbers_of_values,
    recognize_named_numbers,
    sets_number,
    words_of_slot,
)

NUMBER_KINDS = ("integer", "number")


class AskedNumbers(ClaimedText):
    """A user's text beside several numbers that it may answer, replace or count."""

    def read_replaced_number(self, slot: Slot) -> SlotReading | None:
        """Return the number that the text puts in the place of this slot's, and of no other's."""
        values = self.request.values
        known = [values.get(name) for name in self._names_of_numbers]
        new = find_replacement(slot, values.get(slot.name), self.text_for(slot))
        if new is None or known.count(values.get(slot.name)) != 1:
            return None
        return extract_slot(replace(slot, identified_by=""), str(new), self.request.today)

    def read_counted_number(self, slot: Slot) -> SlotReading | None:
        """Return the number that counts a value of a list (“2 orchids”), where nothing else is counted."""
        if len(self._names_of_numbers) > 1:
            return None
        lists = {
            other.name: other
            for edge in self.request.available_edges
            for other in edge.slots
            if other.kind == "enum"
        }
        text = self.text_for(slot)
        counted = {count for other in lists.values() for count in numbers_of_values(slot, other, text)}
        if len(counted) != 1:
            return None
        return extract_slot(replace(slot, identified_by=""), str(counted.pop()), self.request.today)

    @cached_property
    def _names_of_numbers(self) -> frozenset[str]:
        """The names of all numbers that are asked for or may be corrected here."""
        edges = self.request.available_edges
        return frozenset(slot.name for edge in edges for slot in edge.slots if slot.kind in NUMBER_KINDS)

    def needs_noun(self, slot: Slot) -> bool:
        """Return whether another value is asked for, whose answer may have any number in it."""
        first = self.first_slot
        if first is None or first.name == slot.name or first.name in self.request.values:
            return False
        if slot.name in self.request.values:
            return not self.corrects_something
        return accepts_any_text(first)

    def is_only_known_number(self, slot: Slot) -> bool:
        """Return whether of several numbers only this one was given: “make it 3,000” can mean no other."""
        numbers = self._names_of_numbers
        others = {other.kind for edge in self.request.available_edges for other in edge.slots}
        if "pattern" in others or ("phone" in others and not sets_number(slot, self.text)):
            return False
        return numbers & self.request.values.keys() == {slot.name}

    def find_asked_number(self, name: str) -> Slot | None:
        """Return the number of this name that the node asks for, where others are told by their noun."""
        return next(
            (
                slot
                for edge in self.request.node.edges
                for slot in edge.slots
                if slot.name == name and slot.kind in NUMBER_KINDS and not slot.identified_by
            ),
            None,
        )

    def follows_number(self, asked: Slot) -> bool:
        """Return whether the question before this one was for a number too."""
        return any(
            slot.kind in NUMBER_KINDS
            and slot.name != asked.name
            and slot.question
            and slot.question in self.previous_bot_message
            for edge in self.request.available_edges
            for slot in edge.slots
        )

    def belongs_to_other_number(self, slot: Slot, value: JsonValue) -> bool:
        """Return whether a number is beside the noun of another requested number, not beside its own."""
        if value is None or slot.identified_by:
            return False
        own = recognize_named_numbers(slot, words_of_slot(slot), self.text)
        others = {
            other.name: other
            for edge in self.request.available_edges
            for other in edge.slots
            if other.kind in NUMBER_KINDS and other.name != slot.name and other.identified_by
        }
        return not own and any(
            value in recognize_named_numbers(other, words_of_slot(other), self.text)
            for other in others.values()
        )
