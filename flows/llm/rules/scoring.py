"""Scores edges for a text without a language model.

Kinds of evidence are ranked and do not add up: a chosen payload, a pattern, a slot's value, a keyword, text
that was asked for, an example, and last the words of the edge's condition. Within a kind, more matched text
scores higher.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pydantic import JsonValue

from flows.compiled import CompiledEdge
from flows.llm.model import TransitionRequest
from flows.llm.rules.keywords import (
    exact_match_length,
    expand_abbreviations,
    fuzzy_match_length,
    is_equivalent_answer,
)
from flows.locales import lexicon_for, messages_for
from flows.nlu import (
    Vector,
    answer_vocabulary,
    asks_to_wait,
    content_words,
    cosine_similarity,
    denied_positions,
    is_negation,
    is_reserved,
    is_small_talk,
    is_unreserved_yes,
    negates_other_words,
    recognize_confirmation,
    refuses_wish,
)
from flows.nlu.datetimes import complete_hour_answer
from flows.slots import MAX_VALUE_LENGTH, Slot, SlotReading, accepts_any_text, extract_slot
from flows.state import HistoryLine
from flows.text import MAX_INPUT_LENGTH, find_phrase, tokenize

PAYLOAD_SCORE, PATTERN_SCORE, SLOT_SCORE, KEYWORD_SCORE, TYPO_SCORE = 1000.0, 200.0, 120.0, 90.0, 75.0
QUESTION_SCORE = 150.0  # above most values, as who asks something has not answered yet
ASKED_SLOT_SCORE, EXAMPLE_SCORE, INVALID_SLOT_SCORE, CONDITION_SCORE, FREE_TEXT_SCORE = (
    72.0,
    50.0,
    45.0,
    25.0,
    10.0,
)
HAND_OFF_BONUS = 60.0  # whoever asks for a person gets one, whatever else the message says

_ALWAYS = ("always", "true", "default", "otherwise")
_MIN_SIMILARITY = 0.45
_SURE_SIMILARITY, _STEM_LENGTH = 0.55, 4
_YEAR = re.compile(r"(?:19|20)\d\d")
_UNAMBIGUOUS_KINDS = ("pattern", "phone", "email")
_ANY_ANSWER_CONDITION = re.compile(
    r"\b(?:user|customer|caller|client|they)\b.{0,20}"
    r"\b(?:respon\w*|repl\w*|answer\w*|greet\w*|acknowledg\w*|provid\w*|gives?|gave|given|shar\w*|tells?|told)\b",
    re.IGNORECASE | re.DOTALL,
)
_CONFIRMING_CONDITION = re.compile(r"\b(?:yes|agree|confirm|accept|correct|affirm|consent)", re.IGNORECASE)
_WILLING_CONDITION = re.compile(r"\b(?:ready|interest|positive|want)", re.IGNORECASE)
_REFUSING_CONDITION = re.compile(
    r"n't\b|\b(?:no\b|not\b|never\b|unable|fail|irrelevant|nonsense|silent|disagree|declin|refus|reject|incorrect|wrong|deny|denies|negative)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class EdgeScore:
    """Score of one edge; `error_message` says why a slot's value was rejected."""

    edge: CompiledEdge
    score: float = 0.0
    slots: Mapping[str, JsonValue] = field(default_factory=dict)
    error_message: str = ""


