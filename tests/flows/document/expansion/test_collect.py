"""Forms ask for missing values, and accept corrections, questions and cancellation at any point."""

from __future__ import annotations

from typing import Any

import pytest

from flows.document import Flow, FlowError
from flows.document.expansion.form import label as label_of
from flows.document.expansion.models import CollectSlot
from flows.engine import DialogMachine
from flows.locales import messages_for
from tests.flows.conversation import Json, document, machine, node, say

SLOTS: list[Json] = [
    {"name": "day", "question": "For which day?", "format": "date", "x-future": True,
     "checks": [{"if": "(day | weekday) == 'sunday'", "say": "On Sundays we are closed."}]},
    {"name": "guests", "question": "How many are you?", "type": "integer", "maximum": 12},
    {"name": "area", "question": "Inside or outside?", "choices": ["Inside", "Outside"]},
    {"name": "wish", "question": "Any wishes?", "optional": True},
]  # fmt: skip


def build_flow(**more: Any) -> Flow:
    form = {"id": "table", "node_type": "collect", "intro": "Hello!", "slots": SLOTS, "then": "check"}
    check = {
        "id": "check", "node_type": "confirm", "collect": "table", "then": "booked",
        "static_text": "{{ guests }} on {{ day | date }}, {{ area }}. Right?",
    }  # fmt: skip
    faq = [{"questions": ["where are you?"], "answer": "At the quay."}]
    return Flow.model_validate(
        document({**form, **more}, check, node("booked", "Booked.", is_final=True), faq=faq)
    )


async def test_a_form_asks_for_one_value_after_another_and_reads_them_back() -> None:
    dialog = machine(build_flow())
    assert (await dialog.turn("hi")).text == "Hello!\n\nFor which day?"
    assert (await dialog.turn("next friday")).text == "How many are you?"
    area = await dialog.turn("4")
    assert [choice.label for choice in area.messages[-1].choices] == ["Inside", "Outside"]
    wish = await dialog.turn("outside")
    assert [choice.label for choice in wish.messages[-1].choices] == ["Skip"]
    assert (await dialog.turn("skip")).text == "4 on 27 November 2026, Outside. Right?"
    assert (await dialog.turn("yes")).outcome == "final"


async def test_what_is_known_is_not_asked() -> None:
    asked = await say(machine(build_flow()), "hi", "next friday, outside please", "3")
    assert asked.text == "Any wishes?"


async def test_an_earlier_value_is_corrected_while_another_is_asked() -> None:
    dialog = machine(build_flow())
    asked = await say(dialog, "hi", "next friday", "actually next thursday")
    assert (asked.text, read_slots(dialog)["day"]) == ("How many are you?", "2026-11-26")


async def test_a_value_that_is_checked_is_refused_with_the_reason_and_asked_again() -> None:
    asked = await say(machine(build_flow()), "hi", "29 November 2026")
    assert [message.text for message in asked.messages] == [
        "On Sundays we are closed.",
        "All right. For which day?",
    ]


async def test_a_question_in_between_loses_nothing() -> None:
    dialog = machine(build_flow())
    answered = await say(dialog, "hi", "next friday", "4", "where are you?")
    assert [message.text for message in answered.messages] == ["At the quay.", "Inside or outside?"]
    await dialog.turn("inside")
    assert read_slots(dialog) == {"day": "2026-11-27", "guests": 4, "area": "Inside"}


async def test_values_of_the_callers_context_are_not_asked_for() -> None:
    dialog = machine(build_flow())
    await dialog.turn("hi", context={"guests": 3, "area": "Inside"})
    assert (await dialog.turn("next friday")).text == "Any wishes?"
    assert read_slots(dialog) == {"day": "2026-11-27", "guests": 3, "area": "Inside"}


async def test_a_user_who_wants_to_stop_may_stop() -> None:
    stopped = await say(machine(build_flow()), "hi", "next friday", "stop")
    assert (stopped.outcome, stopped.text) == ("final", "All right, I have stopped here.")


async def test_a_no_asks_what_is_wrong_and_asks_only_for_that() -> None:
    dialog = machine(build_flow())
    wrong = await say(dialog, "hi", "next friday", "4", "inside", "skip", "no")
    labels = [choice.label for choice in wrong.messages[-1].choices]
    assert (wrong.text, labels) == ("What shall I change?", ["Day", "Guests", "Area", "Wish"])
    assert (await say(dialog, "2", "6")).text == "6 on 27 November 2026, Inside. Right?"


async def test_a_value_is_corrected_at_the_confirmation() -> None:
    dialog = machine(build_flow())
    check = await say(dialog, "hi", "next friday", "4", "inside", "skip", "no, outside")
    assert check.text == "4 on 27 November 2026, Outside. Right?"


async def test_two_dates_are_never_taken_for_each_other() -> None:
    slots_of_stay = [
        {"name": "arrival", "question": "From when?", "format": "date", "x-future": True},
        {"name": "departure", "question": "Until when?", "format": "date", "x-future": True},
    ]
    dialog = machine(build_flow(slots=slots_of_stay))
    await say(dialog, "hi", "4 December 2026", "6 December 2026")
    assert read_slots(dialog) == {"arrival": "2026-12-04", "departure": "2026-12-06"}


async def test_a_form_fails_over_to_a_node() -> None:
    flow = Flow.model_validate(
        document(
            {"id": "form", "node_type": "collect", "slots": SLOTS[:1], "then": "end", "failed": "person",
             "max_turns": 2},
            node("end", "End.", is_final=True),
            node("person", "A colleague.", hand_off=True),
        )
    )  # fmt: skip
    assert (await say(machine(flow), "hi", "hm", "hmm", "well")).outcome == "hand_off"


