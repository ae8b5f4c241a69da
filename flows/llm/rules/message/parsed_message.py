"""A user's text with its values, analysed once for all edges."""

from __future__ import annotations

import re
from dataclasses import replace

from pydantic import JsonValue

from flows.llm.model import TransitionRequest
from flows.llm.rules.message.asked_numbers import NUMBER_KINDS, AskedNumbers
from flows.llm.rules.message.known_days import follow_known_day, is_about_other_day, names_rival
from flows.llm.rules.message.paired_days import without_other_day
from flows.locales import lexicon_for
from flows.nlu import (
    asks_back,
    asks_for_any_name,
    asks_for_name,
    content_words,
    is_unlikely_address,
    is_unlikely_code,
    is_unlikely_name,
    read_name,
    says_nothing,
    states_birth,
    wants_to_skip,
    without_contacts,
    without_lead,
    without_naming,
    without_place,
)
from flows.nlu.datetimes import name_day_period, recognize_bare_hour
from flows.slots import (
    MAX_VALUE_LENGTH,
    Slot,
    SlotReading,
    denies_count,
    extract_slot,
    is_birth_date,
    label_words,
    without_addition,
    words_of_slot,
)
from flows.text import tokenize

_YEAR = re.compile(r"(?:19|20)\d\d")
_DATE_KINDS = ("date", "time")
_CORRECTABLE_KINDS = ("date", "time", "enum", "pattern", "phone", "email")
_UNAMBIGUOUS_KINDS = ("pattern", "phone", "email")


