"""What a property's schema asks of a value beyond its kind: how large, how long, what is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from pydantic import JsonValue

from flows.text import BoundedRegex

_CACHE_SIZE = 2_000
_NUMBER_KEYWORDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_TEXT_KEYWORDS = ("minLength", "maxLength")
_KEYWORDS_BY_KIND = {
    "integer": _NUMBER_KEYWORDS,
    "number": _NUMBER_KEYWORDS,
    "text": _TEXT_KEYWORDS,
    "pattern": _TEXT_KEYWORDS,
    "email": _TEXT_KEYWORDS,
}
_ANNOTATION_KEYWORDS = ("type", "title", "description", "default", "examples", "format")


@dataclass(frozen=True, slots=True)
class Constraints:
    """A JSON Schema, as text, and the whole that it is a part of where it refers to that."""

    schema: str
    root_schema: str = "{}"

    def is_satisfied_by(self, value: JsonValue) -> bool:
        """Whether the value is what the schema asks for."""
        try:
            return bool(_build_validator(self.schema, self.root_schema).is_valid(value))
        except RecursionError:
            return False


def constraints_from_schema(
    kind: str, part: Mapping[str, Any], root: Mapping[str, Any]
) -> Constraints | None:
    """What a property of the schema `root` asks for beyond being of its kind, if it asks for anything.

    A date, a time or a phone number is stored in a form of its own, which the author's lengths are not about.
    """
    if kind in ("array", "object"):
        asked = {
            key: part[key] for key in part if key not in _ANNOTATION_KEYWORDS and not key.startswith("x-")
        }
    else:
        asked = {key: part[key] for key in _KEYWORDS_BY_KIND.get(kind, ()) if key in part}
    if not asked:
        return None
    written = json.dumps(asked)
    return Constraints(written, json.dumps(root)) if '"$ref"' in written else Constraints(written)


@lru_cache(maxsize=_CACHE_SIZE)
def _build_validator(schema: str, root: str) -> Any:
    return _validator_factory()(json.loads(root)).evolve(schema=json.loads(schema))


@cache
def _validator_factory() -> Callable[[Any], Any]:
    """The library's validator with patterns that are bounded in time, and which asks nobody for a schema."""
    from jsonschema import Draft202012Validator  # it takes a while, and few flows need it
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend
    from referencing import Registry

    def pattern(_: Any, source: str, value: Any, __: Any) -> Iterator[Any]:
        if isinstance(value, str) and not BoundedRegex(source).search(value):
            yield ValidationError("it does not match")

    def multiple(_: Any, of: float, value: Any, __: Any) -> Iterator[Any]:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and Fraction(str(value)) % Fraction(str(of)):  # as it is written: 19.99 has two places
            yield ValidationError("it is no multiple")

    made = extend(Draft202012Validator, {"pattern": pattern, "multipleOf": multiple})
    return lambda root: made(root, registry=Registry())
