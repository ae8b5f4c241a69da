"""Finds the answer to a question in other words than its author's, by the words that only it has."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from flows.compiled import CompiledEdge
from flows.llm.rules.message.parsed_message import ParsedMessage
from flows.locales import ALL_LEXICONS, Lexicon, lexicon_for
from flows.nlu import one_of, stem_of
from flows.text import normalize, tokenize

_STEM_LENGTH, _MIN_STEM = 5, 3


def count_shared_subjects(edge: CompiledEdge, message: ParsedMessage) -> int:
    """Count the subjects of a question that this answer is about, and no other that could be given."""
    answers = [each for each in message.request.available_edges if each.is_answer and each.edge.examples]
    if not any(each is edge for each in answers):
        return 0
    own = _subjects_of(edge, message.language)
    others = [_subjects_of(each, message.language) for each in answers if each.target != edge.target]
    shared = own & find_subjects(message.text, message.language)
    return sum(not any(subject in other for other in others) for subject in shared)


def shares_topic(edge: CompiledEdge, message: ParsedMessage) -> bool:
    """Return whether a text and an answer's questions are about the same topic, such as the price."""
    own = _subjects_of(edge, message.language)
    return any(each.startswith("#") for each in own & find_subjects(message.text, message.language))


def count_own_words(edge: CompiledEdge, message: ParsedMessage) -> int:
    """Count the words of a message that only this one of the node's edges has in its examples."""
    own = [each for each in message.request.node.edges if each.edge.examples or each.edge.keywords]
    if not any(each is edge for each in own):
        return 0
    said = " ".join(word for at, word in enumerate(message.words) if at not in message.denied)
    others = [_subjects_of(each, message.language) for each in own if each.target != edge.target]
    shared = _subjects_of(edge, message.language) & find_subjects(said, message.language)
    return sum(not any(subject in other for other in others) for subject in shared)


def _subjects_of(edge: CompiledEdge, language: str) -> frozenset[str]:
    texts = (*edge.edge.examples, *edge.edge.keywords)
    return frozenset[str]().union(*(find_subjects(text, language) for text in texts))


@lru_cache(maxsize=2_000)
def find_subjects(text: str, language: str) -> frozenset[str]:
    """Return what a question is about: the beginnings of its words, and its topics such as the price."""
    lexicon = lexicon_for(language)
    empty = lexicon.fillers | lexicon.stop_words | lexicon.question_words | lexicon.negations
    empty |= lexicon.answers.generic | lexicon.thanks | lexicon.correction_words
    words = tokenize(text)
    stems = {
        stem_of(word, language)[:_STEM_LENGTH].rstrip("s")
        for word in words
        if word not in empty and len(word) >= _MIN_STEM
    }
    spaced = f" {normalize(' '.join(words))} "
    topics = {f"#{number}" for number, topic in enumerate(_topics(lexicon)) if topic.search(spaced)}
    return frozenset(stem for stem in stems if len(stem) >= _MIN_STEM) | topics


@cache
def _topics(lexicon: Lexicon) -> tuple[re.Pattern[str], ...]:
    # a word may stand between (“habt ihr heute auf”)
    topics = (one_of(topic).replace(r"\s+", r"(?: \w+)? ") for topic in lexicon.speech_acts.topics)
    return tuple(re.compile(rf"\b{topic}\b") for topic in topics)


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    _topics(_lexicon)
