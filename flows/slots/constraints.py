"""JSON Schema constraints of a slot's value beyond its type: size, length, items."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from pydantic import JsonValue

from flows.slots.slot_types import slot_type
from flows.text import BoundedRegex

_CACHE_SIZE = 2_000
_ANNOTATION_KEYWORDS = ("type", "title", "description", "default", "examples", "format")


@dataclass(frozen=True, slots=True)
class Constraints:
    """A JSON Schema as text, and the schema that contains it where it has references."""

    schema: str
    root_schema: str = "{}"

    def is_satisfied_by(self, value: JsonValue) -> bool:
        """Return whether the value is valid by the schema; False where the schema recurses without end."""
        try:
            return bool(_build_validator(self.schema, self.root_schema).is_valid(value))
        except RecursionError:
            return False


def constraints_from_schema(
    kind: str, part: Mapping[str, Any], root: Mapping[str, Any]
) -> Constraints | None:
    """Return the constraints of a property of the schema `root` beyond its type, or None.

    Lengths are not checked for a date, a time or a phone number, which are stored in a normalized form.
    """
    kind_of_slot = slot_type(kind)
    if kind_of_slot.has_own_schema:
        keywords = {
            key: part[key] for key in part if key not in _ANNOTATION_KEYWORDS and not key.startswith("x-")
        }
    else:
        keywords = {key: part[key] for key in kind_of_slot.constraint_keywords if key in part}
    if not keywords:
        return None
    schema = json.dumps(keywords)
    return Constraints(schema, json.dumps(root)) if '"$ref"' in schema else Constraints(schema)


@lru_cache(maxsize=_CACHE_SIZE)
def _build_validator(schema: str, root: str) -> Any:
    return _validator_factory()(json.loads(root)).evolve(schema=json.loads(schema))


@cache
def _validator_factory() -> Callable[[Any], Any]:
    """Return the library's validator with patterns bounded in time and without remote references."""
    from jsonschema import Draft202012Validator  # imported on first use: it is slow, and few flows need it
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend
    from referencing import Registry

    def pattern(_: Any, source: str, value: Any, __: Any) -> Iterator[Any]:
        if isinstance(value, str) and not BoundedRegex(source).search(value):
            yield ValidationError("it does not match")

    def multiple(_: Any, of: float, value: Any, __: Any) -> Iterator[Any]:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and Fraction(str(value)) % Fraction(str(of)):  # exact, as 19.99 has no exact binary form
            yield ValidationError("it is no multiple")

    validator = extend(Draft202012Validator, {"pattern": pattern, "multipleOf": multiple})
    return lambda root: validator(root, registry=Registry())
