"""Evidence of the last rank: the words of an edge's condition."""

from __future__ import annotations

import re

from rapidfuzz.distance import OSA

from flows.compiled import CompiledEdge
from flows.llm.rules.evidence.open_slots import is_optional_text, is_thanks
from flows.llm.rules.evidence.ranks import CONDITION_SCORE, FREE_TEXT_SCORE
from flows.llm.rules.message.parsed_message import ParsedMessage
from flows.locales import lexicon_for
from flows.nlu import (
    EMPTY_CONDITION_WORDS,
    WORDS_FOR_USERS,
    answer_vocabulary,
    content_words,
    denied_positions,
    expects_any_answer,
    expects_consent,
    expects_ignorance,
    expects_refusal,
    expects_willingness,
    has_wish,
    is_negation,
    mask_doubts,
    names_person,
    recognize_confirmation,
    without_subject,
)
from flows.text import find_phrase, tokenize

_ALWAYS = ("always", "true", "default", "otherwise")
_QUOTED = re.compile(r"[\"“„']([^\"”“']{1,40})[\"”“'](?!\w)")
_LIST_SEPARATOR = re.compile(r",\s*(?:or\b)?|\bor\b", re.IGNORECASE)
_MAX_LISTED_WORDS, _MIN_SHARED_LENGTH, _STEM_LENGTH = 3, 4, 4
_MIN_OWN_WORDS = 3
_CLAUSE_SEPARATOR = re.compile(r"[.,;!?]+(?=\s|$)")
_INFLECTIONS = ("s", "es", "ed", "ing", "e", "en", "n")
_PRONOUNS = frozenset(("they", "them", "their"))


def score_condition(edge: CompiledEdge, message: ParsedMessage) -> float:
    """Score the words of the condition, for an edge without other evidence."""
    if edge.keywords or edge.examples or edge.pattern or edge.edge.is_fallback:
        return 0.0
    if not all(map(is_optional_text, edge.slots)):
        return 0.0
    condition, agreed = message.conditions[edge.id].replace("_", " "), message.confirmation
    agreed = False if agreed is None and message.refuses_to_tell else agreed
    is_local = any(own is edge for own in message.request.node.edges)
    if condition.strip().casefold() in _ALWAYS:
        return FREE_TEXT_SCORE - 1 if is_local and message.words else 0.0
    refuses, confirms = (
        expects_refusal(condition),
        expects_consent(condition),
    )
    if closing := _closing_score(condition, message):
        return closing
    is_answer = refuses or confirms or (agreed and expects_willingness(condition))
    has_value = any(map(str.isdigit, message.text))  # “no, 12346” corrects
    refuses_something = agreed is False and (
        has_value or (edge.commits and _refuses_something_else(message)) or _refuses_other_edge(edge, message)
    )
    if is_local and agreed is not None and is_answer and not refuses_something:  # a global edge needs its own
        return CONDITION_SCORE + (10 if refuses or confirms else 8) if agreed is not refuses else 0.0
    is_plain_no = agreed is False and not (refuses_something or message.is_question or message.is_waiting)
    if is_local and is_plain_no and _is_only_other(edge, message):
        return CONDITION_SCORE + 8
    if confirms and not refuses and (message.has_negation or message.is_question):
        return 0.0  # whatever else it names, this is not consent
    if is_local and message.does_not_know and expects_ignorance(condition):
        return CONDITION_SCORE + 8
    if listed := _listed_length(message, condition):
        return CONDITION_SCORE + min(listed, 9)
    counted = message.counted_positions if edge.leads_to_hand_off else frozenset[int]()
    if shared := count_words_of_condition(message, condition, counted):
        is_all_said = not is_local and agreed is not None and shared >= _count_own_words(message)
        return CONDITION_SCORE + (12 if is_all_said else min(shared, 9))
    if message.asks_for_person and names_person(condition):
        return CONDITION_SCORE + 9
    return (
        FREE_TEXT_SCORE
        if is_local
        and not refuses
        and message.certain_words
        and not message.is_question
        and expects_any_answer(condition)
        and not is_thanks(message)
        else 0.0
    )


def _count_own_words(message: ParsedMessage) -> int:
    """Return how many words of a message say more than its yes or no."""
    answers = answer_vocabulary(message.language).answers
    words = content_words(message.text, message.language)
    return sum(word not in answers and not is_negation(word, message.language) for word in words)


def _is_only_other(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether an edge is the only alternative to a yes before something irreversible."""
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
    parts = [part for part in _CLAUSE_SEPARATOR.split(message.text) if tokenize(part)]
    if all(recognize_confirmation(part, message.language) is False for part in parts):
        return False
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


def _closing_score(condition: str, message: ParsedMessage) -> float:
    """Score a condition about thanks or a goodbye for a text that is nothing else; an “ok” is a yes too."""
    words = lexicon_for(message.language).conditions.closing_words
    if words.isdisjoint(tokenize(condition)) or not is_thanks(message):
        return 0.0
    is_certain = message.confirmation is None or not words.isdisjoint(message.words)
    return CONDITION_SCORE + 11 if is_certain else 0.0


def _is_same_word(word: str, named: str) -> bool:
    """Return whether a word is one that is named, or a form of it, or has one letter wrong."""
    if word == named or min(len(word), len(named)) <= _STEM_LENGTH:
        short, long = sorted((word, named), key=len)
        is_form = len(short) == _STEM_LENGTH and long.startswith(short)
        return word == named or (is_form and long[len(short) :] in _INFLECTIONS)
    is_form = (word.startswith(named) or named.startswith(word)) and abs(len(word) - len(named)) <= 3
    return is_form or (word[0] == named[0] and OSA.distance(word, named, score_cutoff=1) <= 1)


def count_words_of_condition(
    message: ParsedMessage, condition: str, counted: frozenset[int] = frozenset()
) -> int:
    """Count the words that text and condition share: what one of them denies the other must deny too.

    `counted` are the positions of words that a number counts (“3 people”), and that name nobody.
    """
    condition = without_subject(condition)
    words = tokenize(condition)
    # a user who is not sure of something has not said it, unless the condition is about that
    is_doubt = mask_doubts(condition, message.language) != condition
    is_doubt = is_doubt or has_wish(message.text, message.language)  # “I think I need …” is a wish
    certain = message.words if is_doubt else message.certain_words
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
            if word in certain and at not in counted
        )
        for name in named
    )
