from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.errors import ConfigurationError
from flows.document import Flow, FlowError, Issue
from tests.flows.conversation import LIBRARY, Json, document, edge, find_issues, input_schema, node


def list_warnings(sound: Json) -> dict[str, str]:
    return {problem.path: problem.message for problem in Flow.model_validate(sound).warnings}


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.json")), ids=lambda path: path.stem)
def test_a_library_flow_loads_without_a_warning(path: Path) -> None:
    assert Flow.load(path).warnings == ()


def test_a_missing_file_is_one_flow_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(FlowError) as caught:
        Flow.load(tmp_path / "nowhere.json")
    assert str(tmp_path / "nowhere.json") in str(caught.value)
    assert "There is no such file. Flows of the library: appointment, kyc," in str(caught.value)
    assert isinstance(caught.value, FileNotFoundError)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flow.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(FlowError, match="not UTF-8"):
        Flow.load(tmp_path / "flow.json")


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "flow.json").write_text(json.dumps(document(node("a", "Hä?"))), encoding="utf-8-sig")
    assert Flow.load(tmp_path / "flow.json").nodes[0].static_text == "Hä?"


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(FlowError, match="not JSON"):
        Flow.from_json(text)


@pytest.mark.parametrize("text", ["[]", "null", '"flow"', "7"])
def test_json_that_is_not_an_object_is_refused(text: str) -> None:
    with pytest.raises(FlowError, match="A flow is an object with system_prompt"):
        Flow.from_json(text)


def test_a_flow_error_is_something_that_a_person_must_put_right() -> None:
    assert issubclass(FlowError, ConfigurationError)
    assert str(FlowError("kyc.json", [Issue("a.b", "No."), Issue("", "Bad.")])) == (
        "kyc.json: 2 problems\n  a.b: No.\n  Bad."
    )


def test_every_problem_is_named_at_once_even_beside_mistakes_of_shape() -> None:
    broken = document(
        node("a", "{{ broken", edges=[edge("good-id", "nowhere"), {"id": "bad id", "target_node_id": "b"}]),
        node("b", actions=[{"trigger": "on_enter", "action_id": "lost"}]),
        node("b", edges=[edge("e", "a", input_schema={"type": "array"}, guard="1 +", pattern="(")]),
        initial_node="start",
        actions=[{"id": "x", "name": "x", "method": "post", "url": "https://example.org/{{"}],
    )
    assert set(find_issues(broken)) == {
        "initial_node",
        "nodes[0].static_text",
        "nodes[0].edges[0].target_node_id",
        "nodes[0].edges[1].id",
        "nodes[0].edges[1].condition",
        "nodes[1].actions[0].action_id",
        "nodes[2].id",
        "nodes[2].edges[0].input_schema.type",
        "nodes[2].edges[0].guard",
        "nodes[2].edges[0].pattern",
        "actions[0].method",
        "actions[0].url",
    }


def test_a_problem_is_reported_in_a_plain_sentence() -> None:
    problems = find_issues(document(node("a", edges=[edge("e", "b")]), node("a")))
    assert problems == {
        "nodes[0].edges[0].target_node_id": "There is no node “b”. There is: a.",
        "nodes[1].id": "“a” is already the id of nodes[0].",
    }


def test_a_schema_is_looked_through() -> None:
    schema: Json = {
        "type": "object",
        "properties": {"a": {"pattern": "["}, "b": "text", "c": {"enum": []}},
        "required": ["a", "d"],
    }
    problems = find_issues(document(node("a", edges=[edge("e", "a", input_schema=schema)])))
    assert set(problems) == {
        "nodes[0].edges[0].input_schema.properties.a.pattern",
        "nodes[0].edges[0].input_schema.properties.b",
        "nodes[0].edges[0].input_schema.properties.c.enum",
        "nodes[0].edges[0].input_schema.required[1]",
    }


@pytest.mark.parametrize("missing", ["system_prompt", "initial_node", "nodes"])
def test_what_is_required_at_the_top_is_named(missing: str) -> None:
    broken = document(node("a"))
    del broken[missing]
    assert find_issues(broken)[missing].startswith(f"This is required and missing: write {missing}: ")


def test_a_broken_flow_cannot_be_made_in_python_either() -> None:
    with pytest.raises(ValidationError, match=r"initial_node: There is no node “b”\."):
        Flow.model_validate(document(node("a"), initial_node="b"))


def test_the_other_names_of_keys_are_read() -> None:
    action = {"id": "x", "name": "x", "method": "POST", "url": "https://example.org", "body_template": "{}"}
    flow = Flow.model_validate(
        document(
            node("a", actions=[{"trigger_type": "on_exit", "action_id": "x"}]),
            global_actions=[action],
            env_vars=[{"key": "HOST", "value": "example.org"}],
        )
    )
    assert flow.actions[0].body == "{}"
    assert flow.nodes[0].actions[0].trigger == "on_exit"
    assert flow.environment_variables == {"HOST": "example.org"}


