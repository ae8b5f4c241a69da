from __future__ import annotations

import pytest

from core.model import Choice
from flows.nlu import recognize_choice

OFFERED = [
    Choice(label="Track my order", payload="track"),
    Choice(label="Returns", payload="returns"),
    Choice(label="Opening hours", payload="hours"),
    Choice(label="Talk to a person", payload="person"),
]
YES_NO = [Choice(label="Yes", payload="confirmed"), Choice(label="No", payload="denied")]


def recognize(answer: str, offered: list[Choice] = OFFERED) -> str:
    choice = recognize_choice(answer, offered)
    return choice.payload if choice else ""


@pytest.mark.parametrize(
    "answer",
    [
        "2",
        "2.",
        " 2 ",
        "(2)",
        "#2",
        "2)",
        "option 2",
        "number two",
        "two",
        "second",
        "the second one",
        "No. 2",
    ],
)
def test_a_choice_is_named_by_its_number(answer: str) -> None:
    assert recognize(answer) == "returns"


@pytest.mark.parametrize(
    "answer", ["Returns", "RETURNS", "returns!", "Returns please", "returns", "I'd like returns"]
)
def test_a_choice_is_named_by_its_label_in_any_case(answer: str) -> None:
    assert recognize(answer) == "returns"


@pytest.mark.parametrize(
    ("answer", "payload"),
    [
        ("opning hours", "hours"),
        ("Opening huors", "hours"),
        ("retuns", "returns"),
        ("tarck my order", "track"),
        ("talk to a persn", "person"),
    ],
)
def test_a_label_with_a_typo_is_matched(answer: str, payload: str) -> None:
    assert recognize(answer) == payload


@pytest.mark.parametrize(
    ("answer", "payload"), [("hours", "hours"), ("my order", "track"), ("a person", "person")]
)
def test_a_part_of_a_label_that_no_other_has_is_enough(answer: str, payload: str) -> None:
    assert recognize(answer) == payload


def test_a_payload_is_taken_as_it_is() -> None:
    assert recognize("track") == "track"


@pytest.mark.parametrize("answer", ["", "  ", "0", "5", "99", "22", "blue", "what?", "1234", "x" * 300])
def test_other_answers_match_no_choice(answer: str) -> None:
    assert recognize(answer) == ""


def test_two_equally_similar_labels_are_not_a_choice() -> None:
    offered = [Choice(label="Plan A1", payload="1"), Choice(label="Plan A2", payload="2")]
    assert recognize("plan a", offered) == ""
    assert recognize("plan a3", offered) == ""
    assert recognize("Plan A2", offered) == "2"


@pytest.mark.parametrize(
    ("answer", "payload"), [("yess", "confirmed"), ("YES!!!", "confirmed"), ("nooo", "denied")]
)
def test_a_label_with_repeated_letters_is_matched(answer: str, payload: str) -> None:
    assert recognize(answer, YES_NO) == payload


@pytest.mark.parametrize("answer", ["no, it is 4321", "yes but the date is wrong", "not", "now"])
def test_a_label_among_words_that_say_more_is_left_to_the_model(answer: str) -> None:
    assert recognize(answer, YES_NO) == ""


def test_accents_do_not_matter() -> None:
    assert recognize("cafe", [Choice(label="Café", payload="c"), Choice(label="Tee", payload="t")]) == "c"


@pytest.mark.parametrize(
    ("answer", "language", "label"),
    [
        ("the last one", "en", "extra large"),
        ("second to last", "en", "large"),
        ("das letzte", "de", "extra large"),
        ("el penúltimo", "es", "large"),
        ("what is large?", "en", None),
        ("I have two", "en", None),
        ("can I have large?", "en", "large"),
        ("large?", "en", "large"),
    ],
)
def test_a_position_from_the_end_is_a_choice_and_a_question_is_none(
    answer: str, language: str, label: str | None
) -> None:
    offered = [Choice(label=each, payload=each) for each in ("small", "medium", "large", "extra large")]
    found = recognize_choice(answer, offered, language)

    assert (found.label if found else None) == label


def test_a_yes_word_is_no_part_of_a_label() -> None:
    offered = [Choice(label=each, payload=each) for each in ("azul claro", "verde")]

    assert recognize_choice("claro", offered, "es") is None
