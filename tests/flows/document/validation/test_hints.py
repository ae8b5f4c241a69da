"""Problems give the place, the value found, and a correction."""

# ruff: noqa: E501 - a document and its sentence stay on their lines

from __future__ import annotations

from pathlib import Path

import pytest

from flows.authoring.lint import lint
from flows.authoring.testing import ConversationTestFile
from flows.document import Flow, FlowError

HEAD = "system_prompt: x\ninitial_node: start\n"
END = "  - {id: end, name: End, static_text: Bye., is_final: true}\n"


def describe_issues(document: str) -> str:
    with pytest.raises(FlowError) as refused:
        Flow.from_yaml(document, source="f")
    return str(refused.value)


def build_yaml(parts: str) -> str:
    return f"{HEAD}nodes:\n  - {{id: start, name: Start, static_text: Hello, {parts}}}\n{END}"


def build_form(slot: str) -> str:
    return f'{HEAD}nodes:\n  - {{id: start, node_type: collect, slots: [{{question: "Which?", {slot}}}], then: end}}\n{END}'


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        # a value of a wrong type: every kind of value, at every level
        (HEAD + "nodes: 5", 'nodes: A list is required here and this is the number 5: write nodes: [{id: start'),
        (HEAD + "nodes: {start: {name: Start}}", "nodes: A list is required here and this is an object with start"),
        (HEAD + "nodes: [start]", "nodes[0]: An object is required here and this is the text “start”: write {id: s"),
        (
            build_yaml("edges: {booked: end}"),
            "nodes[0].edges: A list is required here and this is an object with booked: write edges: [{id: booked, "
            "condition: The user has booked, target_node_id: thanks}]",
        ),
        (
            build_yaml("edges: [end]"),
            "nodes[0].edges[0]: An object is required here and this is the text “end”: write {id: booked, condition",
        ),
        (
            build_yaml("edges: [{id: a, condition: b, keywords: yes please, target_node_id: end}]"),
            "edges[0].keywords: A list is required here and this is the text “yes please”: write keywords: [",
        ),
        (build_yaml("is_final: maybe"), "is_final: True or false is required here and this is the text “maybe”."),
        (build_yaml("max_turns: many"), "max_turns: A whole number is required here and this is the text “many”."),
        (build_yaml("timeout: 600"), "timeout: An object is required here and this is the number 600: write timeout: {"),
        (build_yaml("name: [a]"), "nodes[0].name: Text is required here and this is a list with 1 item: write name: Start"),
        (build_yaml("name: "), "nodes[0].name: Text is required here and this is nothing: write name: Start."),
        (build_yaml("actions: [{trigger: on_entry, action_id: a}]"), "and this is the text “on_entry”. Is “on_enter”"),
        (build_yaml("actions: look_up"), "nodes[0].actions: A list is required here and this is the text “look_up”: write "
         "actions: [{trigger: on_enter, action_id: look_up}]"),
        # what is missing, or has another name
        (HEAD + "nodes: [{name: Start}]", "nodes[0].id: This is required and missing: write id: start."),
        (HEAD + "nodes: [{id: start, nmae: Start}]", "nodes[0].name: This is required and missing; is it “nmae” by "
         "mistake: write name: Start."),
        ("initial_node: a\nnodes: []", "system_prompt: This is required and missing: write system_prompt: You"),
        (build_yaml("edges: [{id: a, target_node_id: end}]"), "edges[0].condition: This is required and missing: write "),
        (
            f"{HEAD}nodes:\n  - {{id: start, node_type: collect, slots: [{{name: day}}], then: end}}\n{END}",
            'slots[0].question: This is required and missing: write question: "Which day?"',
        ),
        (
            f"{HEAD}nodes:\n  - {{id: start, node_type: colect, slots: [], then: end}}\n{END}",
            "nodes[0].node_type: There is no type “colect”. Is “collect” meant?",
        ),
        (build_yaml("edges: [{id: a, when: yes please, to: end}]"), "edges[0].condition: This is required and missing; is it “when”"),
        ("- nodes", "an object with system_prompt, initial_node and nodes, and this is a list with 1 item."),
        ("", "and this is nothing."),
        # references
        ("system_prompt: x\ninitial_node: strat\nnodes: [{id: start, name: a, is_final: true}]",
         "initial_node: There is no node “strat”. Is “start” meant?"),
        (build_yaml("edges: [{id: a, condition: b, target_node_id: thanks}]"),
         "target_node_id: There is no node “thanks”. There are: end, start."),
        (build_yaml("timeout: {seconds: 5, edge: gone}, edges: [{id: left, condition: b, target_node_id: end}]"),
         "timeout.edge: This node has no edge “gone”. There is: left."),
        (
            f"{HEAD}nodes:\n  - {{id: start, node_type: menu, static_text: Hi, choices: [{{label: A, edge: hour}}]}}\n"
            f"{END}faq: [{{id: hours, questions: [when], answer: now}}]",
            "nodes[0].choices[0].edge: There is no global edge or faq entry “hour”. Is “hours” meant?",
        ),
        # YAML
        (build_yaml("reprompt_text: Tea?"), 'write that text in quotes: "Tea?".'),
        (f"{HEAD}nodes:\n  - id: start\n    static_text: Note: closed\n", 'in quotes: "Note: closed".'),
        (f"{HEAD}nodes:\n  - id: start\n    static_text: {{{{ name }}}}\n", "begins with {{ in quotes"),
        (f"{HEAD}nodes:\n  - id: start\n\tname: a\n", "indent with spaces"),
        (f"{HEAD}nodes:\n  - {{id: start, name: @home}}\n", "begins with this character in quotes"),
        (f"{HEAD}nodes:\n  - id: start\n   name: a\n", "not indented like those above it"),
        (f"{HEAD}nodes:\n  - {{id: start, name: *bold*}}\n", "begins with this character in quotes"),
        (f"{HEAD}nodes:\n  - {{id: start, name: !important note}}\n", "begins with ! in quotes"),
        # forms of a text and of a number
        (build_yaml("max_turns: -1"), "max_turns: This must be 0 or more."),
        (build_yaml("remind: {after: soon, text: Still there.}"), "This is a duration: write it like 30m, 2h or 1d."),
        (build_form("name: first name"), "slots[0].name: This must be letters, digits and “_”, with no digit first"),
        # parts of a form: its slot and key are named
        (build_form("name: day, type: strin"), "nodes[0]: slot “day”, type: This must be one of string"),
        (build_form("name: day, enum: []"), "slot “day”, enum: This must be a list with at least one value."),
        (build_form("name: day, enum: [yes, no, maybe]"), "slot “day”, enum: Text is required here and this is true"),
        (
            f"{HEAD}nodes:\n  - {{id: start, node_type: menu, static_text: Hi, choices: [A]}}\n{END}",
            "choices[0]: An object is required here and this is the text “A”: write {label: Book a table, to: table}",
        ),
    ],
)  # fmt: skip
def test_a_problem_says_where_what_and_what_to_write(document: str, sentence: str) -> None:
    assert sentence in describe_issues(document)


