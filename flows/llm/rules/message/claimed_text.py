"""The part of a text that a value is read from: without reports, and without the words of other values."""

from __future__ import annotations

import re
from functools import cached_property

from pydantic import JsonValue

from flows.compiled import CompiledEdge
from flows.llm.rules.message.message_text import MessageText
from flows.locales import lexicon_for
from flows.nlu import (
    AskedWords,
    content_words,
    find_phone_spans,
    is_about_past,
    mask_code,
    mask_inquiries,
    mask_other_subjects,
    mask_reports,
    mask_spans,
    stems_of,
)
from flows.slots import (
    Slot,
    extract_slot,
    is_birth_date,
    is_number_word,
    label_words,
    named_values,
    nouns_of_slot,
    stem_of_noun,
    words_of_slot,
)
from flows.text import normalize_same_length, tokenize

_WORD = re.compile(r"[^\W\d_]+")
_MIN_NAME_LENGTH = 4
_DATE_KINDS, _NUMBER_KINDS = ("date", "time"), ("integer", "number")
_TOLD_KINDS = ("enum", "integer", "number", "boolean", "date", "time")
"""Kinds of value that a story may contain; a code or a phone number is an answer wherever it stands."""
_COUNTED_KINDS = (*_DATE_KINDS, *_NUMBER_KINDS)
_CLAIMED_KINDS = ("phone", "integer", "number", "date", "time")
"""Kinds whose digits may be a part of a code."""


class ClaimedText(MessageText):
    """A user's text, and the part of it that each value may be read from."""

    def text_for(self, slot: Slot) -> str:
        """Return the text without reports, unless a report is asked for."""
        if slot.kind == "pattern":
            return self._text_for_code(slot)
        is_claimed = slot.kind in _CLAIMED_KINDS and self._code is not None
        own = mask_code(self.text, str(self._code)) if is_claimed else self.text
        if (
            slot.kind not in _TOLD_KINDS
            or self._asks_about_past
            or (slot.must_be_past and not is_birth_date(slot))
        ):
            return own
        if not (slot.must_be_past or is_about_past(words_of_slot(slot), self.language)):
            own = self._without_reports(own) if is_claimed else self._text_without_reports
        if slot.kind in _COUNTED_KINDS:
            own = mask_inquiries(own, self._asked_words)
        return self._without_names_of_values(own) if slot.kind in _DATE_KINDS else own

    @cached_property
    def _text_without_reports(self) -> str:
        return self.text if self.is_conditional else self._without_reports(self.text)

    def _without_reports(self, text: str) -> str:
        """Return the text without the clauses that report something, or are about something else."""
        return mask_other_subjects(mask_reports(text, self.language), self._asked_words)

    @cached_property
    def _asked_words(self) -> AskedWords:
        """Words of the asked slot and of the bot's last message."""
        question, lexicon = frozenset(tokenize(self.last_bot_message)), lexicon_for(self.language)
        slots = {slot.name: slot for edge in self.request.available_edges for slot in edge.slots}
        words = (words_of_slot(slot) for slot in slots.values())
        labels = (word for slot in slots.values() for word in _words_of_values(slot))
        said = frozenset(tokenize(self.previous_bot_message))
        return AskedWords(
            self.language,
            stems_of(question.union(said, labels, *words), self.language),
            is_own_verb=lexicon.subjects.addressees.isdisjoint(question),
            takes_bare=lexicon.numbers.age_words.isdisjoint(question),
        )

    def is_noun_of_number(self, slot: Slot, value: JsonValue) -> bool:
        """Return whether a value is only named by a number's noun (“passengers” for “foot passengers”)."""
        if slot.kind != "enum" or self.first_slot is None or self.first_slot.name == slot.name:
            return False
        text = self.text_for(slot)
        if not self._counted_nouns or value in named_values(slot, text):
            return False
        return extract_slot(slot, self._without_counted(text), self.request.today).value != value

    def _without_counted(self, text: str) -> str:
        nouns = self._counted_nouns
        spans = [match.span() for match in _WORD.finditer(text) if stem_of_noun(match[0].casefold()) in nouns]
        return mask_spans(text, spans)

    @cached_property
    def wants_change(self) -> bool:
        """True if the text only wants something to be changed that was told: “change”, “change the day”."""
        lexicon = lexicon_for(self.language)
        words = lexicon.speech_acts.change_words
        if words.isdisjoint(self.words) or self.has_negation or self.confirmation or self.repeats_offer:
            return False
        rest = set(content_words(self.text, self.language)) - words - lexicon.speech_acts.change_objects
        wishes = {word for phrase in lexicon.speech_acts.wishes for word in phrase.split()}
        slots = {slot.name: slot for edge in self.request.available_edges for slot in edge.slots}
        labels = frozenset[str]().union(*map(label_words, slots.values()))
        return not rest - wishes - labels - lexicon.thanks - lexicon.fillers

    @cached_property
    def counted_positions(self) -> frozenset[int]:
        """The positions of the nouns of numbers beside a number: “seven persons” asks for nobody."""
        always = lexicon_for(self.language).times.counted_noun_prefixes
        return frozenset(
            at
            for at, word in enumerate(self.words)
            if (stem_of_noun(word) in self._counted_nouns or word.startswith(always))
            and any(
                is_number_word(each, self.language)
                for each in (*self.words[max(0, at - 1) : at], *self.words[at + 1 : at + 2])
            )
        )

    @cached_property
    def _counted_nouns(self) -> frozenset[str]:
        numbers = {
            slot.name: slot
            for edge in self.request.available_edges
            for slot in edge.slots
            if slot.kind in _NUMBER_KINDS
        }
        nouns = (nouns_of_slot(slot, words_of_slot(slot)) for slot in numbers.values())
        return frozenset[str]().union(*nouns)

    def _text_for_code(self, slot: Slot) -> str:
        """Return the text without a phone number where one is asked for: its digits are no known code's."""
        asked = self.first_slot
        is_named = not label_words(slot).isdisjoint(self.words)
        if asked is None or asked.kind != "phone" or asked.name == slot.name or is_named:
            return self.text
        plain = normalize_same_length(self.text)
        return mask_spans(plain, find_phone_spans(plain, self.language, is_asked=True))

    @cached_property
    def first_slot(self) -> Slot | None:
        """The value that the node asks for first."""
        slots = self.first_edge.slots if self.first_edge else ()
        return next((slot for slot in slots if slot.required), None)

    @cached_property
    def first_edge(self) -> CompiledEdge | None:
        """The node's first edge with a value."""
        return next((edge for edge in self.request.node.edges if edge.slots), None)

    @cached_property
    def _code(self) -> JsonValue:
        """The code that the node asks for: its digits are no day and no phone number."""
        asked = self.first_slot
        if asked is None or asked.kind != "pattern":
            return None
        return extract_slot(asked, self.text, self.request.today).value

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
        """True if a past day is asked for first, so that the values beside it belong to it."""
        first = self.first_slot
        return first is not None and first.must_be_past and not is_birth_date(first)


def _words_of_values(slot: Slot) -> tuple[str, ...]:
    """Return the words of a list's values and of their other names."""
    names = (*map(str, slot.allowed_values), *(name for name, _ in slot.synonyms))
    return tokenize(" ".join(names))
