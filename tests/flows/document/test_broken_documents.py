"""Any document is either a valid flow or raises one error that names the problem."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.compiled import compile_all_languages, compile_flow
from flows.document import Flow, FlowError
from tests.effort import example_count
from tests.flows.conversation import LIBRARY, Json, document, edge, input_schema, machine, node, turn

GO = edge(
    "go",
    "b",
    keywords=["go"],
    examples=["let us go"],
    pattern="go+",
    guard="x",
    input_schema=input_schema(x={"type": "string", "pattern": "^x$"}, y={"enum": [1, 2]}),
)
START = node(
    "a",
    "Hi {{ x }}",
    instruction="Ask.",
    choices=["One", {"label": "Two", "payload": "2"}],
    max_turns=3,
    edges=[GO],
    actions=[{"trigger": "on_enter", "action_id": "call"}],
    timeout={"seconds": 600, "say": "Still there?"},
)
SOUND = document(
    START,
    node("b", "Bye", is_final=True, media=[{"url": "https://example.org/a.png"}]),
    global_edges=[edge("faq", "b")],
    actions=[
        {"id": "call", "name": "call", "method": "GET", "url": "https://example.org", "headers": {"a": "b"}}
    ],
    environment_variables={"shop": "Harbour Lane"},
    tools=[{"id": "t", "name": "t", "description": "d"}],
    hours={"timezone": "Europe/Berlin", "monday": ["09:00-17:00"], "closed_on": ["2026-12-25"]},
    budget={"turns": 9},
    languages={
        "de": {
            "nodes": {"a": {"static_text": "Hallo", "choices": ["Eins", "Zwei"], "timeout": "Noch da?"}},
            "edges": {"go": {"keywords": ["los"]}},
            "slots": {"x": {"question": "Wer?", "region": "DE"}},
        }
    },
)
LIBRARY_WORDS = (
    "Input should",
    "instance of",
    "tuple",
    "dictionary",
    "Value error",
    "Field",
    "json-or-python",
)

Place = tuple[str | int, ...]

junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-9, 9),
    st.text(max_size=6),
    st.sampled_from(["{{", "{{ x | loud }}", "(", "a b", "router", "a", "go", "__stay_on_node__", "object"]),
    st.lists(st.one_of(st.none(), st.text(max_size=3), st.lists(st.none(), max_size=1)), max_size=3),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)


def list_places(part: Any, path: Place = ()) -> list[Place]:
    """The path of everything inside a document."""
    inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [path, *(place for key, value in inside for place in list_places(value, (*path, key)))]


PLACES = [place for place in list_places(SOUND) if place]


def put_value(broken: Any, place: Place, value: object) -> None:
    """Put `value` at a place that may be gone by now."""
    for step in place[:-1]:
        try:
            broken = broken[step]
        except (KeyError, IndexError, TypeError):
            return
    with contextlib.suppress(IndexError, TypeError):
        broken[place[-1]] = value


def test_the_document_that_is_broken_here_is_sound() -> None:
    assert Flow.from_json(json.dumps(SOUND)).nodes
    assert len(PLACES) > 60


@pytest.mark.long
@settings(max_examples=example_count(400))
@given(st.lists(st.tuples(st.sampled_from(PLACES), junk), min_size=1, max_size=3))
def test_a_damaged_document_is_refused_in_one_error_or_runs(damage: list[tuple[Place, object]]) -> None:
    broken = copy.deepcopy(SOUND)
    for place, value in damage:
        put_value(broken, place, value)
    flow = load(broken)
    if isinstance(flow, FlowError):
        assert flow.issues
        assert all(problem.message for problem in flow.issues)
        assert not [each for each in flow.issues if any(word in each.message for word in LIBRARY_WORDS)]
        return
    assert compile_all_languages(flow)
    assert isinstance(flow.warnings, tuple)
    step = asyncio.run(machine(flow).answer(turn("go x 1"), None))
    assert all(message.text for message in step.messages)
    assert step.messages


def load(document: Json) -> Flow | FlowError:
    try:
        return Flow.from_json(json.dumps(document))
    except FlowError as error:
        return error


def test_every_library_flow_is_compiled() -> None:
    assert all(compile_flow(Flow.load(path)).nodes for path in LIBRARY.glob("*.json"))
