"""Scores edges for a text without a language model.

Kinds of evidence are ranked and do not add up: a chosen payload, a pattern, a slot's value, a keyword, text
that was asked for, an example, and last the words of the edge's condition. Within a kind, more matched text
scores higher.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue
from rapidfuzz.distance import OSA

from flows.compiled import CompiledEdge
from flows.llm.model import TransitionRequest
from flows.llm.rules.consent import is_answer_blocked
from flows.llm.rules.keywords import (
    exact_match_length,
    fuzzy_match_length,
    is_equivalent_answer,
)
from flows.llm.rules.parsed_message import ParsedMessage, contains_negation
from flows.llm.rules.questions import count_own_words, count_shared_subjects
from flows.locales import lexicon_for, messages_for
from flows.nlu import (
    EMPTY_CONDITION_WORDS,
    WORDS_FOR_USERS,
    answer_vocabulary,
    content_words,
    cosine_similarity,
    denied_positions,
    expects_any_answer,
    expects_consent,
    expects_refusal,
    expects_willingness,
    is_small_talk,
    without_subject,
)
from flows.slots import Slot, SlotReading, accepts_any_text, extract_slot
from flows.text import find_phrase, tokenize

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
_QUOTED = re.compile(r"[\"“„']([^\"”“']{1,40})[\"”“'](?!\w)")
_LIST_SEPARATOR = re.compile(r",\s*(?:or\b)?|\bor\b", re.IGNORECASE)
_MAX_LISTED_WORDS, _MIN_SHARED_LENGTH = 3, 4
_MIN_OWN_WORDS = 3
_PRONOUNS = frozenset(("they", "them", "their"))

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
        KEYWORD_SCORE if _is_named_place(edge, message) else 0.0,
        0.0 if is_blocked else _score_label(edge, message),
    )
    if score < ASKED_SLOT_SCORE and (asked := _find_asked_slot(edge, message)):
        return EdgeScore(edge, ASKED_SLOT_SCORE, {**values, asked.name: message.free_text(asked)})
    if score:
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
    if not is_blocked and (score := _score_condition(edge, message)):
        return EdgeScore(edge, score, values)
    if free := _find_free_slot(edge, message):
        return EdgeScore(edge, FREE_TEXT_SCORE, {**values, free.name: message.free_text(free)})
    return EdgeScore(edge)


def _is_stray_number(slot: Slot, message: ParsedMessage) -> bool:
    """Return whether digits are no attempt at a code that is known already and that the text does not name."""
    if slot.kind != "pattern" or slot.name not in message.request.filled_slots:
        return False
    return not set(content_words(slot.description, message.language)) & set(message.words)


def rejected_values(chosen: EdgeScore, message: ParsedMessage) -> dict[str, str]:
    """Return why values of the message could not be read that the chosen edge takes beside those it has."""
    read = {slot.kind for slot in chosen.edge.slots if slot.name in chosen.slots}
    failed = [
        slot
        for slot in chosen.edge.slots
        if slot.name not in chosen.slots
        and slot.kind not in read  # what is another's value is no fault of this one
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
    labelled = (slot for slot in edge.slots if slot.required and slot.kind == "text" and slot.is_told_by)
    if not weight or any(readings[slot.name].value is None for slot in labelled):
        return 0.0
    has = {name for name, reading in readings.items() if reading.value is not None}.union(
        question.filled_slots
    )
    is_complete = all(slot.name in has for slot in edge.slots if slot.required)
    return SLOT_SCORE + min(weight, 40) / 2 - (0 if is_complete else 15)


def _score_label(edge: CompiledEdge, message: ParsedMessage) -> float:
    """Score several words of a menu's label, of which one is no other label's: “change my appointment”."""
    if edge.id not in message.labelled_edges:
        return 0.0
    labels = [tokenize(choice.label) for choice in message.request.node.node.choices if choice.payload == edge.id]
    empty = lexicon_for(message.language).fillers
    shared = {word for label in labels for word in label if word not in empty} & set(message.words)
    return KEYWORD_SCORE + min(sum(map(len, shared)), 40) / 2 if len(shared) > 1 else 0.0


def _named_by_others(edge: CompiledEdge, message: ParsedMessage) -> frozenset[int]:
    """Return the positions of words that are keywords of the node's other edges, and so no typo of this one's."""
    others = {
        word
        for other in message.request.node.edges
        if other.target != edge.target
        for phrase in other.keywords
        for word in phrase
    }
    return frozenset(at for at, word in enumerate(message.words) if word in others)


def _is_named_place(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether the text wishes to be connected with the place or people that the edge hands over to."""
    if not (edge.leads_to_hand_off and message.asks_to_be_connected):
        return False
    return _count_shared_words(message, message.conditions[edge.id]) > 0


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
    is_clear = edge.takes_yes and bool(message.confirmation) and message.is_clear_yes(edge)
    if is_equivalent_answer(
        edge.keywords,
        message.words,
        agreed=message.confirmation,
        language=message.language,
        is_clear=is_clear,
    ):
        return KEYWORD_SCORE
    if edge.commits and message.is_question:  # one letter is too little to end or do something
        return 0.0
    letters = fuzzy_match_length(
        edge.keywords, message.words, message.denied | _named_by_others(edge, message), message.language
    )
    return TYPO_SCORE + min(letters, 20) / 2 if letters else 0.0


