from __future__ import annotations

from pathlib import Path

import pytest

from channels._kit.rendering import attach_choices
from core.model import (
    Attachment,
    ContactCard,
    Location,
    Order,
    QuotedMessage,
    Reaction,
    Referral,
)
from flows.authoring.lint import lint
from flows.authoring.lint.message_data import MESSAGE_FIELDS
from flows.engine.inbound.message_data import describe_message
from tests.flows.authoring.lint.findings import CHAT, SMS, build_menu, list_findings
from tests.flows.conversation import LIBRARY, Json, document, edge, input_schema, node, turn


@pytest.mark.long
def test_a_library_flow_is_clean_where_nothing_is_limited() -> None:
    roomy = CHAT.model_copy(update={"buttons": 20, "button_title_length": 40})
    for path in LIBRARY.glob("*.json"):
        assert lint(path, {"chat": roomy}, attach_choices) == ()


def test_problems_stand_alone(tmp_path: Path) -> None:
    assert list_findings(tmp_path, document(node("a", "A"), initial_node="b"), sms=SMS) == [
        "problem: initial_node: There is no node “b”. There is: a."
    ]


def test_an_unknown_field_of_a_message_is_named_where_it_stands(tmp_path: Path) -> None:
    made = document(
        node("a", "{{ message.refferal.headline }} {{ message.location.name }}", edges=[
            edge("near", "b", guard="message.locaton.latitude > 3", keywords=["near"]),
            edge("full", "b", "message.colour is not empty",
                 input_schema=input_schema(name={"type": "string"})),
        ]),
        node("b", "Your message.txt: {{ note.message.text }}", is_final=True, on_reaction={"👍": "yes"}),
    )  # fmt: skip
    assert [
        each for each in list_findings(tmp_path, made) if "message has" in each or "reaction" in each
    ] == [
        "warning: node a: A message has no “refferal”, so this is always empty; "
        "did you mean “message.referral”?",
        "warning: edge near: A message has no “locaton”, so this is always empty; "
        "did you mean “message.location”?",
        "warning: edge full: A message has no “colour”, so this is always empty.",
        "warning: node b: Reactions are ignored here, so on_reaction has no effect: remove it.",
    ]


def test_a_slot_called_message_has_fields_of_its_own(tmp_path: Path) -> None:
    made = document(
        node(
            "a",
            "{{ message.colour }}",
            edges=[edge("b", "b", input_schema=input_schema(message={"type": "object"}))],
        ),
        node("b", "B", is_final=True),
    )
    assert not [each for each in list_findings(tmp_path, made) if "message has" in each]


def test_the_fields_of_a_message_are_those_that_the_engine_gives() -> None:
    everything = turn(
        "hi",
        profile_name="Ada",
        subject="s",
        form={"a": 1},
        order=Order(catalog_id="c"),
        referral=Referral(source_id="r"),
        quoted=QuotedMessage(id="q"),
        contacts=(ContactCard(name="Bob"),),
        attachments=(Attachment(url="https://files.example.com/a"),),
        reaction=Reaction(emoji="👍"),
        location=Location(latitude=1, longitude=2),
    )
    assert set(describe_message(everything)) == set(MESSAGE_FIELDS)


def test_a_file_that_is_not_there_is_a_problem_too() -> None:
    assert [finding.level for finding in lint("nowhere.json", {}, attach_choices)] == ["problem"]


def test_a_node_that_only_a_language_model_can_speak_for_is_named(tmp_path: Path) -> None:
    private = document(node("a", instruction="Be nice.", is_final=True))
    assert list_findings(tmp_path, private) == [
        "warning: node a: This node has no text: without a language model it sends a default sentence."
    ]
    scripted = document(node("a", instruction="EN line: 'Hello.'", is_final=True))
    assert list_findings(tmp_path, scripted) == []


def test_a_criterion_that_no_edge_learns_is_an_open_slot(tmp_path: Path) -> None:
    schema = input_schema(name={"type": "string"})
    criteria = [{"key": "name"}, {"key": "age"}, {"key": "hobby", "required": False}]
    made = document(
        node("a", "A?", edges=[edge("go", "b", input_schema=schema)], completion_criteria=criteria),
        node("b", "B.", is_final=True),
        budget={"turns": 9},
    )
    assert list_findings(tmp_path, made) == []


def test_a_call_whose_failure_leads_nowhere_is_named(tmp_path: Path) -> None:
    call = {"id": "get", "name": "g", "method": "GET", "url": "https://x.example", "store_response_as": "got"}
    bare = [{"trigger": "on_enter", "action_id": "get"}]
    tool = {"id": "t", "name": "t", "description": "d"}

    def build_call(triggers: list[Json], condition: str = "always") -> Json:
        nodes = (
            node("a", "A?", edges=[edge("go", "b", condition)], actions=triggers),
            node("b", "B.", is_final=True),
        )
        return document(*nodes, actions=[call], tools=[tool])

    alone = "warning: tool t: A failure is only reported to the model: add on_failure."
    assert list_findings(tmp_path, build_call(bare)) == [
        "warning: node a: Nothing happens when “get” fails: give its trigger an on_failure.",
        alone,
    ]
    assert list_findings(tmp_path, build_call([{**bare[0], "on_failure": "go"}])) == [alone]
    assert list_findings(tmp_path, build_call(bare, "got.success is true")) == [alone]


