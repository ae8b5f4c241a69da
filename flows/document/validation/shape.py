"""Issues from pydantic's validation, and unknown keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ValidationError

from flows.document.errors import Issue
from flows.document.parser import QUOTES_NEEDED

_DATE_EXPECTED = "A day is needed here; write it like 2026-12-25."


_ERROR_MESSAGES = {
    "missing": "This is required and missing.",
    "string_type": "Text is needed here.",
    "bool_type": "Either true or false is needed here.",
    "bool_parsing": "Either true or false is needed here.",
    "int_type": "A whole number is needed here.",
    "int_parsing": "A whole number is needed here.",
    "int_from_float": "A whole number is needed here.",
    "float_type": "A number is needed here.",
    "float_parsing": "A number is needed here.",
    "tuple_type": "A list is needed here.",
    "dict_type": "An object is needed here.",
    "mapping_type": "An object is needed here.",
    "model_type": "An object is needed here.",
    "literal_error": "This must be {expected}.",
    "string_too_short": "This must not be empty.",
    "string_too_long": "This must have {max_length} characters at most.",
    "too_short": "At least {min_length} is needed here.",
    "too_long": "There can be {max_length} at most.",
    "greater_than": "This must be more than {gt:g}.",
    "greater_than_equal": "This must be {ge:g} or more.",
    "less_than_equal": "This must be {le:g} or less.",
    "value_error": "{error}.",
    "date_type": _DATE_EXPECTED,
    "date_parsing": _DATE_EXPECTED,
    "date_from_datetime_parsing": _DATE_EXPECTED,
    "date_from_datetime_inexact": _DATE_EXPECTED,
}
"""The message for each type of pydantic error."""


def issues_from_pydantic(error: ValidationError) -> Iterator[Issue]:
    """Yield an issue for each value that is missing or of the wrong type."""
    details = error.errors(include_url=False)
    places = [detail["loc"] for detail in details]
    for detail in details:
        if detail["type"] == "too_short" and any(
            len(place) > len(detail["loc"]) and place[: len(detail["loc"])] == detail["loc"]
            for place in places
        ):
            continue  # there were items, but broken ones
        path = _format_path(detail["loc"])
        if detail["type"] == "string_type" and isinstance(detail["input"], bool):
            yield Issue(path, QUOTES_NEEDED)
        elif detail["type"] == "string_type" and isinstance(detail["input"], int | float):
            yield Issue(path, "Text is needed here and this is a number: write it in quotes.")
        elif detail["type"] in _ERROR_MESSAGES:
            sentence = _ERROR_MESSAGES[detail["type"]].format(**detail.get("ctx", {}))
            yield Issue(path, sentence.replace("'", ""))
        elif detail["type"] != "flow":  # our own, which are found again in the raw document with better paths
            yield Issue(path, f"{detail['msg']}.")


def find_unknown_keys(part: BaseModel, path: str = "") -> Iterator[Issue]:
    """Yield the unknown keys of every level."""
    for key in part.model_extra or {}:
        if path or key != "$schema":  # `$schema` is for editors
            yield Issue(
                f"{path}.{key}".lstrip("."), "This key is not known here; it is kept and has no effect."
            )
    for name in type(part).model_fields:
        for place, item in _iter_items(f"{path}.{name}".lstrip("."), getattr(part, name)):
            if isinstance(item, BaseModel):
                yield from find_unknown_keys(item, place)


def _iter_items(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, tuple):
        yield from ((f"{path}[{index}]", item) for index, item in enumerate(value))
    elif isinstance(value, Mapping):
        yield from ((f"{path}.{name}", item) for name, item in value.items())
    else:
        yield path, value


def _format_path(location: tuple[int | str, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).lstrip(".")