class ParsedMessage:
    """A user's text, analysed once for all edges."""

    def __init__(self, question: TransitionRequest) -> None:
        self.request = question
        self.last_bot_message = next(
            (line["content"] for line in reversed(question.history) if _is_bot_line(line)), ""
        )
        self.language = question.language
        text = question.text.strip()[:MAX_INPUT_LENGTH]
        self.text = complete_hour_answer(text, self.last_bot_message, question.language)
        self.words = expand_abbreviations(tokenize(self.text), self.language)
        self.is_question = self.text.endswith("?")
        self.has_content_words = not lexicon_for(self.language).fillers.issuperset(self.words)
        self.confirmation = recognize_confirmation(self.text, self.language)
        self.has_negation = _contains_negation(self.words, self.language)
        self.denied = denied_positions(self.text, self.language)
        self.expects_date = any(
            s.required and s.kind == "date" for edge in question.available_edges for s in edge.slots
        )
        measure = next((edge.examples.vectorizer for edge in question.available_edges if edge.examples), None)
        texts = zip(question.available_edges, question.conditions, strict=True)
        self.conditions = {edge.id: condition for edge, condition in texts}
        self.vector: Vector = measure.vectorize(self.text) if measure and self.has_content_words else {}
        self._readings: dict[int, SlotReading] = {}

    def is_clear_yes(self, edge: CompiledEdge) -> bool:
        """Return whether the text is a yes without a reservation, as an irreversible edge needs it."""
        known = {word for phrase in edge.keywords for word in phrase} | self._words_of_question
        return is_unreserved_yes(self.text, self.language, known)

    @cached_property
    def _words_of_question(self) -> set[str]:
        """The words of the bot's question, which say nothing new in the answer; not those of alternatives."""
        words = tokenize(self.last_bot_message)
        if lexicon_for(self.language).or_words and set(lexicon_for(self.language).or_words) & set(words):
            return set()
        return {word for word in words if not is_negation(word, self.language)}

    def denies_wish_of_other(self, edge: CompiledEdge) -> bool:
        """Return whether a “no” denies what another edge is about: “no quiero hablar con una persona”."""
        if not self.refuses_wish:
            return False
        denied = {self.words[at] for at in self.denied if at < len(self.words)}
        denied -= lexicon_for(self.language).fillers | answer_vocabulary(self.language).answers
        others = (each for each in self.request.available_edges if each is not edge)
        return any(denied.intersection(phrase) for each in others for phrase in each.keywords)

    @property
    def has_yes(self) -> bool:
        """Whether a yes is among the words."""
        return not answer_vocabulary(self.language).affirmative.isdisjoint(self.words)

    @property
    def is_reserved(self) -> bool:
        """Whether the text takes an answer back."""
        return is_reserved(self.text, self.language)

    @cached_property
    def is_waiting(self) -> bool:
        """Whether the user asks for time."""
        return asks_to_wait(self.text, self.language)

    @cached_property
    def refuses_wish(self) -> bool:
        """Whether the text denies a wish."""
        return self.has_negation and refuses_wish(self.text, self.language)

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
        reading = extract_slot(slot, self.text, self.request.today)
        return (
            SlotReading()
            if slot.kind == "pattern" and self._is_year_of_date(slot, reading.value)
            else reading
        )

    def _is_year_of_date(self, slot: Slot, value: JsonValue) -> bool:
        """Return whether the value is the year of a date that is asked for, as nothing names the slot."""
        is_year = self.expects_date and _YEAR.fullmatch(str(value)) is not None
        return is_year and not set(content_words(slot.description, self.language)) & set(self.words)

    @property
    def is_real_question(self) -> bool:
        """Return whether the text is a question without a code or an address, which are only answers."""
        if not (
            self.is_question
            or (self.words[:1] and self.words[0] in lexicon_for(self.language).question_words)
        ):
            return False
        slots = (
            slot
            for edge in self.request.available_edges
            for slot in edge.slots
            if slot.kind in _UNAMBIGUOUS_KINDS
        )
        return all(self.extract_slot(slot).value is None for slot in slots)


def _is_bot_line(line: HistoryLine) -> bool:
    return line["role"] == "assistant"


def _contains_negation(words: tuple[str, ...], language: str) -> bool:
    return any(negates_other_words(word, language) for word in words)


def score_edge(edge: CompiledEdge, message: ParsedMessage) -> EdgeScore:
    """Return the score of `edge` by its strongest kind of evidence, with the slots that were read."""
    readings = {slot.name: message.extract_slot(slot) for slot in edge.slots if not accepts_any_text(slot)}
    values: dict[str, JsonValue] = {
        name: reading.value for name, reading in readings.items() if reading.value is not None
    }
    pattern = edge.pattern.search(message.text) if edge.pattern else None
    if pattern:
        values |= {name: value for name, value in pattern.groupdict().items() if value}
    is_blocked = is_answer_blocked(edge, message)
    score = max(
        _score_payload(edge, message.request),
        PATTERN_SCORE if pattern else 0.0,
        _score_slots(edge, readings, message.request),
        0.0 if is_blocked else _score_keywords(edge, message),
        0.0 if is_blocked else _score_examples(edge, message),
    )
    if score < ASKED_SLOT_SCORE and (asked := _find_asked_slot(edge, message)):
        return EdgeScore(edge, ASKED_SLOT_SCORE, {**values, asked.name: message.text[:MAX_VALUE_LENGTH]})
    if score:
        return EdgeScore(
            edge, score + (HAND_OFF_BONUS if edge.leads_to_hand_off and score >= TYPO_SCORE else 0), values
        )
    reasons = (readings[s.name].error_message for s in edge.slots if s.required and s.name in readings)
    if reason := next(filter(None, reasons), ""):
        return EdgeScore(edge, INVALID_SLOT_SCORE, values, reason)
    if not is_blocked and (score := _score_condition(edge, message)):
        return EdgeScore(edge, score, values)
    if free := _find_free_slot(edge, message):
        return EdgeScore(edge, FREE_TEXT_SCORE, {**values, free.name: message.text[:MAX_VALUE_LENGTH]})
    return EdgeScore(edge)


