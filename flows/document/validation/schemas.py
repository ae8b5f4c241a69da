"""The JSON Schemas in a document: what is wrong with one, named at its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

import phonenumbers

from flows.document.errors import Problem
from flows.document.traversal import Document, mapping
from flows.text.bounded_regex import pattern_error

_KEPT = 2_000
_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
_KINDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}
_ONE = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else")
_LISTED = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")


def problems_of_schema(path: str, schema: Document) -> Iterator[Problem]:
    """What is wrong with the schema of an edge or a tool; without a type it is of an object."""
    found: dict[str, str] = {}
    for place, sentence in (*_outside(schema), *_inside("", schema, schema), *_faults(_text(schema))):
        found.setdefault(place, sentence)
    yield from (Problem(path + place, sentence) for place, sentence in found.items())


def region_error(region: object) -> str:
    """Why this is no country whose phone numbers are known, as a sentence; empty when it is one."""
    known = isinstance(region, str) and region.upper() in phonenumbers.SUPPORTED_REGIONS
    return "" if known else f"“{region}” is no country; write it like DE."


Faults = Iterator[tuple[str, str]]


def _outside(schema: Document) -> Faults:
    if schema.get("type", "object") != "object":
        yield ".type", "This schema describes an object: “type” must be “object”."
    properties = schema.get("properties", {})
    if not isinstance(properties, Mapping):
        yield ".properties", "This must be an object with one schema a name."
        return
    for name, part in properties.items():
        if not isinstance(part, Mapping):
            yield f".properties.{name}", "This must be a schema, such as {“type”: “string”}."


def _inside(path: str, schema: Document, root: Document, depth: int = 50) -> Faults:
    """What JSON Schema itself does not ask for, here and in what the schema holds."""
    if "pattern" in schema and (sentence := pattern_error(schema["pattern"])):
        yield f"{path}.pattern", sentence
    if "enum" in schema and not (isinstance(schema["enum"], list | tuple) and schema["enum"]):
        yield f"{path}.enum", "This must be a list with at least one value."
    if schema.get("x-region") not in (None, "") and (sentence := region_error(schema["x-region"])):
        yield f"{path}.x-region", sentence
    if isinstance(schema.get("$ref"), str) and not _is_there(schema["$ref"], root):
        yield f"{path}.$ref", f"There is no “{schema['$ref']}” in this schema."
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if isinstance(properties, Mapping) and (properties or not path):
        if not isinstance(required, list | tuple):
            yield f"{path}.required", "This must be a list of names."
        for index, name in enumerate(required if isinstance(required, list | tuple) else ()):
            if not isinstance(name, str) or name not in properties:
                yield f"{path}.required[{index}]", f"“{name}” is not among the properties."
    for place, part in _parts(path, schema) if depth else ():
        yield from _inside(place, part, root, depth - 1)


def _parts(path: str, schema: Document) -> Iterator[tuple[str, Document]]:
    places = [(f"{path}.{key}", schema.get(key)) for key in _ONE]
    for key in _LISTED:
        if isinstance(listed := schema.get(key), list | tuple):
            places += [(f"{path}.{key}[{index}]", part) for index, part in enumerate(listed)]
    for key in _NAMED:
        places += [(f"{path}.{key}.{name}", part) for name, part in mapping(schema, key).items()]
    yield from ((place, part) for place, part in places if isinstance(part, Mapping))


def _is_there(reference: str, root: Any) -> bool:
    where, _, pointer = reference.partition("#")
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(root, list | tuple) and step.isdecimal() and int(step) < len(root):
            root = root[int(step)]
        elif isinstance(root, Mapping) and step in root:
            root = root[step]
        else:
            return False
    return not where and pointer[:1] in ("", "/")


def _text(schema: Document) -> str:
    return json.dumps(schema, default=dict)


@lru_cache(maxsize=_KEPT)
def _faults(schema: str) -> tuple[tuple[str, str], ...]:
    """What JSON Schema itself (2020-12) has against a schema."""
    try:
        return tuple((_path(error.absolute_path), _sentence(error)) for error in _judge()(json.loads(schema)))
    except RecursionError:
        return (("", "This schema is nested too deeply."),)


@cache
def _judge() -> Callable[[Any], Iterator[Any]]:
    from jsonschema import Draft202012Validator  # it takes a while, and only for flows with schemas

    judge: Callable[[Any], Iterator[Any]] = Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors
    return judge


def _path(steps: Any) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


def _sentence(error: Any) -> str:
    """The library's finding in words; `validator` is the rule that was broken, `instance` what is there."""
    rule, asked = error.validator, error.validator_value
    if rule == "anyOf":  # only “type” has a choice
        return f"This must be one of {', '.join(_TYPES)}, or a list of such."
    if rule == "type":
        return f"This must be {'a schema' if isinstance(asked, list) else _KINDS.get(asked, asked)}."
    if rule in ("minimum", "exclusiveMinimum"):
        return f"This must be {asked} or more." if rule == "minimum" else f"This must be more than {asked}."
    if rule == "uniqueItems":
        return "This names something twice."
    return "JSON Schema does not have it so."
