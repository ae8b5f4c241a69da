from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels._kit.rendering import attach_choices, describe_high_cost, should_use_list
from core.model import (
    Attachment,
    Choice,
    ContactCard,
    Location,
    Order,
    QuotedMessage,
    Reaction,
    Referral,
)
from core.ports import Capabilities
from flows.authoring.lint import lint
from flows.authoring.lint.channel_limits import check_channel_limits
from flows.authoring.lint.message_data import MESSAGE_FIELDS
from flows.engine.message_data import describe_message
from tests.effort import examples
from tests.flows.conversation import LIBRARY, Json, asks, document, edge, flow, node, turn

SMS = Capabilities(max_webhook_bytes=1, max_webhook_fields=1, text_length=100)
CHAT = SMS.model_copy(
    update={
        "buttons": 3,
        "button_title_length": 20,
        "payload_length": 200,
        "choices_text_length": 1024,
        "media": 1,
        "text_length": 4096,
    }
)
LISTS = CHAT.model_copy(update={"list_rows": 10, "list_title_length": 24, "list_description_length": 72})


def found(tmp_path: Path, made: Json, **channels: Capabilities) -> list[str]:
    (tmp_path / "flow.json").write_text(json.dumps(made), encoding="utf-8")
    return [str(finding) for finding in lint(tmp_path / "flow.json", channels, attach_choices)]


def menu(*labels: str, text: str = "Menu?", **more: Any) -> Json:
    return document(node("menu", text, choices=list(labels), is_final=True, **more))


@pytest.mark.long
def test_a_library_flow_is_clean_where_nothing_is_limited() -> None:
    roomy = CHAT.model_copy(update={"buttons": 20, "button_title_length": 40})
    for path in LIBRARY.glob("*.json"):
        assert lint(path, {"chat": roomy}, attach_choices) == ()


def test_problems_stand_alone(tmp_path: Path) -> None:
    assert found(tmp_path, document(node("a", "A"), initial_node="b"), sms=SMS) == [
        "problem: initial_node: There is no node “b”. There is: a."
    ]


def test_an_unknown_field_of_a_message_is_named_where_it_stands(tmp_path: Path) -> None:
    made = document(
        node("a", "{{ message.refferal.headline }} {{ message.location.name }}", edges=[
            edge("near", "b", guard="message.locaton.latitude > 3", keywords=["near"]),
            edge("full", "b", "message.colour is not empty", input_schema=asks(name={"type": "string"})),
        ]),
        node("b", "Your message.txt: {{ note.message.text }}", is_final=True, on_reaction={"👍": "yes"}),
    )  # fmt: skip
    assert [each for each in found(tmp_path, made) if "message has" in each or "reaction" in each] == [
        "warning: node a: A message has no “refferal”, so this is always empty; "
        "did you mean “message.referral”?",
        "warning: edge near: A message has no “locaton”, so this is always empty; "
        "did you mean “message.location”?",
        "warning: edge full: A message has no “colour”, so this is always empty.",
        "warning: node b: No reaction counts here, so on_reaction has no effect: leave it out.",
    ]


def test_a_slot_called_message_has_fields_of_its_own(tmp_path: Path) -> None:
    made = document(
        node(
            "a", "{{ message.colour }}", edges=[edge("b", "b", input_schema=asks(message={"type": "object"}))]
        ),
        node("b", "B", is_final=True),
    )
    assert not [each for each in found(tmp_path, made) if "message has" in each]


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


def test_channels_that_fall_short_in_the_same_way_share_a_line(tmp_path: Path) -> None:
    made = menu("A", "B", "C", "D", "E")
    assert found(tmp_path, made, sms=SMS, letters=SMS, chat=CHAT, whatsapp=LISTS) == [
        "channel: node menu: shows 5 choices: sms and letters have no buttons, chat 3 buttons: numbered list",
        "channel: node menu: shows 5 choices: whatsapp has 3 buttons: list",
    ]


def test_a_label_that_the_provider_takes_for_a_command_is_named(tmp_path: Path) -> None:
    sms = SMS.model_copy(update={"reserved_words": frozenset({"CANCEL", "HELP"})})
    assert found(tmp_path, menu("Cancel", "Keep it"), sms=sms, chat=CHAT)[0] == (
        "channel: node menu: offers “Cancel”: sms takes it, when it is typed, for a command of its own such "
        "as STOP or HELP: choose another label"
    )
    assert not [line for line in found(tmp_path, menu("Cancel it"), sms=sms) if "command" in line]


