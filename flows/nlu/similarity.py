"""How alike two sentences are: runs of two to four letters, the rare ones weighing more (TF-IDF, cosine)."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flows.text import normalize, tokenize

Vector = Mapping[str, float]

_MAX_WORDS = 60
_CONTRACTIONS = re.compile(r"'(?:s|m|d|ll|ve|re)\b")
# words that stand in any sentence; the question words stay, as they carry the sense of a short question
_STOP_WORDS = frozenset(
    tokenize(
        "a an the i i'm im my me you your u we our it its is are am be been to of in on at for and or so"
    )
    + tokenize(
        "please hi hello hey thanks thank just would could can will do does did have has had this that"
    )
)


@dataclass(frozen=True, slots=True)
class TfidfVectorizer:
    """The weights of a flow's letter runs; `unknown` is the weight of one that no example has."""

    weights: Mapping[str, float]
    unknown_weight: float

    def vectorize(self, text: str) -> Vector:
        """The text as a vector of length one; empty when there is nothing in it."""
        counts = Counter(_character_ngrams(text))
        weighed = {
            run: (1 + math.log(n)) * self.weights.get(run, self.unknown_weight) for run, n in counts.items()
        }
        length = math.sqrt(sum(weight * weight for weight in weighed.values()))
        return {run: weight / length for run, weight in weighed.items()} if length else {}


def fit_vectorizer(sentences: Iterable[str]) -> TfidfVectorizer:
    """The weights that a flow's own examples give."""
    counted = [set(_character_ngrams(sentence)) for sentence in sentences]
    found = Counter(run for runs in counted for run in runs)
    total = len(counted)
    return TfidfVectorizer(
        {run: _inverse_document_frequency(total, n) for run, n in found.items()},
        _inverse_document_frequency(total, 0),
    )


def cosine_similarity(one: Vector, other: Vector) -> float:
    """0 to 1."""
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    return sum(weight * many.get(run, 0.0) for run, weight in few.items())


def _inverse_document_frequency(total: int, count: int) -> float:
    return math.log((1 + total) / (1 + count)) + 1


def _character_ngrams(text: str) -> list[str]:
    said = tokenize(_CONTRACTIONS.sub("", normalize(text)))[:_MAX_WORDS]
    meant = [word for word in said if word not in _STOP_WORDS]
    padded = [f" {word} " for word in meant]
    return [
        word[start : start + length]
        for word in padded
        for length in (2, 3, 4)
        for start in range(len(word) - length + 1)
    ]
