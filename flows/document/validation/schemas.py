"""Validation of the JSON Schemas in a document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import phonenumbers

from flows.document.errors import Issue
from flows.document.reading.parser import QUOTES_NEEDED
from flows.document.traversal import Document, get_mapping
from flows.document.validation.hints import suggest_name
from flows.text import pattern_error

_CACHE_SIZE = 2_000
_JSON_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
_TYPE_DESCRIPTIONS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}
_SUBSCHEMA_KEYS = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else")
_SUBSCHEMA_LIST_KEYS = ("anyOf", "oneOf", "allOf", "prefixItems")
_MESSAGE_FORMATS = ("location", "form")
"""The formats of slots that are filled by what a message carries."""

_SUBSCHEMA_MAP_KEYS = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")


def validate_json_schema(path: str, schema: Document) -> Iterator[Issue]:
    """Yield the issues of the schema of an edge or a tool; without a type it describes an object."""
    sentences: dict[str, str] = {}
    for place, sentence in (
        *_validate_top_level(schema),
        *_validate_subschema("", schema, schema),
        *_metaschema_errors(_dump_schema(schema)),
    ):
        sentences.setdefault(place, sentence)
    yield from (Issue(path + place, sentence) for place, sentence in sentences.items())


def region_error(region: object) -> str:
    """Return why this is not a country code with known phone numbers, or an empty string."""
    is_known = isinstance(region, str) and region.upper() in phonenumbers.SUPPORTED_REGIONS
    return "" if is_known else f"“{region}” is not a country code; write it like DE."


SchemaErrors = Iterator[tuple[str, str]]


def _validate_top_level(schema: Document) -> SchemaErrors:
    if schema.get("type", "object") != "object":
        yield ".type", "This schema describes an object: “type” must be “object”."
    properties = schema.get("properties", {})
    if not isinstance(properties, Mapping):
        yield ".properties", "This must be an object with a schema for each name."
        return
    for name, part in properties.items():
        if not isinstance(part, Mapping):
            yield f".properties.{name}", "This must be a schema, such as {“type”: “string”}."


def _validate_subschema(path: str, schema: Document, root: Document, depth: int = 50) -> SchemaErrors:
    """Yield the issues beyond JSON Schema's own rules, nested schemas included."""
    if "pattern" in schema and (sentence := pattern_error(schema["pattern"])):
        yield f"{path}.pattern", sentence
    if "enum" in schema and not (isinstance(schema["enum"], list | tuple) and schema["enum"]):
        yield f"{path}.enum", "This must be a list with at least one value."
    elif "enum" in schema and schema.get("type") != "boolean" and _mixes_booleans(schema["enum"]):
        yield f"{path}.enum", QUOTES_NEEDED
    if "x-synonyms" in schema and (sentence := _synonyms_error(schema)):
        yield f"{path}.x-synonyms", sentence
    if schema.get("x-region") not in (None, "") and (sentence := region_error(schema["x-region"])):
        yield f"{path}.x-region", sentence
    if schema.get("format") in _MESSAGE_FORMATS and schema.get("type") != "object":
        yield f"{path}.type", f"A slot with the format “{schema['format']}” has the type “object”."
    if isinstance(schema.get("$ref"), str) and not _resolves(schema["$ref"], root):
        yield f"{path}.$ref", f"There is no “{schema['$ref']}” in this schema."
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if isinstance(properties, Mapping) and (properties or not path):
        if not isinstance(required, list | tuple):
            yield f"{path}.required", "This must be a list of names."
        for index, name in enumerate(required if isinstance(required, list | tuple) else ()):
            if not isinstance(name, str) or name not in properties:
                yield (
                    f"{path}.required[{index}]",
                    f"“{name}” is not among the properties.{suggest_name(str(name), properties)}",
                )
    for place, part in _iter_subschemas(path, schema) if depth else ():
        yield from _validate_subschema(place, part, root, depth - 1)


def _mixes_booleans(values: Sequence[object]) -> bool:
    """Return whether texts and true or false are values of one list, as YAML reads `[yes, no, maybe]`."""
    return any(isinstance(each, bool) for each in values) and any(isinstance(each, str) for each in values)


def _synonyms_error(schema: Document) -> str:
    """Return what is wrong with the synonyms of an enum's values, or an empty string."""
    names, values = schema["x-synonyms"], schema.get("enum")
    if not isinstance(names, Mapping) or not isinstance(values, list | tuple):
        return "This must be an object with a list of words for values of “enum”."
    unknown = next((name for name in names if name not in set(map(str, values))), None)
    return "" if unknown is None else f"“{unknown}” is not among the values of “enum”."


def _iter_subschemas(path: str, schema: Document) -> Iterator[tuple[str, Document]]:
    places = [(f"{path}.{key}", schema.get(key)) for key in _SUBSCHEMA_KEYS]
    for key in _SUBSCHEMA_LIST_KEYS:
        if isinstance(listed := schema.get(key), list | tuple):
            places += [(f"{path}.{key}[{index}]", part) for index, part in enumerate(listed)]
    for key in _SUBSCHEMA_MAP_KEYS:
        places += [(f"{path}.{key}.{name}", part) for name, part in get_mapping(schema, key).items()]
    yield from ((place, part) for place, part in places if isinstance(part, Mapping))


def _resolves(reference: str, root: Any) -> bool:
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


def _dump_schema(schema: Document) -> str:
    return json.dumps(schema, default=dict)


@lru_cache(maxsize=_CACHE_SIZE)
def _metaschema_errors(schema: str) -> tuple[tuple[str, str], ...]:
    """Yield the issues by JSON Schema's own rules (2020-12)."""
    try:
        return tuple(
            (_format_path(error.absolute_path), _describe_error(error))
            for error in _metaschema_validator()(json.loads(schema))
        )
    except RecursionError:
        return (("", "This schema is nested too deeply."),)


@cache
def _metaschema_validator() -> Callable[[Any], Iterator[Any]]:
    from jsonschema import (
        Draft202012Validator,
    )  # imported on first use: it is slow, and only flows with schemas need it

    iter_schema_errors: Callable[[Any], Iterator[Any]] = Draft202012Validator(
        Draft202012Validator.META_SCHEMA
    ).iter_errors
    return iter_schema_errors


def _format_path(steps: Any) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


def _describe_error(error: Any) -> str:
    """Describe the library's error; `validator` is the violated rule, `instance` the value."""
    rule, expected = error.validator, error.validator_value
    if rule == "anyOf":  # only “type” has a choice
        return f"This must be one of {', '.join(_JSON_TYPES)}, or a list of such."
    if rule == "type":
        kind = "a schema" if isinstance(expected, list) else _TYPE_DESCRIPTIONS.get(expected, expected)
        return f"This must be {kind}."
    if rule in ("minimum", "exclusiveMinimum"):
        return (
            f"This must be {expected} or more."
            if rule == "minimum"
            else f"This must be more than {expected}."
        )
    if rule == "uniqueItems":
        return "This contains a duplicate."
    return "This is not valid in JSON Schema."