def test_more_choices_than_a_list_has_rows_become_numbers(tmp_path: Path) -> None:
    made = menu(*"ABCDEFGHIJK")
    assert found(tmp_path, made, whatsapp=LISTS) == [
        "channel: node menu: shows 11 choices: whatsapp has 10 rows: numbered list"
    ]


def test_a_label_is_held_to_what_it_stands_on(tmp_path: Path) -> None:
    medium, long = "A title of 22 letters.", "A title of 25 characters."
    assert found(tmp_path, menu(medium), chat=CHAT, whatsapp=LISTS) == [
        f"channel: node menu: “{medium}” has 22 characters: chat takes 20 on a button: numbered list",
        f"channel: node menu: “{medium}” has 22 characters: whatsapp takes 20 on a button: list",
    ]
    assert found(tmp_path, menu("A", "B", "C", medium, long), whatsapp=LISTS) == [
        "channel: node menu: shows 5 choices: whatsapp has 3 buttons: list",
        f"channel: node menu: “{long}” has 25 characters: whatsapp takes 24 in a list: "
        "cut, with the whole below",
    ]
    unknown = found(tmp_path, menu("{{ the_name_of_what_is_offered }}", "{{ another_name }}"), chat=CHAT)
    assert [line for line in unknown if line.startswith("channel")] == []


def test_choices_that_cannot_be_told_apart_or_send_too_much_become_numbers(tmp_path: Path) -> None:
    titles = ["A", "B", "C", "The long way round, by the sea", "The long way round, by the hills"]
    assert found(tmp_path, menu(*titles), whatsapp=LISTS)[-1] == (
        "channel: node menu: shows choices that would read alike: whatsapp takes 24 characters: numbered list"
    )
    made = document(node("menu", "Menu?", choices=[{"label": "A", "payload": "p" * 201}], is_final=True))
    assert found(tmp_path, made, whatsapp=LISTS) == [
        "channel: node menu: “A” sends 201 characters back: whatsapp takes 200: numbered list"
    ]


@settings(max_examples=examples(200))
@given(
    st.lists(st.text("ab 🙂", min_size=1, max_size=30).filter(str.strip), min_size=1, max_size=12),
    st.sampled_from([SMS, CHAT, LISTS]),
)
def test_choices_without_a_remark_are_shown_as_buttons(labels: list[str], can: Capabilities) -> None:
    made = [
        str(each)
        for each in check_channel_limits(flow(menu(*labels)["nodes"][0]), {"x": can}, attach_choices, {})
    ]
    choices = [Choice(label=label, payload=label) for label in labels]
    shown = attach_choices("Menu?", choices, can)[-1].choices
    as_buttons = bool(shown) and not should_use_list(shown, can)
    assert as_buttons == (made == [])
    assert bool(shown) == (not any("numbered list" in each for each in made))


def test_long_texts_and_media_are_held_to_each_channel(tmp_path: Path) -> None:
    media = [{"url": "https://example.org/a.png"}] * 2
    assert found(tmp_path, menu(text="x" * 101, media=media), sms=SMS, chat=CHAT) == [
        "channel: node menu: has a text of 101 characters: sms takes 100: split",
        "channel: node menu: has 2 media: sms takes 0, chat 1",
    ]
    assert found(tmp_path, menu("A", text="x" * 1025), chat=CHAT) == [
        "channel: node menu: has a text of 1025 characters: chat takes 1024 with choices: split"
    ]
    assert found(tmp_path, menu("A", text="x" * 99), sms=SMS)[1:] == [
        "channel: node menu: has a text of 105 characters with its choices: sms takes 100: split"
    ]
    assert found(tmp_path, menu(text="[EN] " + "x" * 99 + " [HI] " + "y" * 99), sms=SMS) == []


