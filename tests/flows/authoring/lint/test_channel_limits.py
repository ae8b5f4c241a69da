"""Lint reports parts of a flow that its channels cannot show."""

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from channels._kit.rendering import attach_choices, describe_high_cost, should_use_list
from core.model import (
    Choice,
)
from core.ports import Capabilities
from flows.authoring.lint import lint
from flows.authoring.lint.channel_limits import check_channel_limits
from tests.effort import example_count
from tests.flows.authoring.lint.findings import CHAT, SMS, build_menu, list_findings
from tests.flows.conversation import document, flow, node

LISTS = CHAT.model_copy(update={"list_rows": 10, "list_title_length": 24, "list_description_length": 72})


def test_channels_that_fall_short_in_the_same_way_share_a_line(tmp_path: Path) -> None:
    made = build_menu("A", "B", "C", "D", "E")
    assert list_findings(tmp_path, made, sms=SMS, letters=SMS, chat=CHAT, whatsapp=LISTS) == [
        "channel: node menu: shows 5 choices: sms and letters have no buttons, chat 3 buttons: numbered list",
        "channel: node menu: shows 5 choices: whatsapp has 3 buttons: list",
    ]


def test_a_label_that_the_provider_takes_for_a_command_is_named(tmp_path: Path) -> None:
    sms = SMS.model_copy(update={"reserved_words": frozenset({"CANCEL", "HELP"})})
    assert list_findings(tmp_path, build_menu("Cancel", "Keep it"), sms=sms, chat=CHAT)[0] == (
        "channel: node menu: offers “Cancel”: sms takes it, when it is typed, for a command of its own such "
        "as STOP or HELP: choose another label"
    )
    assert not [
        line for line in list_findings(tmp_path, build_menu("Cancel it"), sms=sms) if "command" in line
    ]


def test_more_choices_than_a_list_has_rows_become_numbers(tmp_path: Path) -> None:
    made = build_menu(*"ABCDEFGHIJK")
    assert list_findings(tmp_path, made, whatsapp=LISTS) == [
        "channel: node menu: shows 11 choices: whatsapp has 10 rows: numbered list"
    ]


def test_a_label_is_checked_against_buttons_and_lists(tmp_path: Path) -> None:
    medium, long = "A title of 22 letters.", "A title of 25 characters."
    assert list_findings(tmp_path, build_menu(medium), chat=CHAT, whatsapp=LISTS) == [
        f"channel: node menu: “{medium}” has 22 characters: chat takes 20 on a button: numbered list",
        f"channel: node menu: “{medium}” has 22 characters: whatsapp takes 20 on a button: list",
    ]
    assert list_findings(tmp_path, build_menu("A", "B", "C", medium, long), whatsapp=LISTS) == [
        "channel: node menu: shows 5 choices: whatsapp has 3 buttons: list",
        f"channel: node menu: “{long}” has 25 characters: whatsapp takes 24 in a list: "
        "cut, with the whole below",
    ]
    unknown = list_findings(
        tmp_path, build_menu("{{ the_name_of_what_is_offered }}", "{{ another_name }}"), chat=CHAT
    )
    assert [line for line in unknown if line.startswith("channel")] == []


def test_indistinguishable_choices_and_long_payloads_become_numbers(tmp_path: Path) -> None:
    titles = ["A", "B", "C", "The long way round, by the sea", "The long way round, by the hills"]
    assert list_findings(tmp_path, build_menu(*titles), whatsapp=LISTS)[-1] == (
        "channel: node menu: shows choices that would read alike: whatsapp takes 24 characters: numbered list"
    )
    made = document(node("menu", "Menu?", choices=[{"label": "A", "payload": "p" * 201}], is_final=True))
    assert list_findings(tmp_path, made, whatsapp=LISTS) == [
        "channel: node menu: “A” sends 201 characters back: whatsapp takes 200: numbered list"
    ]


@settings(max_examples=example_count(200))
@given(
    st.lists(st.text("ab 🙂", min_size=1, max_size=30).filter(str.strip), min_size=1, max_size=12),
    st.sampled_from([SMS, CHAT, LISTS]),
)
def test_choices_without_a_remark_are_shown_as_buttons(labels: list[str], can: Capabilities) -> None:
    made = [
        str(each)
        for each in check_channel_limits(
            flow(build_menu(*labels)["nodes"][0]), {"x": can}, attach_choices, {}
        )
    ]
    choices = [Choice(label=label, payload=label) for label in labels]
    shown = attach_choices("Menu?", choices, can)[-1].choices
    as_buttons = bool(shown) and not should_use_list(shown, can)
    assert as_buttons == (made == [])
    assert bool(shown) == (not any("numbered list" in each for each in made))


