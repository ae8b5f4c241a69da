"""Finds a second wish of a message: an answer that another part of it asks for."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from flows.compiled import CompiledEdge
from flows.llm.model import TransitionRequest
from flows.llm.rules.evidence.questions import count_shared_subjects
from flows.llm.rules.evidence.scoring import score_edge
from flows.llm.rules.message.keywords import exact_match_length, expand_abbreviations
from flows.llm.rules.message.parsed_message import ParsedMessage
from flows.locales import ALL_LEXICONS, Lexicon, lexicon_for
from flows.nlu import denied_positions, one_of
from flows.text import tokenize

MAX_SECOND_WISHES = 2
_MIN_WORDS, _MIN_WORDS_OF_QUESTION = 4, 2


@cache
def _separator(lexicon: Lexicon) -> re.Pattern[str]:
    words = one_of((*lexicon.and_words, *lexicon.clauses.reservations))
    return re.compile(rf"[,;.!?\n]+(?:\s|$)|\s(?:{words}|&|\+)(?=\s)", re.IGNORECASE)


def split_wishes(text: str, language: str) -> list[str]:
    """Return the parts of a message that may each ask for something."""
    compares = not lexicon_for(language).speech_acts.comparison_words.isdisjoint(tokenize(text))
    least = _MIN_WORDS_OF_QUESTION if text.rstrip().endswith("?") else _MIN_WORDS
    if len(text.split()) < least or compares:  # “the difference between A and B” is one question
        return []
    parts, start = list[str](), 0
    for match in _separator(lexicon_for(language)).finditer(text):
        parts.append(f"{text[start : match.start()].strip()}{'?' if '?' in match[0] else ''}")
        start = match.end()
    return [part for part in (*parts, text[start:].strip()) if part.strip("?")]


def without_and(part: str, language: str) -> str:
    """Return a part of a message without the word that links it to what stands before."""
    first, _, rest = part.partition(" ")
    return rest if rest and first.casefold() in lexicon_for(language).and_words else part


def words_of_wish(request: TransitionRequest, edge: CompiledEdge) -> str:
    """Return the part of a message that wishes what an edge is for; empty if it has no parts.

    It is the part with the best evidence for the edge, behind the first one. Without any the last part is
    meant, but not by an edge to something irreversible: that one contradicts the others.
    """
    parts = split_wishes(request.text, request.language)[1:]
    if not parts:
        return ""
    scores = [score_edge(edge, ParsedMessage(request._replace(text=part))).score for part in parts]
    if not any(scores) and edge.commits:
        return ""
    return without_and(parts[scores.index(max(scores))] if any(scores) else parts[-1], request.language)


class Wishes(NamedTuple):
    """The edges to mere answers that parts of a text ask for, in their order, and what else the text says."""

    edges: tuple[CompiledEdge, ...] = ()
    rest: str = ""


def find_wishes(request: TransitionRequest, text: str) -> Wishes:
    """Return what the parts of a text ask for."""
    parts = split_wishes(text, request.language)
    if len(parts) < 2:
        return Wishes()
    own = set(map(id, request.node.edges))
    answers = [edge for edge in request.available_edges if id(edge) not in own and edge.is_answer]
    if not answers:
        return Wishes()
    found = [_best_answer(part, answers, request) for part in parts]
    rest = [part for part, edge in zip(parts, found, strict=True) if edge is None]
    return Wishes(tuple(dict.fromkeys(edge for edge in found if edge is not None)), ", ".join(rest))


def _best_answer(part: str, answers: list[CompiledEdge], request: TransitionRequest) -> CompiledEdge | None:
    words = expand_abbreviations(tokenize(part), request.language)
    language = request.language
    denied = denied_positions(part, language)
    lengths = [(exact_match_length(edge.keywords, words, denied, language), edge) for edge in answers]
    length, edge = max(lengths, key=lambda pair: pair[0])
    if length > 2:
        return edge
    vectorizer = answers[0].examples.vectorizer
    vector = vectorizer.vectorize(part)
    alike = [(each.examples.max_similarity(vector), each) for each in answers if each.examples]
    similarity, edge = max(alike, key=lambda pair: pair[0], default=(0.0, edge))
    if similarity >= _SURE_SIMILARITY:
        return edge
    return _answer_by_subject(part, answers, request)


def _answer_by_subject(
    part: str, answers: list[CompiledEdge], request: TransitionRequest
) -> CompiledEdge | None:
    """Return the only answer about what a part of the message asks."""
    message = ParsedMessage(request._replace(text=part))
    if not (message.is_real_question or message.begins_question or message.asks_indirectly):
        return None
    counts = [(count_shared_subjects(edge, message), edge) for edge in answers]
    most = max(count for count, _ in counts)
    found = [edge for count, edge in counts if count == most > 0]
    return found[0] if len({edge.target for edge in found}) == 1 else None


_SURE_SIMILARITY = 0.6

# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    _separator(_lexicon)