def test_what_is_asked_again_and_what_an_instruction_spells_out_are_texts_too(tmp_path: Path) -> None:
    told = ["channel: node menu: has a text of 101 characters: sms takes 100: split"]
    assert found(tmp_path, menu(reprompt_text="x" * 101), sms=SMS) == told
    line = f"EN line: '{'x' * 101}'"
    assert found(tmp_path, document(node("menu", instruction=line, is_final=True)), sms=SMS) == told


def test_another_language_is_held_to_the_channels_too_and_named(tmp_path: Path) -> None:
    words = {"static_text": "x" * 101, "choices": ["A"]}
    made = {**menu("A"), "languages": {"de": {"nodes": {"menu": words}}}}
    assert found(tmp_path, made, sms=SMS) == [
        "channel: node menu: shows 1 choice: sms has no buttons: numbered list",
        "channel: node menu in de: has a text of 101 characters: sms takes 100: split",
    ]


def test_a_text_that_is_dear_by_sms_is_named_with_the_reason(tmp_path: Path) -> None:
    def said(text: str, *labels: str) -> list[str]:
        (tmp_path / "flow.json").write_text(json.dumps(menu(*labels, text=text)), encoding="utf-8")
        return [
            str(finding)
            for finding in lint(tmp_path / "flow.json", {}, attach_choices, {"twilio": describe_high_cost})
        ]

    assert said("x" * 459) == []
    assert said("x" * 460) == ["channel: node menu: its text takes 4 SMS (GSM-7, 460 septets): twilio"]
    assert said("x" * 300, "y" * 155) == [
        "channel: node menu: its text takes 4 SMS (GSM-7, 460 septets): twilio"
    ]
    assert said("👋" + "x" * 200) == [
        "channel: node menu: its text takes 4 SMS (UCS-2, 202 characters); “👋” is not in the GSM-7 "
        "alphabet, so a segment holds 70 characters instead of 160: twilio"
    ]
    assert said("“x”" * 100) == []  # quotes are made plain where that saves messages


def test_a_node_that_only_a_language_model_can_speak_for_is_named(tmp_path: Path) -> None:
    private = document(node("a", instruction="Be nice.", is_final=True))
    assert found(tmp_path, private) == [
        "warning: node a: This has no text of its own: without a language model it says a stock phrase."
    ]
    scripted = document(node("a", instruction="EN line: 'Hello.'", is_final=True))
    assert found(tmp_path, scripted) == []


def test_a_criterion_that_no_edge_learns_is_an_open_slot(tmp_path: Path) -> None:
    schema = asks(name={"type": "string"})
    criteria = [{"key": "name"}, {"key": "age"}, {"key": "hobby", "required": False}]
    made = document(
        node("a", "A?", edges=[edge("go", "b", input_schema=schema)], completion_criteria=criteria),
        node("b", "B.", is_final=True),
        budget={"turns": 9},
    )
    assert found(tmp_path, made) == []


def test_a_call_whose_failure_leads_nowhere_is_named(tmp_path: Path) -> None:
    call = {"id": "get", "name": "g", "method": "GET", "url": "https://x.example", "store_response_as": "got"}
    bare = [{"trigger": "on_enter", "action_id": "get"}]
    tool = {"id": "t", "name": "t", "description": "d"}

    def made(triggers: list[Json], condition: str = "always") -> Json:
        nodes = (
            node("a", "A?", edges=[edge("go", "b", condition)], actions=triggers),
            node("b", "B.", is_final=True),
        )
        return document(*nodes, actions=[call], tools=[tool])

    alone = "warning: tool t: When this fails only the model is told: it has no on_failure."
    assert found(tmp_path, made(bare)) == [
        "warning: node a: Nothing happens when “get” fails: give its trigger an on_failure.",
        alone,
    ]
    assert found(tmp_path, made([{**bare[0], "on_failure": "go"}])) == [alone]
    assert found(tmp_path, made(bare, "got.success is true")) == [alone]