async def test_a_form_is_asked_in_the_other_language() -> None:
    languages = {"de": {
        "nodes": {"check": {"static_text": "{{ area }}, richtig?"}, "booked": {"static_text": "Gebucht."}},
        "slots": {"area": {"question": "Drinnen oder draußen?", "choices": ["Drinnen", "Draußen"],
                           "synonyms": {"Inside": ["drinnen"], "Outside": ["draußen"]}}},
        "faq": {"where_are_you": {"answer": "Am Kai.", "questions": ["wo seid ihr?"]}},
    }}  # fmt: skip
    base = build_flow(slots=[SLOTS[2]])
    flow = Flow.model_validate({**(base._source or {}), "languages": languages})
    dialog = machine(flow)
    asked = await dialog.turn("Guten Tag, ich hätte gerne einen Tisch")
    assert "Drinnen oder draußen?" in asked.text
    check = await dialog.turn("Draußen")
    assert [choice.label for choice in check.messages[-1].choices] == ["Ja", "Nein"]
    assert (await dialog.turn("ja")).text == "Gebucht."


async def test_a_yes_or_no_and_a_few_values_have_buttons() -> None:
    parking = {"name": "parking", "question": "With parking?", "type": "boolean"}
    size = {"name": "size", "question": "Which size?", "enum": ["small", "large"]}
    dialog = machine(build_flow(slots=[parking, size]))
    asked = await dialog.turn("hi")
    assert [choice.label for choice in asked.messages[-1].choices] == ["Yes", "No"]
    asked = await dialog.turn("2")
    assert [choice.label for choice in asked.messages[-1].choices] == ["small", "large"]
    await dialog.turn("large please")
    assert read_slots(dialog) == {"parking": False, "size": "large"}


async def test_the_label_of_a_choice_names_its_value_and_a_question_is_asked_once() -> None:
    kind = {"name": "kind", "question": "Which?", "choices": ["Salami", "Tuna"]}
    size = {
        "name": "size", "question": "Which size?",
        "choices": [{"label": "Small", "value": "s"}, {"label": "Large", "value": "l"}],
    }  # fmt: skip
    dialog = machine(build_flow(slots=[kind, size]))
    assert (await dialog.turn("a large one please")).text == "Hello!\n\nWhich?"
    assert (await dialog.turn("no, small")).text == "Which?"
    assert (await dialog.turn("small, I said")).text == "Got it. Which?"
    await dialog.turn("tuna")
    assert read_slots(dialog) == {"kind": "Tuna", "size": "s"}


@pytest.mark.parametrize(
    ("text", "wish"), [("no", None), ("No, thanks!", None), ("skip", None), ("no onions", "no onions")]
)
async def test_only_a_whole_message_leaves_an_optional_value_out(text: str, wish: str | None) -> None:
    dialog = machine(build_flow(slots=[SLOTS[2], SLOTS[3]]))
    await say(dialog, "hi", "inside", text)
    assert read_slots(dialog).get("wish") == wish


async def test_a_renamed_form_keeps_what_was_learnt() -> None:
    dialog = machine(build_flow())
    await say(dialog, "hi", "next friday")
    renamed = [{**slot, "name": "people"} if slot["name"] == "guests" else slot for slot in SLOTS]
    moved = DialogMachine(build_flow(slots=renamed), state=dialog.state)
    assert (await moved.turn("4")).node == "ask_area"
    assert read_slots(moved)["day"] == "2026-11-27"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"slots": []}, "nodes[0].slots: At least 1 is required here."),
        ({"then": "nowhere"}, "nodes[0]: There is no node “nowhere”."),
        (
            {"slots": [{"name": "x"}]},
            "nodes[0].slots[0].question: This is required and missing: write question",
        ),
        ({"slots": [SLOTS[1], SLOTS[1]]}, "“guests” is asked for twice"),
        ({"slots": [{**SLOTS[1], "pattern": "("}]}, "nodes[0]"),
        ({"slots": [{**SLOTS[0], "checks": [{"if": "day ==", "say": "No."}]}]}, "nodes[0]"),
        (
            {"slots": [{**SLOTS[0], "checks": [{"if": "guests > 4", "say": "No."}]}, SLOTS[1]]},
            "nodes[0].slots[0].checks[0].if: “guests” is asked for later",
        ),
    ],
)
def test_a_mistake_is_named_at_the_authors_place(change: Json, place: str) -> None:
    source = {**(build_flow()._source or {})}
    source["nodes"] = [{**source["nodes"][0], **change}, *source["nodes"][1:]]
    with pytest.raises(FlowError) as caught:
        Flow._from_document(source, "table.yaml")
    assert place in str(caught.value)


def test_an_unknown_key_of_a_slot_is_a_warning() -> None:
    warnings = [str(each) for each in build_flow(slots=[{**SLOTS[0], "requird": True}]).warnings]
    assert warnings[0].startswith("nodes[0].slots[0].requird: This key is not known here")


def read_slots(dialog: DialogMachine) -> Json:
    values = (dialog.state or {}).get("slots")
    return dict(values) if isinstance(values, dict) else {}


@pytest.mark.parametrize(
    ("language", "description", "label"),
    [
        ("en", "your phone number", "Phone number"),
        ("en", "the last digits of your card", "Last digits of your card"),
        ("de", "Ihr Geburtsdatum", "Geburtsdatum"),
        ("de", "der Tag", "Tag"),
        ("de", "die letzten Ziffern", "Die letzten Ziffern"),
        ("es", "su fecha de nacimiento", "Fecha de nacimiento"),
        ("es", "la hora", "Hora"),
    ],
)
def test_a_label_is_the_description_without_its_article(language: str, description: str, label: str) -> None:
    slot = CollectSlot(name="value", question="?", description=description)
    assert label_of(slot, messages_for(language)) == label
