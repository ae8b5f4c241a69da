"""`flow new`, `flow chat --save-test` and `flow test --watch`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
import yaml

from flows.authoring.scaffold import TEMPLATES
from gateway.cli.flows import _tests
from tests.gateway.cli.test_flow import run_flow

SIMPLE = """
system_prompt: x
initial_node: ask
nodes:
  - id: ask
    name: Ask
    static_text: "Tea?"
    edges: [{id: sure, condition: yes please, keywords: [sure], target_node_id: end}]
  - {id: end, name: End, static_text: Enjoy., is_final: true}
"""
CALLS = """
system_prompt: x
initial_node: ask
actions:
  - id: look
    name: Look
    method: GET
    url: "http://127.0.0.1:9/{{ code }}"
    store_response_as: found
    retries: 0
nodes:
  - id: ask
    name: Ask
    static_text: "Which code?"
    edges:
      - id: code
        condition: code given
        target_node_id: end
        input_schema:
          {type: object, properties: {code: {type: string, pattern: "[A-Z]{3}"}}, required: [code]}
        actions: [{trigger: on_enter, action_id: look, on_failure: none}]
      - {id: none, condition: gone, target_node_id: sorry}
  - {id: end, name: End, static_text: Found., is_final: true}
  - {id: sorry, name: Sorry, static_text: Nothing there., is_final: true}
