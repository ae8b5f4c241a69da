"""Similarity of sentences: cosine of TF-IDF vectors over character n-grams of two to four letters."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from flows.locales import DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.words.patterns import any_pattern
from flows.text import normalize, tokenize

Vector = Mapping[str, float]

_MAX_WORDS = 60


@dataclass(frozen=True, slots=True)
class TfidfVectorizer:
    """Weights of the n-grams of a flow's examples; `unknown_weight` is that of an n-gram in no example."""

    weights: Mapping[str, float]
    unknown_weight: float
    lexicon: Lexicon = field(default_factory=lambda: lexicon_for(DEFAULT_LANGUAGE))

    def vectorize(self, text: str) -> Vector:
        """Return the text as a vector of length one; empty when it has no words of weight."""
        counts = Counter(_character_ngrams(text, self.lexicon))
        weighted = {
            ngram: (1 + math.log(n)) * self.weights.get(ngram, self.unknown_weight)
            for ngram, n in counts.items()
        }
        length = math.sqrt(sum(weight * weight for weight in weighted.values()))
        return {ngram: weight / length for ngram, weight in weighted.items()} if length else {}


def fit_vectorizer(sentences: Iterable[str], language: str = DEFAULT_LANGUAGE) -> TfidfVectorizer:
    """Return a vectorizer with the inverse document frequencies of these sentences."""
    lexicon = lexicon_for(language)
    documents = [set(_character_ngrams(sentence, lexicon)) for sentence in sentences]
    frequencies = Counter(ngram for ngrams in documents for ngram in ngrams)
    total = len(documents)
    return TfidfVectorizer(
        {ngram: _inverse_document_frequency(total, n) for ngram, n in frequencies.items()},
        _inverse_document_frequency(total, 0),
        lexicon,
    )


def cosine_similarity(one: Vector, other: Vector) -> float:
    """Return the cosine of two vectors of length one, from 0 to 1."""
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    return sum(weight * many.get(ngram, 0.0) for ngram, weight in few.items())


def _inverse_document_frequency(total: int, count: int) -> float:
    return math.log((1 + total) / (1 + count)) + 1


@cache
def _contractions(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"{any_pattern(lexicon.contraction_patterns)}\b")


def _character_ngrams(text: str, lexicon: Lexicon) -> list[str]:
    tokens = tokenize(_contractions(lexicon).sub("", normalize(text)))[:_MAX_WORDS]
    padded = [f" {word} " for word in tokens if word not in lexicon.stop_words]
    return [
        word[start : start + length]
        for word in padded
        for length in (2, 3, 4)
        for start in range(len(word) - length + 1)
    ]
