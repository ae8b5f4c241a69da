"""How alike two sentences are: runs of two to four letters, the rare ones weighing more (TF-IDF, cosine)."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flows.text.tokens import fold, words

Vector = Mapping[str, float]

_MOST_WORDS = 60
_SHORT_FORMS = re.compile(r"'(?:s|m|d|ll|ve|re)\b")
# words that stand in any sentence; the question words stay, as they carry the sense of a short question
_EMPTY_WORDS = frozenset(
    words("a an the i i'm im my me you your u we our it its is are am be been to of in on at for and or so")
    + words("please hi hello hey thanks thank just would could can will do does did have has had this that")
)


@dataclass(frozen=True, slots=True)
class Measure:
    """The weights of a flow's letter runs; `unknown` is the weight of one that no example has."""

    weights: Mapping[str, float]
    unknown: float

    def vector(self, text: str) -> Vector:
        """The text as a vector of length one; empty when there is nothing in it."""
        counts = Counter(_runs(text))
        weighed = {run: (1 + math.log(n)) * self.weights.get(run, self.unknown) for run, n in counts.items()}
        length = math.sqrt(sum(weight * weight for weight in weighed.values()))
        return {run: weight / length for run, weight in weighed.items()} if length else {}


def measure(sentences: Iterable[str]) -> Measure:
    """The weights that a flow's own examples give."""
    counted = [set(_runs(sentence)) for sentence in sentences]
    found = Counter(run for runs in counted for run in runs)
    total = len(counted)
    return Measure({run: _weight(total, n) for run, n in found.items()}, _weight(total, 0))


def likeness(one: Vector, other: Vector) -> float:
    """0 to 1."""
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    return sum(weight * many.get(run, 0.0) for run, weight in few.items())


def _weight(total: int, count: int) -> float:
    return math.log((1 + total) / (1 + count)) + 1


def _runs(text: str) -> list[str]:
    said = words(_SHORT_FORMS.sub("", fold(text)))[:_MOST_WORDS]
    meant = [word for word in said if word not in _EMPTY_WORDS]
    padded = [f" {word} " for word in meant]
    return [
        word[start : start + length]
        for word in padded
        for length in (2, 3, 4)
        for start in range(len(word) - length + 1)
    ]