"""


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_new_flow_lints_clean_and_passes_its_test(template: str) -> None:
    assert run_flow("new", "own", "--template", template).exit_code == 0

    linted, tested = run_flow("lint", "own.yaml"), run_flow("test", "own.yaml")

    assert linted.exit_code == tested.exit_code == 0
    assert "warning:" not in linted.stdout
    assert "passed" in tested.stdout


@pytest.mark.parametrize(
    ("name", "template", "sentence"),
    [
        ("own", "form", "own.yaml exists already"),
        ("own.yml", "form", "own.test.yaml exists already"),
        ("new", "poem", "there is no template “poem”: choose form, faq, menu, support"),
        ("kyc", "form", "“kyc” is a flow of the library"),
        ("own.json", "form", "is not a valid name for a flow"),
        ("a.test.yaml", "form", "is not a valid name for a flow"),
        ("no/folder", "form", "no/folder.yaml cannot be written: No such file or directory"),
    ],
)
def test_a_new_flow_overwrites_nothing(name: str, template: str, sentence: str) -> None:
    for file in ("own.yaml", "own.test.yaml"):
        Path(file).write_text("mine", encoding="utf-8")

    result = run_flow("new", name, "--template", template)

    assert sentence in str(result.exception)
    assert sorted(path.name for path in Path().iterdir()) == ["own.test.yaml", "own.yaml"]
    assert Path("own.yaml").read_text(encoding="utf-8") == "mine"


def test_a_chat_becomes_a_test_that_passes_at_once_and_later() -> None:
    run_flow("new", "own", "--template", "form")
    before = Path("own.test.yaml").read_text(encoding="utf-8")
    said = (
        'tomorrow\n\nwhere are you?\n5\nmy number is 212 555 0147\nno, 6 people: "all" of us\nyes\nthanks\n'
    )
    for _ in range(2):
        result = run_flow("chat", "own.yaml", "--save-test", "own.test.yaml", stdin=said)
        assert "differs" not in result.output
    after = Path("own.test.yaml").read_text(encoding="utf-8")
    recorded = yaml.safe_load(after)["conversations"][-2:]

    assert after.startswith(before.rstrip())  # what was there stays as it is, comments too
    assert [each["name"] for each in recorded] == ["tomorrow", "tomorrow (2)"]
    assert recorded[0]["turns"][3]["say"] == "my number is 212 555 0147"
    assert recorded[0]["turns"][3]["expect"]["slots"] == {"phone": "+12125550147"}
    assert recorded[0]["turns"][5]["expect"]["outcome"] == "final"
    assert run_flow("test", "own.yaml").exit_code == 0


def test_what_other_systems_answered_and_a_new_file_are_part_of_the_test() -> None:
    Path("call.yaml").write_text(CALLS, encoding="utf-8")

    result = run_flow("chat", "call.yaml", "--save-test", "call.test.yaml", stdin="ABC\n")

    (recorded,) = yaml.safe_load(Path("call.test.yaml").read_text(encoding="utf-8"))["conversations"]
    assert "differs" not in result.output
    assert recorded["answers"] == {"look": [{"unreachable": True}]}
    assert recorded["turns"][0]["expect"]["node"] == "sorry"
    assert run_flow("test", "call.yaml").exit_code == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("conversations: [{name: a, turns: [{say: hi}]}]\n", "Write conversations as the last key"),
        (
            "conversations:\n- name: a\n  turns: [{say: hi}]\ntoday: 2026-01-01\n",
            "Write conversations as the",
        ),
        ("conversations: 5\n", "conversations: A list is required here"),
        (None, "There is no folder"),
    ],
)
def test_a_file_that_cannot_be_appended_to_is_reported_before_the_chat(
    text: str | None, sentence: str
) -> None:
    Path("a.yaml").write_text(SIMPLE, encoding="utf-8")
    target = Path("t.yaml" if text else "no/t.yaml")
    if text:
        target.write_text(text, encoding="utf-8")

    result = run_flow("chat", "a.yaml", "--save-test", target, stdin="sure\n")

    assert sentence in str(result.exception)
    assert "Tea?" not in result.output
    assert text is None or target.read_text(encoding="utf-8") == text


def test_a_chat_without_messages_is_not_saved_as_a_test() -> None:
    Path("a.yaml").write_text(SIMPLE, encoding="utf-8")
    assert run_flow("chat", "a.yaml", "--save-test", "t.yaml", stdin="").exit_code == 0
    assert not Path("t.yaml").exists()


def test_only_the_flow_that_changed_runs_again(capsys: pytest.CaptureFixture[str]) -> None:
    one = "conversations: [{name: %s, turns: [{say: hi}, {say: sure, expect: {outcome: final}}]}]"
    for name in ("a", "b"):
        Path(f"{name}.yaml").write_text(SIMPLE + "faq: answers.csv\n" * (name == "a"), encoding="utf-8")
        Path(f"{name}.test.yaml").write_text(one % name, encoding="utf-8")
    Path("answers.csv").write_text("questions,answer\nwhy?,Because.\n", encoding="utf-8")
    shown: list[str] = []

    def steps() -> Iterator[tuple[str, str]]:
        yield "answers.csv", "questions,answer\nwhy not?,So it is.\n"
        yield "a.yaml", "nodes: 5"
        yield "a.yaml", SIMPLE + "faq: gone.csv\n"
        yield "gone.csv", "questions,answer\nwhy?,Because.\n"
        yield "b.test.yaml", one % "c"
        yield "", ""

    changes = steps()

    def wait() -> None:
        shown.append(capsys.readouterr().out)
        file, text = next(changes)
        if not file:
            raise KeyboardInterrupt
        Path(file).write_text(text, encoding="utf-8")

    suites = [_tests.Suite(Path("a.yaml")), _tests.Suite(Path("b.yaml"))]
    rules: Callable[[], str] = lambda: "rules"  # noqa: E731
    with pytest.raises(typer.Exit) as ended:
        _tests.watch(suites, rules, wait=wait)

    assert ended.value.exit_code == 130
    assert ["a" in each and "passed  a" in each for each in shown] == [True, True, False, False, True, False]
    assert ["passed  b" in each for each in shown] == [True, False, False, False, False, False]
    assert "nodes: A list is required here" in shown[2]
    assert "gone.csv" in shown[3]
    assert "passed  c" in shown[5]
    assert "\x1b" not in "".join(shown)  # the screen of a file is not cleared
