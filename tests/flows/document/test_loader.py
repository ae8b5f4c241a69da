from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.document import Flow, FlowError
from tests.flows.conversation import LIBRARY, document, find_issues, node

SOUND = json.dumps(document(node("a", "Hi", is_final=True)))


def test_the_names_that_the_reference_has_read_the_same() -> None:
    path = LIBRARY / "kyc.json"
    text = path.read_text(encoding="utf-8")
    flow = Flow.load(path)
    assert Flow.from_file(path) == Flow.from_json_file(path) == Flow.from_yaml_file(path) == flow
    assert Flow.from_json_string(text) == Flow.from_yaml_string(text) == flow


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flow.txt").write_text(SOUND)
    with pytest.raises(ValueError, match=r"The name must end in \.json, \.yaml or \.yml\."):
        Flow.from_file(tmp_path / "flow.txt")


def test_a_bad_document_is_a_value_error_and_a_missing_file_one_that_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="required and missing"):
        Flow.from_json("{}")
    with pytest.raises(FileNotFoundError, match="No such file"):
        Flow.from_json_file(tmp_path / "nowhere.json")
    with pytest.raises(FlowError, match="nowhere"):
        Flow.load(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("key", ["livekit_flow_yaml", "livekit_flow_json", "livekit_flow_file"])
def test_settings_name_a_file(key: str) -> None:
    flow = Flow.from_config({key: str(LIBRARY / "kyc.json"), "other": 1})
    assert flow == Flow.load(LIBRARY / "kyc.json")


@pytest.mark.parametrize("key", ["livekit_flow_yaml_string", "flows_json"])
def test_settings_hold_a_document(key: str) -> None:
    assert Flow.from_config({key: SOUND}) == Flow.from_json(SOUND)


def test_the_first_of_the_settings_counts() -> None:
    assert Flow.from_config({"flows_json": SOUND, "livekit_flow_file": "nowhere.json"})
    assert Flow.from_config({"livekit_flow_yaml": None, "flows_json": SOUND})


@pytest.mark.parametrize("text", ["", " ", "{}", "[]", "null", "~", None])
def test_settings_without_a_flow_are_none(text: str | None) -> None:
    assert Flow.from_config({}) is None
    assert Flow.from_config({"flows_json": text}) is None


def test_settings_of_the_wrong_kind_are_refused() -> None:
    with pytest.raises(FlowError, match="flows_json: Text is required here"):
        Flow.from_config({"flows_json": {"nodes": []}})


def test_a_byte_order_mark_is_ignored_in_a_text_too() -> None:
    assert Flow.from_json("\ufeff" + SOUND).nodes


def test_a_path_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(FlowError, match="The file cannot be read: embedded null byte"):
        Flow.load("a\0b")


def test_a_duplicate_key_is_warned_of_with_its_place() -> None:
    text = SOUND.replace('"name": "a"', '"name": "a", "name": "b"')
    flow = Flow.from_json(text)
    assert flow.nodes[0].name == "b"
    assert [str(problem) for problem in flow.warnings] == [
        "nodes[0].name: This key is repeated; the last one counts."
    ]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_an_invalid_number_is_refused_with_its_place(number: str) -> None:
    assert find_issues(SOUND[:-1] + f', "x": [{number}]}}') == {
        "x[0]": "This number cannot be represented in JSON."
    }


def test_half_a_character_is_refused_with_its_place() -> None:
    assert find_issues(SOUND.replace("Hi", "Hi \\ud83d")) == {
        "nodes[0].static_text": "This text contains a lone surrogate (half a character): remove it."
    }
    assert "half a surrogate pair" in find_issues(SOUND[:-1] + ', "\\ud83d": 1}')["''"]
    assert Flow.from_json(SOUND.replace("Hi", "\\ud83d\\ude00")).nodes[0].static_text == "😀"


def test_a_document_is_not_deeper_than_it_can_be_written() -> None:
    deep = "[" * 100 + "]" * 100
    assert Flow.from_json(SOUND[:-1] + f', "x": {deep[1:-1]}}}').nodes
    assert list(find_issues(SOUND[:-1] + f', "x": [{deep}]}}').values()) == ["This is nested too deeply."]
