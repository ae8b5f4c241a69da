"""Which of the offered choices an answer means."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz.distance import OSA

from core.model import Choice
from flows.nlu.lexicon import FILLER_WORDS, NUMBER_WORDS
from flows.text import find_phrase, normalize, squeeze_repeats, tokenize

_MAX_ANSWER_LENGTH = 200
_MIN_SIMILARITY = 0.75
_MIN_SIMILARITY_MARGIN = 0.15
_CHOICE_NUMBER = re.compile(r"(?:option|number|no|nr|choice|#)?[\s.#]*\(?(\d{1,2})[\s.):]*")


def recognize_choice(answer: str, offered: Sequence[Choice]) -> Choice | None:
    """The choice that `answer` names: by payload, number, label, or label with a typo; none when in doubt."""
    answer = answer.strip()
    if not offered or not answer or len(answer) > _MAX_ANSWER_LENGTH:
        return None
    for choice in offered:
        if answer == choice.payload:
            return choice
    said = tokenize(answer)
    position = _parse_position(answer, said)
    if position is not None:
        return offered[position - 1] if 1 <= position <= len(offered) else None
    return _match_label(said, offered)


def recognize_choice_label(answer: str, offered: Sequence[Choice]) -> Choice | None:
    """The choice that `answer` names by its label, also with a typo; for a list that nobody was shown."""
    return None if len(answer) > _MAX_ANSWER_LENGTH else _match_label(tokenize(answer), offered)


def _match_label(said: tuple[str, ...], offered: Sequence[Choice]) -> Choice | None:
    return (
        _match_whole_label(said, offered)
        or _match_partial_label(said, offered)
        or _match_fuzzy_label(said, offered)
    )


def _parse_position(answer: str, said: tuple[str, ...]) -> int | None:
    if match := _CHOICE_NUMBER.fullmatch(normalize(answer)):
        return int(match[1])
    meant = [word for word in said if word not in FILLER_WORDS and word not in ("option", "number", "choice")]
    if len(meant) > 1 and meant[-1] == "one":  # "the second one"
        meant = meant[:-1]
    return NUMBER_WORDS.get(meant[0]) if len(meant) == 1 else None


def _match_whole_label(said: tuple[str, ...], offered: Sequence[Choice]) -> Choice | None:
    """The whole label, alone or among words that carry no meaning."""
    squeezed_words = tuple(squeeze_repeats(word) for word in said)
    hits = []
    for choice in offered:
        label = tuple(squeeze_repeats(word) for word in tokenize(choice.label))
        start = find_phrase(label, squeezed_words) if label else -1
        if start < 0:
            continue
        rest = said[:start] + said[start + len(label) :]
        if all(word in FILLER_WORDS for word in rest):
            hits.append(choice)
    return hits[0] if len(hits) == 1 else None


def _match_partial_label(said: tuple[str, ...], offered: Sequence[Choice]) -> Choice | None:
    """`hours` for “Opening hours”, when no other label has that word."""
    meant = {word for word in said if word not in FILLER_WORDS and len(word) >= 4}
    if not meant or any(word not in FILLER_WORDS and word not in meant for word in said):
        return None
    hits = [choice for choice in offered if meant <= set(tokenize(choice.label))]
    return hits[0] if len(hits) == 1 else None


def _match_fuzzy_label(said: tuple[str, ...], offered: Sequence[Choice]) -> Choice | None:
    meant = [word for word in said if word not in FILLER_WORDS]
    typed, scored = " ".join(meant or said), []
    for choice in offered:
        label = " ".join(word for word in tokenize(choice.label) if word not in FILLER_WORDS)
        if len(label) >= 4:
            scored.append((OSA.normalized_similarity(typed, label), choice))
    scored.sort(key=lambda pair: pair[0], reverse=True)
    if not scored or scored[0][0] < _MIN_SIMILARITY:
        return None
    if len(scored) > 1 and scored[0][0] - scored[1][0] < _MIN_SIMILARITY_MARGIN:
        return None
    return scored[0][1]
