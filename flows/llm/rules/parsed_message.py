"""A user's text with its values, analysed once for all edges."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property

from pydantic import JsonValue

from flows.compiled import CompiledEdge
from flows.llm.model import TransitionRequest
from flows.llm.rules.message_text import MessageText
from flows.locales import lexicon_for
from flows.nlu import (
    asks_back,
    asks_for_name,
    content_words,
    find_phone_spans,
    hardly_is_address,
    is_about_past,
    mask_code,
    mask_reports,
    mask_spans,
    names_something,
    read_name,
    tells_birth,
    wants_to_skip,
    without_contacts,
    without_naming,
)
from flows.nlu.datetimes import name_day_period, recognize_bare_hour
from flows.slots import (
    MAX_VALUE_LENGTH,
    Slot,
    SlotReading,
    extract_slot,
    is_birth_date,
    label_words,
    nouns_of_slot,
    numbers_of_values,
    recognize_named_numbers,
    replaced_number,
    stem_of_noun,
    without_addition,
    words_of_slot,
)
from flows.text import normalize_same_length, tokenize

_WORD = re.compile(r"[^\W\d_]+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_DATE_KINDS = ("date", "time")
_MIN_NAME_LENGTH = 4
_NUMBER_KINDS = ("integer", "number")
_TOLD_KINDS = ("enum", "integer", "number", "boolean", "date", "time")
"""Kinds of value that a story may contain; a code or a phone number is an answer wherever it stands."""
_UNAMBIGUOUS_KINDS = ("pattern", "phone", "email")
_CLAIMED_KINDS = ("phone", "integer", "number")
"""Kinds whose digits may be a part of a code."""


class ParsedMessage(MessageText):
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
            or hardly_is_address(self.text, names, self.language)
        ):
            return ""
        text = self.text[:MAX_VALUE_LENGTH]
        is_name = slot.kind == "text" and names_something(names, self.language)
        return without_naming(text, self.language) if is_name else text

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
        if slot.is_told_by and (asked := self._asked_number(slot.name)):
            return self.extract_slot(asked)
        if (slot.kind == "text" and self._labels_other(slot)) or self._names_other_day(slot):
            return SlotReading()
        if slot.kind in _NUMBER_KINDS and self.corrects_previous:
            if slot.is_told_by and slot.question and slot.question in self.previous_bot_message:
                slot = replace(slot, is_told_by="")
            elif not slot.is_told_by and self._previous_is_number(slot):
                return SlotReading()
        text = self._text_for(slot)
        if slot.kind in _NUMBER_KINDS and not slot.is_told_by and slot.name not in self.request.values:
            text = without_addition(slot, text)
        if slot.kind == "time" and slot.question and not self._asks_first_for(slot):
            is_bare = recognize_bare_hour(text, self.language) is not None
            if is_bare and text.strip().isdecimal():
                return SlotReading()
            slot = replace(slot, question="") if is_bare else slot
        reading = extract_slot(self._with_question(slot), text, self.request.today)
        if reading.error_message and slot.kind == "date" and is_birth_date(slot) and slot != self._first_slot:
            return SlotReading()  # where nobody asked for it, any other day is none
        if slot.kind == "time" and reading.error_message and self.said_before:
            named = name_day_period(text, self.said_before, self.language)
            return extract_slot(slot, named, self.request.today) if named != text else reading
        if slot.kind in _NUMBER_KINDS and slot.is_told_by:
            reading = (
                self._replaced(slot) or (self._counted(slot) if reading.value is None else None) or reading
            )
        if slot.kind in _NUMBER_KINDS and self._is_value_of_other(slot, reading.value):
            return SlotReading()
        return (
            SlotReading()
            if slot.kind == "pattern" and self._is_year_of_date(slot, reading.value)
            else reading
        )

    def _asks_first_for(self, slot: Slot) -> bool:
        """Return whether the node's first edge with a value is the slot's: a mere number may answer it."""
        first = self._first_edge
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

    def _replaced(self, slot: Slot) -> SlotReading | None:
        """Return the number that the text puts in the place of this slot's, and of no other's."""
        values = self.request.values
        known = [values.get(name) for name in self._names_of_numbers]
        new = replaced_number(slot, values.get(slot.name), self._text_for(slot))
        if new is None or known.count(values.get(slot.name)) != 1:
            return None
        return extract_slot(replace(slot, is_told_by=""), str(new), self.request.today)

    def _counted(self, slot: Slot) -> SlotReading | None:
        """Return the number that counts a value of a list (“2 orchids”), where nothing else is counted."""
        if len(self._names_of_numbers) > 1:
            return None
        lists = {
            other.name: other
            for edge in self.request.available_edges
            for other in edge.slots
            if other.kind == "enum"
        }
        text = self._text_for(slot)
        counted = {count for other in lists.values() for count in numbers_of_values(slot, other, text)}
        if len(counted) != 1:
            return None
        return extract_slot(replace(slot, is_told_by=""), str(counted.pop()), self.request.today)

    @cached_property
    def _names_of_numbers(self) -> frozenset[str]:
        """The names of all numbers that are asked for or may be corrected here."""
        edges = self.request.available_edges
        return frozenset(slot.name for edge in edges for slot in edge.slots if slot.kind in _NUMBER_KINDS)

    def _labels_other(self, slot: Slot) -> bool:
        """Return whether the text names another text's label better: “the new town” beside “the old town”."""
        labels = {
            other.name: label_words(other)
            for edge in self.request.available_edges
            for other in edge.slots
            if other.kind == "text" and other.is_told_by
        }
        own = len(labels.pop(slot.name, frozenset()) & set(self.words))
        return any(own <= len(words & set(self.words)) for words in labels.values())

    def _names_other_day(self, slot: Slot) -> bool:
        """Return whether the text is about a day of birth, which is another value: “my birthday's the 14th”."""
        if slot.kind != "date" or is_birth_date(slot):
            return False
        return tells_birth(self.text, self.language)

    def _asked_number(self, name: str) -> Slot | None:
        """Return the number of this name that the node asks for, where others are told by their noun."""
        return next(
            (
                slot
                for edge in self.request.node.edges
                for slot in edge.slots
                if slot.name == name and slot.kind in _NUMBER_KINDS and not slot.is_told_by
            ),
            None,
        )

    def _previous_is_number(self, asked: Slot) -> bool:
        """Return whether the question before this one was for a number too."""
        return any(
            slot.kind in _NUMBER_KINDS
            and slot.name != asked.name
            and slot.question
            and slot.question in self.previous_bot_message
            for edge in self.request.available_edges
            for slot in edge.slots
        )

    def _is_value_of_other(self, slot: Slot, value: JsonValue) -> bool:
        """Return whether a number stands beside the noun of another number that is asked for, not its own."""
        if value is None or slot.is_told_by:
            return False
        own = recognize_named_numbers(slot, words_of_slot(slot), self.text)
        others = {
            other.name: other
            for edge in self.request.available_edges
            for other in edge.slots
            if other.kind in _NUMBER_KINDS and other.name != slot.name and other.is_told_by
        }
        return not own and any(
            value in recognize_named_numbers(other, words_of_slot(other), self.text)
            for other in others.values()
        )

    def _text_for(self, slot: Slot) -> str:
        """Return the text without what only tells of something: not where that is what is asked for."""
        if slot.kind == "pattern":
            return self._text_for_code(slot)
        if slot.kind == "enum" and self._first_slot and self._first_slot.name != slot.name:
            return self._without_counted(mask_reports(self.text, self.language))
        own = self._text_without_code if slot.kind in (*_CLAIMED_KINDS, *_DATE_KINDS) else self.text
        if slot.kind not in _TOLD_KINDS or self._asks_about_past:
            return own
        is_past = slot.must_be_past or is_about_past(words_of_slot(slot), self.language)
        text = own if is_past else mask_reports(own, self.language)
        return self._without_names_of_values(text) if slot.kind in _DATE_KINDS else text

    def _without_counted(self, text: str) -> str:
        """Return the text of the same length without the nouns of a number: six *passengers* are no “foot passengers”."""
        nouns = self._counted_nouns
        if not nouns:
            return text
        return _WORD.sub(
            lambda match: ";" + " " * (len(match[0]) - 1) if stem_of_noun(match[0].casefold()) in nouns else match[0], text
        )

    @cached_property
    def _counted_nouns(self) -> frozenset[str]:
        numbers = {
            slot.name: slot
            for edge in self.request.available_edges
            for slot in edge.slots
            if slot.kind in _NUMBER_KINDS and slot.is_told_by
        }
        return frozenset[str]().union(
            *(
                nouns_of_slot(slot, words_of_slot(slot))
                for slot in numbers.values()
                if recognize_named_numbers(slot, words_of_slot(slot), self.text)
            )
        )

    def _text_for_code(self, slot: Slot) -> str:
        """Return the text without a phone number where one is asked for: its digits are no known code's."""
        asked = self._first_slot
        is_named = not label_words(slot).isdisjoint(self.words)
        if asked is None or asked.kind != "phone" or asked.name == slot.name or is_named:
            return self.text
        plain = normalize_same_length(self.text)
        return mask_spans(plain, find_phone_spans(plain, self.language, is_asked=True))

    @cached_property
    def _first_slot(self) -> Slot | None:
        """The value that the node asks for first."""
        return next((slot for slot in self._first_edge.slots if slot.required), None) if self._first_edge else None

    @cached_property
    def _first_edge(self) -> CompiledEdge | None:
        return next((edge for edge in self.request.node.edges if edge.slots), None)

    @cached_property
    def _text_without_code(self) -> str:
        """The text without the code that the node asks for: its digits are no day and no phone number."""
        asked = self._first_slot
        code = self.extract_slot(asked).value if asked and asked.kind == "pattern" else None
        return self.text if code is None else mask_code(self.text, str(code))

    def _without_names_of_values(self, text: str) -> str:
        """Return the text of the same length without the values of lists, which say nothing about a day."""
        pattern = self._names_of_values
        return pattern.sub(lambda match: f";{' ' * (len(match[0]) - 1)}", text) if pattern else text

    @cached_property
    def _names_of_values(self) -> re.Pattern[str] | None:
        lexicon = lexicon_for(self.language)
        known = lexicon.fillers | lexicon.clauses.value_companions | lexicon.times.vague_day_periods
        labels = {
            str(label)
            for edge in self.request.available_edges
            for slot in edge.slots
            if slot.kind == "enum"
            for label in (*slot.allowed_values, *(name for name, _ in slot.synonyms))
        }
        words = {word for label in labels for word in tokenize(label) if word.isalpha() and word not in known}
        long = [re.escape(word) for word in sorted(words) if len(word) >= _MIN_NAME_LENGTH]
        return re.compile(rf"\b(?:{'|'.join(long)})\b", re.IGNORECASE) if long else None

    @cached_property
    def _asks_about_past(self) -> bool:
        """True if a past day is among what is asked for, so that the values belong to it."""
        return any(
            slot.must_be_past and not is_birth_date(slot)
            for edge in self.request.available_edges
            for slot in edge.slots
        )

    def _is_year_of_date(self, slot: Slot, value: JsonValue) -> bool:
        """Return whether the value is the year of a date that is asked for, as nothing names the slot."""
        is_year = self.expects_date and _YEAR.fullmatch(str(value)) is not None
        return is_year and not set(content_words(slot.description, self.language)) & set(self.words)

    @property
    def is_real_question(self) -> bool:
        """Return whether the text is a question without a code or an address, which are only answers."""
        if not (self.is_question or self.begins_question):
            return False
        slots = (
            slot
            for edge in self.request.available_edges
            for slot in edge.slots
            if slot.kind in _UNAMBIGUOUS_KINDS
        )
        return all(self.extract_slot(slot).value is None for slot in slots)
