"""Issues from pydantic's validation, and unknown keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from flows.document.errors import Issue
from flows.document.reading.parser import QUOTES_NEEDED
from flows.document.validation.hints import (
    describe_value,
    example_for,
    find_nearest,
    known_keys,
    suggest_name,
)

_DATE_EXPECTED = "A date is required here; write it like 2026-12-25."


_ERROR_MESSAGES = {
    "missing": "This is required and missing.",
    "string_type": "Text is required here.",
    "bool_type": "True or false is required here.",
    "bool_parsing": "True or false is required here.",
    "int_type": "A whole number is required here.",
    "int_parsing": "A whole number is required here.",
    "int_from_float": "A whole number is required here.",
    "float_type": "A number is required here.",
    "float_parsing": "A number is required here.",
    "tuple_type": "A list is required here.",
    "list_type": "A list is required here.",
    "dict_type": "An object is required here.",
    "mapping_type": "An object is required here.",
    "model_type": "An object is required here.",
    "model_attributes_type": "An object is required here.",
    "literal_error": "This must be {expected}.",
    "string_too_short": "This must not be empty.",
    "string_too_long": "This must have {max_length} characters at most.",
    "too_short": "At least {min_length} is required here.",
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


_WRONG_KIND = {
    "string_type", "bool_type", "bool_parsing", "int_type", "int_parsing", "int_from_float", "float_type",
    "float_parsing", "tuple_type", "list_type", "dict_type", "mapping_type", "model_type",
    "model_attributes_type",
}  # fmt: skip
"""Types of errors to which the found value and an example are added."""


_OBJECT_EXPECTED = ("model_type", "model_attributes_type", "dict_type")
_DURATIONS = ("after", "before")


def issues_from_pydantic(error: ValidationError, model: type[BaseModel] | None = None) -> Iterator[Issue]:
    """Yield an issue for each value that is missing or of the wrong type; `model` is that of the document."""
    details = error.errors(include_url=False)
    places = [detail["loc"] for detail in details]
    for detail in details:
        if detail["type"] == "too_short" and any(
            len(place) > len(detail["loc"]) and place[: len(detail["loc"])] == detail["loc"]
            for place in places
        ):
            continue  # there were items, but broken ones
        if detail["type"] != "flow":  # our own errors, which other checks report with better paths
            yield Issue(_format_path(detail["loc"]), _describe_problem(detail, model))


def _describe_problem(detail: ErrorDetails, model: type[BaseModel] | None) -> str:
    kind, value, location = detail["type"], detail["input"], detail["loc"]
    if kind == "string_type" and isinstance(value, bool):
        return QUOTES_NEEDED
    if kind == "string_type" and isinstance(value, int | float):
        return "Text is required here and this is a number: write it in quotes."
    if kind == "extra_forbidden":
        return _describe_unknown_key(str(location[-1]), known_keys(model, location[:-1]) if model else ())
    if kind == "string_pattern_mismatch":
        return _describe_form(location)
    if kind not in _ERROR_MESSAGES:
        return f"{detail['msg']}."
    is_menu_choice = kind in _OBJECT_EXPECTED and location[-2:-1] == ("choices",)
    sentence = _ERROR_MESSAGES[kind].format(**detail.get("ctx", {})).replace("'", "")
    example = example_for(("menu choices", 0)) if is_menu_choice else example_for(location)
    written = f": write {example}" if example else ""
    if kind == "missing":
        near = find_nearest(str(location[-1]), _unknown_keys_in(value, model, location[:-1]))
        meant = f"; is it “{near}” by mistake" if near else ""
        return f"{sentence.rstrip('.')}{meant}{written}{_final_stop(written)}"
    if kind == "literal_error":
        names = detail.get("ctx", {}).get("expected", "").replace(" or ", ", ").replace("'", "").split(", ")
        near = find_nearest(value, names) if isinstance(value, str) else ""
        return f"{sentence.rstrip('.')}, and this is {describe_value(value)}." + (
            f" Is “{near}” meant?" if near else ""
        )
    if kind in _WRONG_KIND:
        return f"{sentence.rstrip('.')} and this is {describe_value(value)}{written}{_final_stop(written)}"
    return sentence


def _describe_form(location: tuple[int | str, ...]) -> str:
    """Return how the text at a place is written, whose pattern says nothing to an author."""
    if location[-1] in _DURATIONS:
        return "This is a duration: write it like 30m, 2h or 1d."
    return "This must be letters, digits and “_”, with no digit first: write first_name, for example."


def _final_stop(written: str) -> str:
    """Return the full stop of a sentence; none after a fragment that ends in a bracket or quotes."""
    return "" if written.endswith(("}", "]", '"', ".")) else "."


def _unknown_keys_in(
    value: object, model: type[BaseModel] | None, location: tuple[int | str, ...]
) -> Iterator[str]:
    """Yield the unknown keys of an object."""
    known = known_keys(model, location) if model else ()
    yield from (str(key) for key in (value if isinstance(value, Mapping) else ()) if key not in known)


def _describe_unknown_key(key: str, known: Iterable[str]) -> str:
    return f"There is no key “{key}” here.{suggest_name(key, known)}"


def find_unknown_keys(part: BaseModel, path: str = "") -> Iterator[Issue]:
    """Yield the unknown keys of every level."""
    for key in part.model_extra or {}:
        if path or key != "$schema":  # `$schema` is for editors
            known = [field.alias or name for name, field in type(part).model_fields.items()]
            place = f"{path}.{key}".lstrip(".")
            yield Issue(place, describe_ignored_key(key, known, (part.model_extra or {})[key]))
    for name in type(part).model_fields:
        for place, item in _iter_items(f"{path}.{name}".lstrip("."), getattr(part, name)):
            if isinstance(item, BaseModel):
                yield from find_unknown_keys(item, place)


def describe_ignored_key(key: str, known: Iterable[str], value: object) -> str:
    """Return what to do about a key that has no effect."""
    if value is None and " " in key:
        return (
            "This is read as a key, because the text before it ends at its comma: write that whole text in "
            'quotes, as in static_text: "One moment, please."'
        )
    near = find_nearest(key, known)
    meant = f" Is “{near}” meant?" if near else ""
    return f"This key is not known here; it is kept and has no effect.{meant}"


def _iter_items(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, tuple):
        yield from ((f"{path}[{index}]", item) for index, item in enumerate(value))
    elif isinstance(value, Mapping):
        yield from ((f"{path}.{name}", item) for name, item in value.items())
    else:
        yield path, value


def _format_path(location: tuple[int | str, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).lstrip(".")
