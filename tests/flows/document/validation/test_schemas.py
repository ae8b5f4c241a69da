from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.document import Flow, FlowError
from flows.document.validation.schemas import validate_json_schema
from flows.slots import slots_from_schema
from tests.flows.conversation import Json, document, edge, node

words = st.sampled_from(
    [
        "type",
        "properties",
        "required",
        "items",
        "enum",
        "minimum",
        "pattern",
        "$ref",
        "anyOf",
        "format",
        "x-region",
    ]
)
values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-2, 9), st.sampled_from(["string", "object", "a", "(", "#/a"])
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words | st.just("a"), inner, max_size=3),
    max_leaves=8,
)


def find_schema_issues(schema: Json) -> dict[str, str]:
    return dict(validate_json_schema("s", schema))


@pytest.mark.parametrize(
    ("part", "place", "sentence"),
    [
        (
            {"type": "strng"},
            "type",
            "This must be one of string, number, integer, boolean, array, object, null",
        ),
        ({"type": 5}, "type", "This must be one of string"),
        ({"type": ["string", "x"]}, "type", "This must be one of string"),
        ({"minimum": "x"}, "minimum", "This must be a number."),
        ({"format": 3}, "format", "This must be text."),
        ({"items": 5}, "items", "This must be a schema."),
        ({"minLength": -1}, "minLength", "This must be 0 or more."),
        ({"multipleOf": 0}, "multipleOf", "This must be more than 0."),
        ({"enum": []}, "enum", "This must be a list with at least one value."),
        ({"pattern": "("}, "pattern", "This is not a regular expression: "),
        ({"pattern": 5}, "pattern", "This must be a regular expression in quotes."),
        ({"items": {"pattern": "["}}, "items.pattern", "This is not a regular expression: "),
        ({"anyOf": [{"type": "x"}]}, "anyOf[0].type", "This must be one of string"),
        ({"properties": {"b": {}}, "required": ["c"]}, "required[0]", "“c” is not among the properties."),
        ({"properties": {"b": {"type": "x"}}}, "properties.b.type", "This must be one of string"),
        ({"$ref": "#/b"}, "$ref", "There is no “#/b” in this schema."),
        ({"$ref": "https://example.org/b"}, "$ref", "There is no “https://example.org/b” in this schema."),
        ({"x-region": "XX"}, "x-region", "“XX” is not a country code; write it like DE."),
        ({"x-region": 5}, "x-region", "“5” is not a country code; write it like DE."),
        ({"required": ["a", "a"]}, "required", "This contains a duplicate."),
    ],
)
def test_what_is_wrong_within_a_schema_is_named(part: Json, place: str, sentence: str) -> None:
    found = find_schema_issues({"type": "object", "properties": {"a": part}})
    assert set(found) == {f"s.properties.a.{place}"}
    assert found[f"s.properties.a.{place}"].startswith(sentence)


@pytest.mark.parametrize(
    ("schema", "places"),
    [
        ({"type": "string"}, {"s.type"}),
        ({"properties": []}, {"s.properties"}),
        ({"properties": {"a": True}}, {"s.properties.a"}),
        ({"required": ["a"]}, {"s.required[0]"}),
        ({"required": "a"}, {"s.required"}),
    ],
)
def test_what_is_wrong_with_a_schema_is_named(schema: Json, places: set[str]) -> None:
    assert set(find_schema_issues(schema)) == places


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"properties": {"a": {"type": ["string", "null"], "x-region": "de"}}, "required": ["a"]},
        {
            "type": "object",
            "properties": {"a": {"$ref": "#/$defs/A~1b"}},
            "$defs": {"A/b": {"type": "string"}},
        },
        {
            "type": "object",
            "properties": {"a": {"type": "array", "items": {"type": "object", "required": ["b"]}}},
        },
    ],
)
def test_there_is_nothing_to_say_against_a_sound_schema(schema: Json) -> None:
    assert find_schema_issues(schema) == {}


def test_schemas_of_edges_and_tools_are_reported() -> None:
    schema = {"properties": {"a": {"type": "strng"}}}
    tool = {"id": "t", "name": "t", "description": "d", "input_schema": schema}
    broken = document(node("a", edges=[edge("e", "a", input_schema=schema)]), tools=[tool])
    with pytest.raises(FlowError) as caught:
        Flow.from_json(json.dumps(broken))
    assert [problem.path for problem in caught.value.issues] == [
        "nodes[0].edges[0].input_schema.properties.a.type",
        "tools[0].input_schema.properties.a.type",
    ]


def test_a_schema_without_a_type_is_of_an_object() -> None:
    flow = Flow.model_validate(
        document(
            node(
                "a", edges=[edge("e", "a", input_schema={}), edge("f", "a", input_schema={"properties": {}})]
            )
        )
    )
    assert flow.warnings == ()


def test_a_country_that_a_language_names_is_looked_at_too() -> None:
    with pytest.raises(FlowError, match=r"languages\.de\.slots\.phone\.region: “XX” is not a country code"):
        Flow.from_json(
            json.dumps(document(node("a"), languages={"de": {"slots": {"phone": {"region": "XX"}}}}))
        )


def test_a_schema_without_end_is_reported() -> None:
    schema: Json = {}
    for _ in range(200):
        schema = {"items": schema}
    assert find_schema_issues({"properties": {"a": schema}}) == {"s": "This schema is nested too deeply."}


@given(st.dictionaries(words, values, max_size=4), values)
def test_a_schema_is_refused_or_every_value_fits_it_or_not(schema: dict[str, Any], value: Any) -> None:
    whole = {"type": "object", "properties": {"a": schema}}
    if find_schema_issues(whole):
        return
    (slot,) = slots_from_schema(whole)
    assert slot.is_valid(value) in (True, False)
