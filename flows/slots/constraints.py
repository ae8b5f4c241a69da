"""What a property's schema asks of a value beyond its kind: how large, how long, what is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from pydantic import JsonValue

from flows.text.bounded_regex import Pattern

_KEPT = 2_000
_OF_NUMBER = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_OF_TEXT = ("minLength", "maxLength")
_OF_KIND = {
    "integer": _OF_NUMBER,
    "number": _OF_NUMBER,
    "text": _OF_TEXT,
    "pattern": _OF_TEXT,
    "email": _OF_TEXT,
}
_SAYS_NOTHING = ("type", "title", "description", "default", "examples", "format")


@dataclass(frozen=True, slots=True)
class Bounds:
    """A JSON Schema, as text, and the whole that it is a part of where it refers to that."""

    schema: str
    root: str = "{}"

    def hold(self, value: JsonValue) -> bool:
        """Whether the value is what the schema asks for."""
        try:
            return bool(_validator(self.schema, self.root).is_valid(value))
        except RecursionError:
            return False


def bounds_of(kind: str, part: Mapping[str, Any], root: Mapping[str, Any]) -> Bounds | None:
    """What a property of the schema `root` asks for beyond being of its kind, if it asks for anything.

    A date, a time or a phone number is stored in a form of its own, which the author's lengths are not about.
    """
    if kind in ("array", "object"):
        asked = {key: part[key] for key in part if key not in _SAYS_NOTHING and not key.startswith("x-")}
    else:
        asked = {key: part[key] for key in _OF_KIND.get(kind, ()) if key in part}
    if not asked:
        return None
    written = json.dumps(asked)
    return Bounds(written, json.dumps(root)) if '"$ref"' in written else Bounds(written)


@lru_cache(maxsize=_KEPT)
def _validator(schema: str, root: str) -> Any:
    return _validators()(json.loads(root)).evolve(schema=json.loads(schema))


@cache
def _validators() -> Callable[[Any], Any]:
    """The library's validator with patterns that are bounded in time, and which asks nobody for a schema."""
    from jsonschema import Draft202012Validator  # it takes a while, and few flows need it
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend
    from referencing import Registry

    def pattern(_: Any, source: str, value: Any, __: Any) -> Iterator[Any]:
        if isinstance(value, str) and not Pattern(source).search(value):
            yield ValidationError("it does not match")

    def multiple(_: Any, of: float, value: Any, __: Any) -> Iterator[Any]:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and Fraction(str(value)) % Fraction(str(of)):  # as it is written: 19.99 has two places
            yield ValidationError("it is no multiple")

    made = extend(Draft202012Validator, {"pattern": pattern, "multipleOf": multiple})
    return lambda root: made(root, registry=Registry())