def _score_examples(edge: CompiledEdge, message: ParsedMessage) -> float:
    """Score the most similar example; a negated text is not similar to an affirmative one."""
    if not message.vector or not edge.examples:
        return 0.0
    alike = (
        cosine_similarity(message.vector, vector)
        for text, vector in zip(edge.edge.examples, edge.examples.vectors, strict=True)
        if _agrees_in_denial(text, message)
    )
    best = max(alike, default=0.0)
    if message.is_real_question and (subjects := count_shared_subjects(edge, message)):
        is_weak = message.is_request or best < _MIN_SIMILARITY / 2 or _is_named_here(edge, message, subjects)
        return (EXAMPLE_SCORE if is_weak else QUESTION_SCORE - 5) + min(subjects, 5) + best * 10
    if best < _MIN_SIMILARITY and not edge.commits and count_own_words(edge, message) > 0:
        return CONDITION_SCORE + 5
    if best < _MIN_SIMILARITY or (best < _SURE_SIMILARITY and not _shares_content(edge, message)):
        return 0.0
    return EXAMPLE_SCORE + best * 20


def _is_named_here(answer: CompiledEdge, message: ParsedMessage, subjects: int) -> bool:
    """Return whether the text has a keyword of the node's own edges.

    One that the answer's own questions have does not count where they share another subject too.
    """
    texts = answer.edge.examples if subjects > 1 else ()
    asked = {word for text in texts for word in tokenize(text)}
    own = (
        [phrase for phrase in edge.keywords if not asked.issuperset(phrase)]
        for edge in message.request.node.edges
    )
    return any(
        exact_match_length(keywords, message.words, message.denied, message.language) > 2 for keywords in own
    )


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


def _agrees_in_denial(example: str, message: ParsedMessage) -> bool:
    """Return whether both deny the same, or neither denies: "now" is no "not now"."""
    if message.has_negation:
        return _denies_the_same(example, message)
    return not contains_negation(tokenize(example), message.language)


def _denies_the_same(example: str, message: ParsedMessage) -> bool:
    """Return whether an example denies what a denying text does."""
    language = message.language
    if not contains_negation(tokenize(example), language):
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
    if edge.keywords or edge.examples or edge.pattern or edge.edge.is_fallback:
        return 0.0
    if not all(map(_is_optional_text, edge.slots)):
        return 0.0
    condition, agreed = message.conditions[edge.id].replace("_", " "), message.confirmation
    is_local = any(own is edge for own in message.request.node.edges)
    if condition.strip().casefold() in _ALWAYS:
        return FREE_TEXT_SCORE - 1 if is_local and message.words else 0.0
    refuses, confirms = (
        expects_refusal(condition),
        expects_consent(condition),
    )
    is_answer = refuses or confirms or (agreed and expects_willingness(condition))
    has_value = any(map(str.isdigit, message.text))  # “no, 12346” corrects
    refuses_something = agreed is False and (
        has_value or (edge.commits and _refuses_something_else(message)) or _refuses_other_edge(edge, message)
    )
    if is_local and agreed is not None and is_answer and not refuses_something:  # a global edge has own words
        return CONDITION_SCORE + (10 if refuses or confirms else 8) if agreed is not refuses else 0.0
    is_plain_no = agreed is False and not (refuses_something or message.is_question or message.is_waiting)
    if is_local and is_plain_no and _is_only_other(edge, message):
        return CONDITION_SCORE + 8
    if confirms and not refuses and (message.has_negation or message.is_question):
        return 0.0  # whatever else it names, this is no consent
    if _is_closing(condition, message):
        return CONDITION_SCORE + 5
    if listed := _listed_length(message, condition):
        return CONDITION_SCORE + min(listed, 9)
    if shared := _count_shared_words(message, condition):
        return CONDITION_SCORE + min(shared, 9)
    return (
        FREE_TEXT_SCORE
        if is_local
        and not refuses
        and message.words
        and not message.is_question
        and expects_any_answer(condition)
        and not _is_thanks(message)
        else 0.0
    )


