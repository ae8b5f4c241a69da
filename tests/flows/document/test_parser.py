from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from flows.document import Flow, FlowError
from flows.document.reading.parser import parse_yaml
from tests.flows.conversation import LIBRARY, machine, say

GREETING = """
system_prompt: You are kind.
initial_node: ask
nodes:
  - id: ask
    name: Ask
    static_text: Möchten Sie Tee?
    edges:
      - {id: go, condition: The guest says yes, target_node_id: end, keywords: ["yes"]}
  - {id: end, name: End, static_text: Bis gleich., is_final: yes}
"""


def nest_merges(merge: Callable[[str], str], levels: int = 9) -> str:
    """Return a document in which each mapping merges the one before it."""
    mappings = [f"m{level}: &m{level}\n  {merge(f'm{level - 1}')}\n" for level in range(1, levels)]
    keys = "".join(f"  k{number}: {number}\n" for number in range(9))
    return f"m0: &m0\n{keys}{''.join(mappings)}"


def find_issues(text: str) -> dict[str, str]:
    with pytest.raises(FlowError) as caught:
        Flow.from_yaml(text)
    return {problem.path: problem.message for problem in caught.value.issues}


@pytest.mark.parametrize("name", ["flow.yaml", "flow.yml", "FLOW.YAML"])
async def test_a_yaml_file_is_read_by_its_name_and_runs(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(GREETING, encoding="utf-8")
    answer = await say(machine(Flow.load(tmp_path / name)), "hi", "yes")
    assert (answer.text, answer.outcome) == ("Bis gleich.", "final")


def test_json_is_yaml_too() -> None:
    text = (LIBRARY / "support.json").read_text(encoding="utf-8")
    assert Flow.from_yaml(text) == Flow.from_json(text)


def test_a_word_that_yaml_takes_for_a_boolean_is_to_be_quoted() -> None:
    text = GREETING.replace('["yes"]', "[yes, sure]").replace("name: End", "name: off")
    assert find_issues(text) == {
        "nodes[0].edges[0].keywords[0]": (
            "Text is required here and this is true or false, as YAML reads yes, no, on and off: "
            "write it in quotes."
        ),
        "nodes[1].name": (
            "Text is required here and this is true or false, as YAML reads yes, no, on and off: "
            "write it in quotes."
        ),
    }


def test_a_number_where_text_is_needed_is_to_be_quoted() -> None:
    assert find_issues(GREETING.replace("name: End", "name: 7")) == {
        "nodes[1].name": "Text is required here and this is a number: write it in quotes."
    }


def test_the_values_of_an_enumeration_of_texts_are_looked_at_too() -> None:
    schema = "input_schema: {type: object, properties: {tea: {type: string, enum: [yes, no, maybe]}}}"
    problems = find_issues(GREETING.replace('keywords: ["yes"]', schema))
    assert set(problems) == {
        f"nodes[0].edges[0].input_schema.properties.tea.enum[{index}]" for index in (0, 1)
    }


def test_a_key_that_is_not_text_is_named() -> None:
    assert find_issues(GREETING + "on: 1\n") == {"": "The key True is not text here: write it in quotes."}


def test_a_date_stays_the_text_that_was_written() -> None:
    text = GREETING.replace('keywords: ["yes"]', "examples: [2026-11-23]")
    assert Flow.from_yaml(text).nodes[0].edges[0].examples == ("2026-11-23",)


@pytest.mark.parametrize("text", ["a: [", "a: !!python/object/apply:os.getcwd []", "a: &a [*a]", "\tx"])
def test_what_is_not_safe_yaml_is_refused(text: str) -> None:
    assert "not YAML" in find_issues(text)[""]


def test_a_mistake_of_syntax_is_named_with_its_line() -> None:
    assert "(line 2, column 5)" in find_issues("a: 1\nb: [}\n")[""]


def test_aliases_that_blow_up_a_document_are_refused_quickly() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert find_issues("\n".join(lines)) == {"": "With its aliases expanded this is too large."}


@pytest.mark.parametrize("text", ["", "- a", "7"])
def test_yaml_that_is_not_an_object_is_refused(text: str) -> None:
    assert "A flow is an object with system_prompt" in find_issues(text)[""]


def test_unquoted_booleans_in_choices_are_reported_at_each_word() -> None:
    problems = find_issues(GREETING.replace("static_text: Möchten Sie Tee?", "choices: [yes, no, maybe]"))
    assert set(problems) == {"nodes[0].choices[0]", "nodes[0].choices[1]"}
    assert all("write it in quotes" in sentence for sentence in problems.values())


def test_a_duplicate_key_is_warned_of_unless_it_is_merged() -> None:
    flow = Flow.from_yaml(GREETING + "objective: a\nobjective: b\n")
    assert [problem.path for problem in flow.warnings] == ["objective"]
    assert flow.objective == "b"
    merged = GREETING.replace("- {id: end,", "- {<<: {name: Start, is_final: no}, id: end,")
    assert Flow.from_yaml(merged).warnings == ()


def test_aliases_are_a_fine_way_to_say_a_thing_once() -> None:
    text = GREETING.replace('keywords: ["yes"]', 'keywords: &ok ["yes"], examples: *ok')
    assert json.loads(Flow.from_yaml(text).model_dump_json())["nodes"][0]["edges"][0]["examples"] == ["yes"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "base: &base\n"
            + "".join(f"  k{number}: 1\n" for number in range(2_000))
            + f"all:\n  <<: [{', '.join(['*base'] * 2_000)}]\n",
            "copy too many values",
        ),
        ("a: &a\n  <<: *a\n", "inside its own mapping"),
        ("a: &a\n  b: &b\n    <<: *a\n  <<: *b\n", "inside its own mapping"),
    ],
    ids=["wide", "itself", "each other"],
)
def test_merge_keys_that_copy_too_much_are_refused(text: str, reason: str) -> None:
    with pytest.raises(FlowError, match=reason):
        parse_yaml(text, "flow.yaml")


@pytest.mark.parametrize("times", [2, 9])
@pytest.mark.parametrize("levels", [9, 30])
def test_nested_merge_keys_end(times: int, levels: int) -> None:
    """PyYAML up to 6.0.2 copies each merged key again, later ones once."""
    text = nest_merges(lambda name: f"<<: [{', '.join([f'*{name}'] * times)}]", levels)
    with suppress(FlowError):
        document = parse_yaml(text, "flow.yaml")
        assert document[f"m{levels - 1}"] == document["m0"]


def test_merge_keys_copy_as_before() -> None:
    text = "a: &a {x: 1, y: 2}\nb: &b {y: 3}\nc:\n  <<: [*a, *b]\n  z: 4\nd:\n  <<: *b\n  y: 5\n"

    document = parse_yaml(text, "flow.yaml")
    assert document["c"] == {"x": 1, "y": 2, "z": 4}
    assert document["d"] == {"y": 5}