class ParsedMessage(AskedNumbers):
    """A user's text, analysed once for all edges."""

    def __init__(self, question: TransitionRequest) -> None:
        super().__init__(question)
        self._readings: dict[int, SlotReading] = {}

    def free_text(self, slot: Slot) -> str:
        """Return the message as the answer to an open question; empty when it is none."""
        names = words_of_slot(slot)
        if slot.kind == "text" and asks_for_name(names, self.language):
            return self._name()
        if (
            asks_back(self.text, self.language)
            or self.refuses_to_tell
            or wants_to_skip(self.text, self.language)
            or says_nothing(self.text, self.language)
            or is_unlikely_address(self.text, names, self.language)
            or is_unlikely_code(self.text, label_words(slot), self.language)
            or self._corrects_label(slot)
        ):
            return ""
        text = self.text[:MAX_VALUE_LENGTH]
        is_name = slot.kind == "text" and asks_for_any_name(names, self.language)
        if is_name and is_unlikely_name(without_naming(text, self.language), self.language):
            return ""
        return (
            without_naming(text, self.language)
            if is_name
            else without_lead(slot.question, without_place(text, names, self.language), self.language)
        )

    def _corrects_label(self, slot: Slot) -> bool:
        """Return whether the text says that another value is wrong: “the date is wrong”."""
        wrong = lexicon_for(self.language).answers.incorrect
        if self.confirmation is not False and wrong.isdisjoint(self.words):
            return False
        others = {
            o.name: o for edge in self.request.available_edges for o in edge.slots if o.name != slot.name
        }
        own = label_words(slot)
        named = {word for other in others.values() for word in label_words(other)}
        named |= {word for name in self.request.values for word in tokenize(name.replace("_", " "))}
        named -= own
        return not named.isdisjoint(self.words)

    def _name(self) -> str:
        """Return the name that the message is, also beside a phone number or an e-mail address."""
        if (
            asks_back(self.text, self.language)
            or self.refuses_to_tell
            or wants_to_skip(self.text, self.language)
        ):
            return ""
        return read_name(without_contacts(self.text, self.language), self.language)

    @property
    def is_name_asked(self) -> bool:
        """True if the node asks for a person's name."""
        slots = (slot for edge in self.request.node.edges for slot in edge.slots if slot.kind == "text")
        return any(asks_for_name(words_of_slot(slot), self.language) for slot in slots)

    def extract_slot(self, slot: Slot) -> SlotReading:
        """Return the reading of a slot from a chosen payload or from the text."""
        if id(slot) not in self._readings:
            self._readings[id(slot)] = self._extract_slot(slot)
        return self._readings[id(slot)]

    def _extract_slot(self, slot: Slot) -> SlotReading:
        payload = self.request.payload
        chosen = next((value for value in slot.allowed_values if payload and str(value) == payload), None)
        if chosen is not None:
            return SlotReading(chosen, weight=1)
        if slot.identified_by and (asked := self.find_asked_number(slot.name)):
            return self.extract_slot(asked)
        if slot.kind == "text" and self._labels_other(slot):
            return SlotReading()
        if self._names_other_day(slot) or names_rival(slot, self.request):
            return SlotReading()
        if slot.kind in NUMBER_KINDS and self.corrects_previous and not denies_count(slot, self.text):
            if slot.identified_by and slot.question and slot.question in self.previous_bot_message:
                slot = replace(slot, identified_by="")
            elif not slot.identified_by and self.follows_number(slot):
                return SlotReading()
        if slot.kind in NUMBER_KINDS and not slot.identified_by and self.needs_noun(slot):
            slot = replace(slot, identified_by="noun")
        if slot.identified_by == "noun" and self.is_only_known_number(slot):
            slot = replace(slot, identified_by="noun or size")
        text = self.text_for(slot)
        if slot.kind in NUMBER_KINDS and not slot.identified_by and slot.name not in self.request.values:
            text = without_addition(slot, text)
        if slot.kind == "time" and slot.question and not self._asks_first_for(slot):
            is_bare = recognize_bare_hour(text, self.language) is not None
            if is_bare and text.strip().isdecimal():
                return SlotReading()
            slot = replace(slot, question="") if is_bare else slot
        asked = self._with_question(slot)
        reading = extract_slot(asked, text, self.request.today)
        reading = follow_known_day(asked, reading, text, self.request)
        if slot.kind in _DATE_KINDS and slot.identified_by:
            reading = without_other_day(slot, reading, self.request)
        if slot.kind == "boolean" and reading.value is False and self._corrects_other(slot):
            return SlotReading()
        if reading.value is not None and self.is_noun_of_number(slot, reading.value):
            return SlotReading()
        if reading.error_message and self._is_birth_unasked(slot):
            return SlotReading()  # no other day counts
        if slot.kind == "time" and reading.error_message and self.said_before:
            named = name_day_period(text, self.said_before, self.language)
            return extract_slot(slot, named, self.request.today) if named != text else reading
        if slot.kind in NUMBER_KINDS:
            reading = self.read_replaced_number(slot) or reading
        if slot.kind in NUMBER_KINDS and reading.value is None:
            reading = self.read_counted_number(slot) or reading
        if slot.kind in NUMBER_KINDS and self.belongs_to_other_number(slot, reading.value):
            return SlotReading()
        return (
            SlotReading()
            if slot.kind == "pattern" and self._is_year_of_date(slot, reading.value)
            else reading
        )

    def _corrects_other(self, asked: Slot) -> bool:
        """Return whether a no belongs to another value that is corrected: “wait no, Tuesday it was”."""
        values = self.request.values
        return self.corrects_previous and any(
            slot.kind in _CORRECTABLE_KINDS
            and slot.name != asked.name
            and slot.name in values
            and (value := self.extract_slot(slot).value) is not None
            and value != values[slot.name]
            for edge in self.request.available_edges
            for slot in edge.slots
        )

    def _is_birth_unasked(self, slot: Slot) -> bool:
        named = lexicon_for(self.language).names.birth_words
        is_birth = slot.kind == "date" and is_birth_date(slot) and named.isdisjoint(self.words)
        return is_birth and not self._asks_first_for(slot)

    def _asks_first_for(self, slot: Slot) -> bool:
        """Return whether the node's first edge with a value is the slot's: a mere number may answer it."""
        first = self.first_edge
        return first is not None and any(own.required and own.name == slot.name for own in first.slots)

    def _with_question(self, slot: Slot) -> Slot:
        """Return a day's slot with the bot's question where its node asks for it in its own text."""
        is_asked = (
            slot.kind == "date"
            and slot.required
            and not slot.question
            and self.last_bot_message.rstrip().endswith("?")
            and any(slot is own for edge in self.request.node.edges for own in edge.slots)
        )
        return replace(slot, question=self.last_bot_message) if is_asked else slot

    def _labels_other(self, slot: Slot) -> bool:
        """Return whether the text names another text's label better: “the new town” beside “the old town”."""
        labels = {
            other.name: label_words(other)
            for edge in self.request.available_edges
            for other in edge.slots
            if other.kind == "text" and other.identified_by
        }
        own = len(labels.pop(slot.name, frozenset()) & set(self.words))
        return any(own <= len(words & set(self.words)) for words in labels.values())

    def _names_other_day(self, slot: Slot) -> bool:
        """Return whether the text tells another day: one of birth, or another known one that it corrects."""
        if slot.kind != "date" or is_birth_date(slot):
            return False
        if not slot.identified_by and is_about_other_day(slot, self.request):
            return True
        return states_birth(self.text, self.language)

    def _is_year_of_date(self, slot: Slot, value: JsonValue) -> bool:
        """Return whether the value is the year of a date that is asked for, as nothing names the slot."""
        is_year = self.expects_date and _YEAR.fullmatch(str(value)) is not None
        return is_year and not set(content_words(slot.description, self.language)) & set(self.words)

    @property
    def is_real_question(self) -> bool:
        """Return whether the text is a question; a text with a code or an address is an answer."""
        if not (self.is_question or self.begins_question):
            return False
        slots = (
            slot
            for edge in self.request.available_edges
            for slot in edge.slots
            if slot.kind in _UNAMBIGUOUS_KINDS
        )
        return all(self.extract_slot(slot).value is None for slot in slots)