def test_a_call_on_the_way_is_held_to_the_same(tmp_path: Path) -> None:
    call = {"id": "get", "name": "g", "method": "GET", "url": "https://x.example", "store_response_as": "got"}
    bare = [{"trigger": "on_enter", "action_id": "get"}]

    def made(condition: str, on_failure: str | None) -> Json:
        triggers = [{**bare[0], **({"on_failure": on_failure} if on_failure else {})}]
        return document(
            node("a", "A?", edges=[edge("go", "b", actions=triggers)]),
            node("b", "B?", edges=[edge("on", "c", condition)]),
            node("c", "C.", is_final=True),
            actions=[call],
            global_edges=[edge("anywhere", "b", actions=triggers)],
        )

    assert found(tmp_path, made("always", None)) == [
        f"warning: edge {name}: Nothing happens when “get” fails: give its trigger an on_failure."
        for name in ("go", "anywhere")
    ]
    assert found(tmp_path, made("got.success is true", None)) == []
    assert found(tmp_path, made("always", "anywhere")) == []


def test_links_without_link_buttons_and_unknown_types_of_media_are_named(tmp_path: Path) -> None:
    links = [{"label": "Site", "url": "https://example.org"}]
    media = [{"url": "https://example.org/a"}, {"url": "https://example.org/a.png"}]
    made = document(node("menu", "Menu?", choices=links, media=media, is_final=True))
    assert found(tmp_path, made, chat=CHAT.model_copy(update={"media": 2})) == [
        "warning: node menu: The type of medium 1 cannot be inferred from its URL or name, so it is "
        "sent as a document: give it a content_type.",
        "channel: node menu: shows 1 choice with links: chat has no link buttons: links in the text",
    ]


def test_a_text_that_would_be_cut_is_named(tmp_path: Path) -> None:
    roomy = CHAT.model_copy(update={"text_length": 200_000})
    assert found(tmp_path, menu(text="x" * 100_001), chat=roomy) == [
        "channel: node menu: has a text of 100001 characters: cut after 100000"
    ]


def test_what_only_a_language_model_takes_is_named(tmp_path: Path) -> None:
    asked = node(
        "a", "A?", choices=["Red", {"label": "Blue", "payload": "blue"}, "Green"],
        edges=[edge("go", "b", "it is so"), edge("red", "b", "Red", keywords=["red"]),
               edge("blue", "b", "x", input_schema=asks(colour={"enum": ["blue"]}))],
    )  # fmt: skip
    lines = found(tmp_path, document(asked, node("b", "B.", is_final=True), budget={"turns": 9}))
    assert lines == [
        "warning: edge go: Without a language model nothing takes this edge: give it keywords, examples or "
        "a pattern.",
        "warning: node a: The choice “Green” leads nowhere without a language model: give it the payload of "
        "an edge or a value, or an edge a keyword for it.",
    ]


def test_names_that_nothing_sets_and_templates_that_fail_are_named(tmp_path: Path) -> None:
    day = asks(day={"type": "string", "format": "date"})
    made = document(
        node("a", "A?", edges=[edge("go", "b", input_schema=day, guard="shop is defined")]),
        node("b", "On {{ dya | date }}, {{ day.strftime('%A') }}, {{ shop }}.", is_final=True),
        budget={"turns": 9},
        environment_variables={"shop": "Quay"},
    )
    unknown, failing = found(tmp_path, made)
    assert unknown.startswith("warning: node b: Nothing in the flow sets “dya”")
    assert unknown.endswith("did you mean “day”?")
    assert failing.startswith("warning: node b: A template here fails with values of the kinds")


def test_a_private_address_is_named(tmp_path: Path) -> None:
    call = {"id": "c", "name": "C", "method": "GET", "store_response_as": "c"}
    for url, is_private in (
        ("http://127.0.0.1:8000/x", True), ("{{ api }}/x", True), ("http://crm/x", True),
        ("https://example.com/{{ day }}", False), ("{{ host }}/x", False),
    ):  # fmt: skip
        made = menu("A")
        made |= {"actions": [{**call, "url": url}], "environment_variables": {"api": "http://localhost:1"}}
        assert any("private address" in line for line in found(tmp_path, made)) == is_private, url


def test_a_finding_about_a_form_names_the_form(tmp_path: Path) -> None:
    slots = [{"name": "day", "question": "{{ dya }} Which day?", "format": "date"}]
    form = {"id": "form", "node_type": "collect", "slots": slots, "then": "end"}
    lines = found(tmp_path, document(form, node("end", "End.", is_final=True), budget={"turns": 9}))
    assert [line.partition(": Nothing")[0] for line in lines] == ["warning: node form (ask_day)"]