def _is_only_other(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether an edge is the only way out beside that of a yes before something irreversible."""
    own = [each for each in message.request.node.edges if not each.edge.is_fallback]
    others = [each for each in own if not (each.takes_yes and each.commits)]
    return len(own) == len(others) + 1 and len(others) == 1 and others[0] is edge


def _refuses_other_edge(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether a no denies what the condition of another of the node's edges names: “no breakfast”."""
    own = [each for each in message.request.node.edges if each.target != edge.target]
    denied = {
        word
        for word in content_words(message.text, message.language)
        if len(word) >= _MIN_SHARED_LENGTH and word not in answer_vocabulary(message.language).answers
    }
    if len(own) < _MIN_OWN_WORDS:
        return False
    return any(
        denied & (set(tokenize(message.conditions.get(each.id, ""))) - EMPTY_CONDITION_WORDS) for each in own
    )


def _refuses_something_else(message: ParsedMessage) -> bool:
    """Return whether a no denies a wish in words of its own (“no quiero darme de baja, sino…”)."""
    answers = answer_vocabulary(message.language).answers
    own = [word for word in content_words(message.text, message.language) if word not in answers]
    return message.refuses_wish and len(own) >= _MIN_OWN_WORDS


def condition_has_evidence(condition: str, language: str) -> bool:
    """Return whether a condition has words that a message can share, or that a yes or a no meets."""
    text = condition.replace("_", " ")
    if text.strip().casefold() in _ALWAYS or "{" in text or _QUOTED.search(text):
        return True
    expectations = (expects_refusal, expects_consent, expects_willingness, expects_any_answer)
    if any(expects(text) for expects in expectations):
        return True
    names_of_people = WORDS_FOR_USERS | _PRONOUNS
    words = content_words(text, language)
    return any(len(word) >= _MIN_SHARED_LENGTH and word not in names_of_people for word in words)


def _is_optional_text(slot: Slot) -> bool:
    return not slot.required and accepts_any_text(slot)


def _listed_length(message: ParsedMessage, condition: str) -> int:
    """Return how many letters of the text are a word or phrase that the condition quotes or lists."""
    phrases = [tokenize(text) for text in _QUOTED.findall(condition)]
    if condition.count(",") > 1:
        parts = [tokenize(part) for part in _LIST_SEPARATOR.split(condition)]
        # the first and the last part have other words of the sentence beside theirs
        phrases += [part for part in parts if 0 < len(part) <= _MAX_LISTED_WORDS]
        phrases += [part[-1:] for part in parts[:1]]
    empty = lexicon_for(message.language).fillers
    found = (
        (phrase, find_phrase(phrase, message.words)) for phrase in phrases if not empty.issuperset(phrase)
    )
    return max(
        (sum(map(len, phrase)) for phrase, at in found if at >= 0 and at not in message.denied), default=0
    )


def _is_closing(condition: str, message: ParsedMessage) -> bool:
    """Return whether the condition is about thanks or a goodbye, and the text is nothing else."""
    words = lexicon_for(message.language).clauses.closing_words
    return not words.isdisjoint(tokenize(condition)) and _is_thanks(message)


def _is_thanks(message: ParsedMessage) -> bool:
    """Return whether the text only thanks or says goodbye, which is no answer."""
    return is_small_talk(message.text, message.language) and not message.request.is_first


def _is_same_word(word: str, named: str) -> bool:
    """Return whether a word is one that is named, or a form of it, or has one letter wrong."""
    if word == named or min(len(word), len(named)) <= _STEM_LENGTH:
        return word == named
    is_form = (word.startswith(named) or named.startswith(word)) and abs(len(word) - len(named)) <= 3
    return is_form or (word[0] == named[0] and OSA.distance(word, named, score_cutoff=1) <= 1)


def _count_shared_words(message: ParsedMessage, condition: str) -> int:
    """Count the words that text and condition share: what one of them denies the other must deny too."""
    condition = without_subject(condition)
    words = tokenize(condition)
    denied = {words[at] for at in denied_positions(condition, message.language)}
    named = {word for word in content_words(condition, message.language) if len(word) >= _MIN_SHARED_LENGTH}
    named -= EMPTY_CONDITION_WORDS
    if len(content_words(message.text, message.language)) > _MIN_OWN_WORDS:
        lexicon = lexicon_for(message.language)  # in a longer text a “nothing” is not all that is said
        named -= lexicon.negations | lexicon.answers.generic | lexicon.answers.no
    return sum(
        any(
            _is_same_word(word, name) and (at in message.denied) is (name in denied)
            for at, word in enumerate(message.words)
        )
        for name in named
    )


def _find_asked_slot(edge: CompiledEdge, message: ParsedMessage) -> Slot | None:
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


def _find_free_slot(edge: CompiledEdge, message: ParsedMessage) -> Slot | None:
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
        and all(map(_is_optional_text, edge.slots))
        and not expects_refusal(message.conditions[edge.id].replace("_", " "))
        and not _is_thanks(message)
    )
