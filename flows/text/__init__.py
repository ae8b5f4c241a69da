"""Text primitives: normalization, tokens, bounded regular expressions, surrogates."""

from __future__ import annotations

from flows.text.bounded_regex import BoundedRegex, pattern_error
from flows.text.surrogates import replace_surrogates, replace_surrogates_in_json
from flows.text.tokens import (
    MAX_INPUT_LENGTH,
    find_phrase,
    normalize,
    normalize_digits,
    normalize_same_length,
    squeeze_repeats,
    tokenize,
)

__all__ = [
    "MAX_INPUT_LENGTH",
    "BoundedRegex",
    "find_phrase",
    "normalize",
    "normalize_digits",
    "normalize_same_length",
    "pattern_error",
    "replace_surrogates",
    "replace_surrogates_in_json",
    "squeeze_repeats",
    "tokenize",
]