def test_unknown_keys_are_kept_and_named_and_do_not_stop_a_flow() -> None:
    place = node(
        "a",
        "Hi",
        is_final=True,
        flow_stage="x",
        choices=[{"label": "A", "colour": "red"}],
        timeout={"seconds": 5, "say": "Hm?", "tries": 2},
        on_undelivered={"say": "Hm?", "tries": 2},
        media=[{"url": "https://example.org/a.png", "alt": "A"}],
    )
    german = {"nodes": {"a": {"static_text": "Hallo", "choices": ["A"], "note": "x"}}, "note": "x"}
    sound = document(
        place,
        **{"$schema": "flow.schema.json", "x": 1, "budget": {"turns": 9, "words": 9}},
        hours={"monday": ["09:00-17:00"], "montag": []},
        languages={"de": german},
    )
    assert set(list_warnings(sound)) == {
        "x",
        "nodes[0].flow_stage",
        "nodes[0].choices[0].colour",
        "nodes[0].timeout.tries",
        "nodes[0].on_undelivered.tries",
        "nodes[0].media[0].alt",
        "budget.words",
        "hours.montag",
        "languages.de.note",
        "languages.de.nodes.a.note",
    }
    assert Flow.model_validate(sound).nodes[0].model_extra == {"flow_stage": "x"}


@pytest.mark.parametrize("blank", [None, "none", 7, {}, []])
def test_an_invalid_environment_is_empty(blank: object) -> None:
    flow = Flow.model_validate(document(node("a", is_final=True), environment_variables=blank))
    assert flow.environment_variables == {}
    assert flow.warnings == ()


def test_a_call_has_some_time_and_not_more_than_there_is() -> None:
    action = {"id": "x", "name": "x", "method": "GET", "url": "https://example.org"}
    tool = {"id": "t", "name": "t", "description": "d"}
    sound = document(
        node("a", "A", is_final=True, tools=[{**tool, "timeout": 46}]),
        actions=[{**action, "timeout": 100_000}],
        tools=[{**tool, "id": "u", "timeout": 45}],
    )
    assert set(list_warnings(sound)) == {"actions[0]", "actions[0].timeout", "nodes[0].tools[0].timeout"}
    broken = document(node("a"), actions=[{**action, "timeout": -5}], tools=[{**tool, "timeout": 0}])
    assert find_issues(broken) == {
        "actions[0].timeout": "This must be more than 0.",
        "tools[0].timeout": "This must be more than 0.",
    }


def test_unreachable_nodes_dead_ends_and_twice_used_edge_ids_are_warned_of() -> None:
    sound = document(
        node("a", "A", edges=[edge("go", "b"), edge("on", "c")]),
        node("b", "B"),
        node("c", "C", edges=[edge("go", "a")]),
        node("d", "D", is_final=True),
    )
    assert set(list_warnings(sound)) == {
        "nodes[0].edges[0].id",
        "nodes[2].edges[0].id",
        "nodes[1]",
        "nodes[3]",
    }


def test_a_node_that_answers_an_interrupt_is_not_a_dead_end() -> None:
    sound = document(node("a", "A", is_final=True), node("faq", "B"), global_edges=[edge("ask", "faq")])
    assert list_warnings(sound) == {}


def test_a_tool_that_is_never_run_is_said_to_be_so() -> None:
    tool = {"id": "t", "name": "t", "description": "d", "type": "mcp", "server": "somewhere"}
    sound = document(node("a", "A", is_final=True, tools=[tool]), tools=[tool])
    assert set(list_warnings(sound)) == {"tools[0]", "nodes[0].tools[0]"}


@pytest.mark.parametrize(
    ("pattern", "is_slow"),
    [("(a+)+b", True), (r"(?:\d{2} ?)*x", True), ("^(a|a)*$", True), ("(ab)+c*", False)],
)
def test_a_pattern_that_may_run_for_ever_is_warned_of(pattern: str, is_slow: bool) -> None:
    schema = input_schema(x={"type": "string", "pattern": pattern})
    sound = document(node("a", "A", edges=[edge("e", "a", pattern=pattern, input_schema=schema)]))
    places = {"nodes[0].edges[0].pattern", "nodes[0].edges[0].input_schema.properties.x.pattern"}
    assert set(list_warnings(sound)) == (places if is_slow else set())


def test_a_choice_may_be_a_bare_label() -> None:
    flow = Flow.model_validate(document(node("a", "A", choices=["Yes", {"label": "No", "payload": "no"}])))
    assert [(choice.label, choice.payload) for choice in flow.nodes[0].choices] == [("Yes", ""), ("No", "no")]


def test_a_bare_label_that_is_not_a_template_is_refused_by_its_place() -> None:
    assert set(find_issues(document(node("a", "A", choices=["Yes", "{{"])))) == {"nodes[0].choices[1].label"}


def test_a_flow_cannot_be_changed() -> None:
    flow = Flow.model_validate(document(node("a", "A")))
    with pytest.raises(ValidationError, match="frozen"):
        flow.nodes[0].static_text = "B"  # type: ignore[misc]


def test_the_schema_helper_makes_a_sound_schema() -> None:
    assert Flow.model_validate(
        document(node("a", edges=[edge("e", "a", input_schema=input_schema(x={"type": "string"}))]))
    )