def build_edge(slot: str) -> str:
    schema = f"{{type: object, properties: {{n: {{{slot}}}}}}}"
    return f"edges: [{{id: a, condition: b, target_node_id: end, input_schema: {schema}}}]"


@pytest.mark.parametrize(
    ("turn", "sentence"),
    [
        ("{say: hi, expect: {reply: 5}}", "expect.reply: A list is required here and this is the number 5: write "
         "reply: Hello."),
        ("{say: hi, expect: {nod: start}}", "expect.nod: There is no key “nod” here. Is “node” meant?"),
        ("{says: hi}", "turns[0].says: There is no key “says” here. Is “say” meant?"),
        ("{say: hi, expect: start}", "expect: An object is required here and this is the text “start”: write expect: "
         "{node: start, reply: Hello}"),
        ("{say: how much is it?, expect: {}}", 'write that text in quotes: "how much is it?"'),
    ],
)  # fmt: skip
def test_a_problem_of_a_test_file_is_reported_alike(tmp_path: Path, turn: str, sentence: str) -> None:
    (tmp_path / "t.yaml").write_text(f"conversations: [{{name: a, turns: [{turn}]}}]", encoding="utf-8")
    with pytest.raises(FlowError) as refused:
        ConversationTestFile.load(tmp_path / "t.yaml")
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ("text: Hello", "nodes[0].text: This key is not known here; it is kept and has no effect. Is “static_text”"),
        ("edges: [{id: a, condition: b, target: end}]", "edges[0].target: This key is not known here; it is kept and "
         "has no effect. Is “target_node_id” meant?"),
        ("statc_text: Hello", "nodes[0].statc_text: This key is not known here; it is kept and has no effect. Is "
         "“static_text” meant?"),
        ("reprompt_text: One moment, a colleague takes over.", "because the text before it ends at its comma: write"),
        (
            "edges: [{id: a, condition: b, target_node_id: end, input_schema: {type: object, properties: "
            "{n: {type: integer, description: how many}}}}]",
            "Users read “I still need how many”: write the description of n as a noun",
        ),
        ("node_type: rooter", "nodes[0].node_type: The type “rooter” has no effect. Is “router” meant?"),
        ("was: [end]", "nodes[0].was[0]: “end” is the id of a node: this has no effect."),
        (
            "edges: [{id: a, condition: b, target_node_id: end, input_schema: {n: {type: integer}}}]",
            "nodes[0].edges[0].input_schema: This has no effect: put “n” below properties.",
        ),
        (
            build_edge("type: string, format: telephone"),
            "properties.n.format: There is no format “telephone”: the value is any text. Is “phone” meant?",
        ),
        (build_edge("type: integer, minimum: 9, maximum: 2"), "minimum is more than maximum: no value is valid."),
        (build_edge("type: integer, enum: [1, b]"), "properties.n.enum: “b” is not of the type “integer”."),
    ],
)  # fmt: skip
def test_a_probable_mistake_is_a_warning(tmp_path: Path, parts: str, sentence: str) -> None:
    (tmp_path / "f.yaml").write_text(build_yaml(parts), encoding="utf-8")
    found = lint(tmp_path / "f.yaml", {}, lambda *_: [])
    assert sentence in "\n".join(map(str, found))


def test_an_odd_slot_of_a_form_is_named(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text(build_form("name: mobile, format: telephone"), encoding="utf-8")
    found = "\n".join(map(str, lint(tmp_path / "f.yaml", {}, lambda *_: [])))
    assert "nodes[0]: slot “mobile”, format: There is no format “telephone”" in found


def test_an_action_that_nothing_runs_is_a_warning(tmp_path: Path) -> None:
    call = "actions: [{id: call, name: Call, method: GET, url: 'https://x.org'}]\n"
    (tmp_path / "f.yaml").write_text(build_yaml("") + call, encoding="utf-8")
    assert "actions[0]: No node and no edge runs “call”." in "\n".join(
        map(str, lint(tmp_path / "f.yaml", {}, lambda *_: []))
    )


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("nodes: []\ninitial_node: a", "it looks like YAML: name the file .yaml"),
        ('{"nodes": [], }', "remove the comma before a closing bracket"),
        ('{\n // the nodes\n "nodes": []}', "remove the comments"),
        ("{'nodes': []}", "write texts in double quotes"),
    ],
)
def test_the_error_says_why_a_text_is_not_json(text: str, hint: str) -> None:
    with pytest.raises(FlowError, match=hint):
        Flow.from_json(text)
