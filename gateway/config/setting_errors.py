"""Describes settings that pydantic rejects: which setting, what is wrong, and what is allowed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from pydantic_core import ErrorDetails

_SHOWN: Final = 40

_EXPECTED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "int_type": "a whole number",
        "int_parsing": "a whole number",
        "int_from_float": "a whole number",
        "int_parsing_size": "a whole number",
        "float_type": "a number",
        "float_parsing": "a number",
        "finite_number": "a number",
        "bool_type": "yes or no",
        "bool_parsing": "yes or no",
        "string_type": "text in quotes",
        "dict_type": "a table",
        "model_type": "a table",
        "literal_error": "{expected}",
        "enum": "{expected}",
        "greater_than": "more than {gt:g}",
        "greater_than_equal": "{ge:g} or more",
        "less_than": "less than {lt:g}",
        "less_than_equal": "{le:g} or less",
        "string_too_long": "at most {max_length} characters long",
    }
)
"""Expected values, by type of pydantic error."""


_UNSHOWN: Final = frozenset({"string_type", "string_too_long"})
"""Types of errors whose value may be a secret or says nothing."""


def describe_problems(errors: Iterable[ErrorDetails], known: Collection[str] = ()) -> str:
    """Return one sentence for each error: `PORT must be a whole number, not 'many'`.

    The nearest of the `known` keys is named beside one that is not known.
    """
    return "; ".join(_describe_problem(error, known) for error in errors)


def _describe_problem(error: ErrorDetails, known: Collection[str]) -> str:
    name, kind, value = ".".join(map(str, error["loc"])), error["type"], error["input"]
    if kind == "missing":
        return f"{name} is required and missing"
    if kind == "extra_forbidden":
        nearest = get_close_matches(str(error["loc"][-1]), known, n=1)
        return f"{name} is not known here" + (f"; did you mean {nearest[0]}?" if nearest else "")
    if kind == "string_too_short":
        return f"{name} must not be empty"
    if kind not in _EXPECTED:
        message = error["msg"].removeprefix("Value error, ")
        return f"{name}: {message}" if name else message  # a check of several settings names them itself
    expected = _EXPECTED[kind].format(**error.get("ctx", {})).replace("'", "")
    given = (
        f", not {repr(value)[:_SHOWN]}"
        if kind not in _UNSHOWN and isinstance(value, str | int | float)
        else ""
    )
    return f"{name} must be {expected}{given}"
