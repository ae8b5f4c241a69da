"""Text primitives: normalization, tokens, bounded regular expressions, surrogates, values in CommonMark."""

from __future__ import annotations

from flows.text.bounded_regex import BoundedRegex, pattern_error
from flows.text.control_tokens import break_control_tokens, may_have_control_token
from flows.text.protected_values import (
    drop_noncharacters,
    protect_value,
    reveal_values,
    to_commonmark,
    unescape_commonmark,
)
from flows.text.surrogates import replace_surrogates, replace_surrogates_in_json
from flows.text.tokens import (
    MAX_INPUT_LENGTH,
    find_phrase,
    fold_emoji,
    normalize,
    normalize_digits,
    normalize_same_length,
    original_position,
    squeeze_repeats,
    tokenize,
)

__all__ = [
    "MAX_INPUT_LENGTH",
    "BoundedRegex",
    "break_control_tokens",
    "drop_noncharacters",
    "find_phrase",
    "fold_emoji",
    "may_have_control_token",
    "normalize",
    "normalize_digits",
    "normalize_same_length",
    "original_position",
    "pattern_error",
    "protect_value",
    "replace_surrogates",
    "replace_surrogates_in_json",
    "reveal_values",
    "squeeze_repeats",
    "to_commonmark",
    "tokenize",
    "unescape_commonmark",
]