def rejected_values(chosen: EdgeScore, message: ParsedMessage) -> dict[str, str]:
    """Return why values of the message could not be read that the chosen edge takes beside those it has."""
    failed = [
        slot
        for slot in chosen.edge.slots
        if slot.name not in chosen.slots
        and not accepts_any_text(slot)
        and message.extract_slot(slot).error_message
    ]
    if not failed or not chosen.slots:
        return {}
    rest = message.text
    for value in chosen.slots.values():  # what one value was read from is no fault of another
        rest = rest.replace(str(value), ";") if isinstance(value, str | int | float) else rest
    readings = {slot.name: extract_slot(slot, rest, message.request.today).error_message for slot in failed}
    return {name: reason for name, reason in readings.items() if reason}


def is_answer_blocked(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether the edge needs a yes or a no without a reservation, and the text is none.

    That is so before something irreversible, and where the node says `confirm: strict`.
    """
    if edge.takes_no and message.denies_wish_of_other(edge):
        return True
    level = message.request.node.node.confirm
    if level == "normal" or not (edge.commits or level == "strict"):
        return False
    if edge.takes_yes:
        return not message.is_clear_yes(edge)
    return edge.takes_no and _takes_no_back(edge, message)


def _takes_no_back(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether a text is no “no, that's all”: “no, that's not all”, “no wait”, “nothing works”."""
    words, language = message.words, message.language
    if message.is_waiting or message.text.endswith("?"):
        return True
    plain = tuple(word for at, word in enumerate(words) if not at or not negates_other_words(word, language))
    if plain != words and any(
        len(phrase) > 1 and find_phrase(phrase, plain) >= 0 and find_phrase(phrase, words) < 0
        for phrase in edge.keywords
    ):
        return True
    known = {word for phrase in edge.keywords for word in phrase}
    return message.confirmation is not False and not known.issuperset(content_words(message.text, language))


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


def _score_slots(
    edge: CompiledEdge, readings: Mapping[str, SlotReading], question: TransitionRequest
) -> float:
    """Score newly provided slot values; highest when all required slots are filled."""
    weight = sum(reading.weight for reading in readings.values() if reading.value is not None)
    if not weight:
        return 0.0
    has = {name for name, reading in readings.items() if reading.value is not None}.union(
        question.filled_slots
    )
    is_complete = all(slot.name in has for slot in edge.slots if slot.required)
    return SLOT_SCORE + min(weight, 40) / 2 - (0 if is_complete else 15)


def _score_keywords(edge: CompiledEdge, message: ParsedMessage) -> float:
    if not edge.keywords:
        return 0.0
    if letters := exact_match_length(
        edge.keywords, message.words, message.denied, message.language, is_first=message.request.is_first
    ):
        is_global = not any(own is edge for own in message.request.node.edges)
        return (QUESTION_SCORE if is_global and message.is_real_question else KEYWORD_SCORE) + min(
            letters, 40
        ) / 2
    if is_equivalent_answer(
        edge.keywords, message.words, agreed=message.confirmation, language=message.language
    ):
        return KEYWORD_SCORE
    letters = fuzzy_match_length(edge.keywords, message.words, message.denied, message.language)
    return TYPO_SCORE + min(letters, 20) / 2 if letters else 0.0


def _score_examples(edge: CompiledEdge, message: ParsedMessage) -> float:
    """Score the most similar example; a negated text is not similar to an affirmative one."""
    if not message.vector or not edge.examples:
        return 0.0
    alike = (
        cosine_similarity(message.vector, vector)
        for text, vector in zip(edge.edge.examples, edge.examples.vectors, strict=True)
        if not message.has_negation or _denies_the_same(text, message)
    )
    best = max(alike, default=0.0)
    if best < _MIN_SIMILARITY or (best < _SURE_SIMILARITY and not _shares_content(edge, message)):
        return 0.0
    return EXAMPLE_SCORE + best * 20


def _shares_content(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether text and examples have the beginning of a word in common that says something."""
    lexicon = lexicon_for(message.language)
    empty = lexicon.fillers | lexicon.negations | lexicon.answers.generic | lexicon.question_words
    starts = {word[:_STEM_LENGTH] for word in message.words if word not in empty}
    return any(
        word[:_STEM_LENGTH] in starts
        for text in edge.edge.examples
        for word in tokenize(text)
        if word not in empty
    )


def _denies_the_same(example: str, message: ParsedMessage) -> bool:
    """Return whether an example denies what a denying text does."""
    language = message.language
    if not _contains_negation(tokenize(example), language):
        return False
    if not message.refuses_wish:
        return True
    denied = {message.words[at] for at in message.denied if at < len(message.words)}
    words = tokenize(example)
    same = {words[at] for at in denied_positions(example, language)} & denied
    return bool(same - lexicon_for(language).fillers)


def count_shared_words(edge: CompiledEdge, message: ParsedMessage) -> int:
    """Count the words that the text shares with all that an edge says about itself."""
    fillers = lexicon_for(message.language).fillers
    texts = (message.conditions[edge.id], *edge.edge.keywords, *edge.edge.examples)
    named = {word for text in texts for word in tokenize(text)}
    return sum(word in named and word not in fillers for word in dict.fromkeys(message.words))


def _score_condition(edge: CompiledEdge, message: ParsedMessage) -> float:
    """Score the words of the condition, for an edge without other evidence."""
    if edge.keywords or edge.examples or edge.pattern or edge.slots or edge.edge.is_fallback:
        return 0.0
    condition, agreed = message.conditions[edge.id].replace("_", " "), message.confirmation
    is_local = any(own is edge for own in message.request.node.edges)
    if condition.strip().casefold() in _ALWAYS:
        return FREE_TEXT_SCORE - 1 if is_local and message.words else 0.0
    refuses, confirms = (
        bool(_REFUSING_CONDITION.search(condition)),
        bool(_CONFIRMING_CONDITION.search(condition)),
    )
    if agreed is not None and (refuses or confirms or (agreed and _WILLING_CONDITION.search(condition))):
        return CONDITION_SCORE + 10 if agreed is not refuses else 0.0
    if confirms and not refuses and (message.has_negation or message.is_question):
        return 0.0  # whatever else it names, this is no consent
    if shared := _count_shared_words(message, condition, may_deny=refuses):
        return CONDITION_SCORE + min(shared, 9)
    return (
        FREE_TEXT_SCORE
        if is_local
        and not refuses
        and message.words
        and not message.is_question
        and _ANY_ANSWER_CONDITION.search(condition)
        and not _is_thanks(message)
        else 0.0
    )


def _is_thanks(message: ParsedMessage) -> bool:
    """Return whether the text only thanks or says goodbye, which is no answer."""
    return is_small_talk(message.text, message.language) and not message.request.is_first


def _count_shared_words(message: ParsedMessage, condition: str, *, may_deny: bool) -> int:
    """Count the words that text and condition share, without negated ones unless they are allowed."""
    condition_words = set(content_words(condition, message.language))
    shared = {
        word
        for at, word in enumerate(message.words)
        if len(word) >= 4 and word in condition_words and (may_deny or at not in message.denied)
    }
    return len(shared)


def _find_asked_slot(edge: CompiledEdge, message: ParsedMessage) -> Slot | None:
    """Return the open slot that the bot has just asked for by its own question."""
    sentences = messages_for(message.request.language)
    return next(
        (
            slot
            for slot in _find_open_slots(edge, message)
            if (slot.question or sentences.missing_value.format(slot.description)) in message.last_bot_message
        ),
        None,
    )


def _find_free_slot(edge: CompiledEdge, message: ParsedMessage) -> Slot | None:
    """Return the open slot of an edge without other evidence."""
    return None if edge.keywords or edge.examples else next(iter(_find_open_slots(edge, message)), None)


def _find_open_slots(edge: CompiledEdge, message: ParsedMessage) -> list[Slot]:
    """Return the missing required slots that any statement fills; a question or a greeting fills none."""
    if message.request.is_first or message.is_question or not message.has_content_words:
        return []
    filled = message.request.filled_slots
    return [
        slot for slot in edge.slots if slot.required and slot.name not in filled and accepts_any_text(slot)
    ]