def test_long_texts_and_media_are_held_to_each_channel(tmp_path: Path) -> None:
    media = [{"url": "https://example.org/a.png"}] * 2
    assert list_findings(tmp_path, build_menu(text="x" * 101, media=media), sms=SMS, chat=CHAT) == [
        "channel: node menu: has a text of 101 characters: sms takes 100: split",
        "channel: node menu: has 2 media: sms takes 0, chat 1",
    ]
    assert list_findings(tmp_path, build_menu("A", text="x" * 1025), chat=CHAT) == [
        "channel: node menu: has a text of 1025 characters: chat takes 1024 with choices: split"
    ]
    assert list_findings(tmp_path, build_menu("A", text="x" * 99), sms=SMS)[1:] == [
        "channel: node menu: has a text of 105 characters with its choices: sms takes 100: split"
    ]
    assert list_findings(tmp_path, build_menu(text="[EN] " + "x" * 99 + " [HI] " + "y" * 99), sms=SMS) == []


def test_what_is_asked_again_and_what_an_instruction_spells_out_are_texts_too(tmp_path: Path) -> None:
    told = ["channel: node menu: has a text of 101 characters: sms takes 100: split"]
    assert list_findings(tmp_path, build_menu(reprompt_text="x" * 101), sms=SMS) == told
    line = f"EN line: '{'x' * 101}'"
    assert list_findings(tmp_path, document(node("menu", instruction=line, is_final=True)), sms=SMS) == told


def test_another_language_is_held_to_the_channels_too_and_named(tmp_path: Path) -> None:
    words = {"static_text": "x" * 101, "choices": ["A"]}
    made = {**build_menu("A"), "languages": {"de": {"nodes": {"menu": words}}}}
    assert list_findings(tmp_path, made, sms=SMS) == [
        "channel: node menu: shows 1 choice: sms has no buttons: numbered list",
        "channel: node menu in de: has a text of 101 characters: sms takes 100: split",
    ]


def test_a_text_that_is_dear_by_sms_is_named_with_the_reason(tmp_path: Path) -> None:
    def list_segment_findings(text: str, *labels: str) -> list[str]:
        (tmp_path / "flow.json").write_text(json.dumps(build_menu(*labels, text=text)), encoding="utf-8")
        return [
            str(finding)
            for finding in lint(tmp_path / "flow.json", {}, attach_choices, {"twilio": describe_high_cost})
        ]

    assert list_segment_findings("x" * 459) == []
    assert list_segment_findings("x" * 460) == [
        "channel: node menu: its text takes 4 SMS (GSM-7, 460 septets): twilio"
    ]
    assert list_segment_findings("x" * 300, "y" * 155) == [
        "channel: node menu: its text takes 4 SMS (GSM-7, 460 septets): twilio"
    ]
    assert list_segment_findings("👋" + "x" * 200) == [
        "channel: node menu: its text takes 4 SMS (UCS-2, 202 characters); “👋” is not in the GSM-7 "
        "alphabet, so a segment holds 70 characters instead of 160: twilio"
    ]
    assert list_segment_findings("“x”" * 100) == []  # quotes are made plain where that saves messages


def test_links_without_link_buttons_and_unknown_types_of_media_are_named(tmp_path: Path) -> None:
    links = [{"label": "Site", "url": "https://example.org"}]
    media = [{"url": "https://example.org/a"}, {"url": "https://example.org/a.png"}]
    made = document(node("menu", "Menu?", choices=links, media=media, is_final=True))
    assert list_findings(tmp_path, made, chat=CHAT.model_copy(update={"media": 2})) == [
        "warning: node menu: The type of medium 1 cannot be inferred from its URL or name, so it is "
        "sent as a document: give it a content_type.",
        "channel: node menu: shows 1 choice with links: chat has no link buttons: links in the text",
    ]


def test_a_text_that_would_be_cut_is_named(tmp_path: Path) -> None:
    roomy = CHAT.model_copy(update={"text_length": 200_000})
    assert list_findings(tmp_path, build_menu(text="x" * 100_001), chat=roomy) == [
        "channel: node menu: has a text of 100001 characters: cut after 100000"
    ]