def test_a_call_on_the_way_is_held_to_the_same(tmp_path: Path) -> None:
    call = {"id": "get", "name": "g", "method": "GET", "url": "https://x.example", "store_response_as": "got"}
    bare = [{"trigger": "on_enter", "action_id": "get"}]

    def build_call(condition: str, on_failure: str | None) -> Json:
        triggers = [{**bare[0], **({"on_failure": on_failure} if on_failure else {})}]
        return document(
            node("a", "A?", edges=[edge("go", "b", actions=triggers)]),
            node("b", "B?", edges=[edge("on", "c", condition)]),
            node("c", "C.", is_final=True),
            actions=[call],
            global_edges=[edge("anywhere", "b", actions=triggers)],
        )

    assert list_findings(tmp_path, build_call("always", None)) == [
        f"warning: edge {name}: Nothing happens when “get” fails: give its trigger an on_failure."
        for name in ("go", "anywhere")
    ]
    assert list_findings(tmp_path, build_call("got.success is true", None)) == []
    assert list_findings(tmp_path, build_call("always", "anywhere")) == []


def test_what_only_a_language_model_takes_is_named(tmp_path: Path) -> None:
    asked = node(
        "a", "A?", choices=["Red", {"label": "Blue", "payload": "blue"}, "Green"],
        edges=[edge("go", "b", "it is so"), edge("red", "b", "Red", keywords=["red"]),
               edge("blue", "b", "x", input_schema=input_schema(colour={"enum": ["blue"]}))],
    )  # fmt: skip
    lines = list_findings(tmp_path, document(asked, node("b", "B.", is_final=True), budget={"turns": 9}))
    assert lines == [
        "warning: edge go: Without a language model this edge is never taken: give it keywords, examples or "
        "a pattern.",
        "warning: node a: The choice “Green” leads nowhere without a language model: give it the payload of "
        "an edge or a value, or an edge a keyword for it.",
    ]


def test_names_that_nothing_sets_and_templates_that_fail_are_named(tmp_path: Path) -> None:
    day = input_schema(day={"type": "string", "format": "date"})
    made = document(
        node("a", "A?", edges=[edge("go", "b", input_schema=day, guard="shop is defined")]),
        node("b", "On {{ dya | date }}, {{ day.strftime('%A') }}, {{ shop }}.", is_final=True),
        budget={"turns": 9},
        environment_variables={"shop": "Quay"},
    )
    unknown, empty, failing = list_findings(tmp_path, made)
    assert unknown.startswith("warning: node b: Nothing in the flow sets “dya”")
    assert unknown.endswith("did you mean “day”?")
    assert empty == "warning: node b: “day” is a single value and has no “strftime”: that is always empty."
    assert failing.startswith("warning: node b: A template here fails with values of the kinds")


def test_a_private_address_is_named(tmp_path: Path) -> None:
    call = {"id": "c", "name": "C", "method": "GET", "store_response_as": "c"}
    for url, is_private in (
        ("http://127.0.0.1:8000/x", True), ("{{ api }}/x", True), ("http://crm/x", True),
        ("https://example.com/{{ day }}", False), ("{{ host }}/x", False),
    ):  # fmt: skip
        made = build_menu("A")
        made |= {"actions": [{**call, "url": url}], "environment_variables": {"api": "http://localhost:1"}}
        assert any("private address" in line for line in list_findings(tmp_path, made)) == is_private, url


@pytest.mark.parametrize(
    ("url", "is_unusable"),
    [
        ("ftp://example.com/x", True),
        ("example.com/x", True),
        ("{{ api }}/x", True),
        ("{{ host }}/x", True),
        ("https://example.com/{{ day }}", False),
    ],
)
def test_an_address_that_no_call_can_use_is_named(tmp_path: Path, url: str, is_unusable: bool) -> None:
    call = {"id": "c", "name": "C", "method": "GET", "store_response_as": "c", "url": url}
    made = build_menu("A") | {"actions": [call], "environment_variables": {"api": "example.com"}}
    assert any("no address of a call" in line for line in list_findings(tmp_path, made)) == is_unusable


@pytest.mark.parametrize(
    ("url", "is_unusable"),
    [("menu.pdf", True), ("file:///etc/passwd", True), ("https://x.org/a.pdf", False), ("{{ link }}", False)],
)
def test_an_address_that_no_channel_can_send_is_named(tmp_path: Path, url: str, is_unusable: bool) -> None:
    made = document(node("a", "Here it is.", is_final=True, media=[{"url": url}]))
    assert any("no address of a file" in line for line in list_findings(tmp_path, made)) == is_unusable


def test_a_secret_in_a_text_is_named(tmp_path: Path) -> None:
    made = document(node("a", "The key is {{ secrets.KEY }}.", is_final=True))
    assert any(
        line.startswith("warning: node a: secrets are empty here") for line in list_findings(tmp_path, made)
    )
    call = {
        "id": "c",
        "name": "C",
        "method": "GET",
        "url": "https://x.org",
        "headers": {"K": "{{ secrets.KEY }}"},
    }
    made = document(node("a", "Hello.", is_final=True), actions=[call])
    assert not any("secrets" in line for line in list_findings(tmp_path, made))


def test_a_finding_about_a_form_names_the_form(tmp_path: Path) -> None:
    slots = [{"name": "day", "question": "{{ dya }} Which day?", "format": "date"}]
    form = {"id": "form", "node_type": "collect", "slots": slots, "then": "end"}
    lines = list_findings(tmp_path, document(form, node("end", "End.", is_final=True), budget={"turns": 9}))
    assert [line.partition(": Nothing")[0] for line in lines] == ["warning: node form (ask_day)"]
