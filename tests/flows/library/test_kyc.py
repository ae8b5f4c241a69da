from __future__ import annotations

from itertools import pairwise

import pytest

from flows.document import Flow
from flows.engine import DialogMachine
from tests.flows.conversation import TODAY, load_library, machine, say
from tests.paths import ROOT


async def test_a_customer_is_verified_in_four_messages() -> None:
    dialog = load_library("kyc")
    greeting = await dialog.turn("hello")
    assert greeting.text.endswith("What are the last four digits of your card?")
    assert "date of birth" in (await dialog.turn("4321")).text
    check = await dialog.turn("23 April 1990")
    assert check.text == (
        "Let me read that back: the card ends in 4321 and you were born on 23 April 1990. Is that right?"
    )
    assert [choice.label for choice in check.messages[-1].choices] == ["Yes", "No"]
    done = await dialog.turn("yes")
    assert (done.outcome, done.node, dialog.is_complete) == ("final", "verified", True)
    assert dialog.state is not None
    assert dialog.state["slots"] == {"last_four": "4321", "date_of_birth": "1990-04-23"}


@pytest.mark.parametrize(
    "answer", ["1", "one", "YES", "yess", "yep", "y", "that's correct", "corect", "👍", "ok sure"]
)
async def test_the_details_are_confirmed_in_many_words(answer: str) -> None:
    done = await say(load_library("kyc"), "hi", "4321", "23 April 1990", answer)
    assert done.node == "verified"


@pytest.mark.parametrize(
    "answer", ["2", "no", "Nope", "that's not right", "wrong", "👎", "not correct", "nooo"]
)
async def test_the_details_are_denied_in_many_words(answer: str) -> None:
    asked = await say(load_library("kyc"), "hi", "4321", "23 April 1990", answer)
    assert asked.node == "what_is_wrong"
    assert [choice.label for choice in asked.messages[-1].choices] == ["Card digits", "Date of birth"]


@pytest.mark.parametrize(
    ("greeting", "answer", "node"),
    [
        ("hola, quiero hablar en español", "y", "confirm"),
        ("hola, quiero hablar en español", "s", "verified"),
        ("hola, quiero hablar en español", "n", "what_is_wrong"),
        ("hallo, ich möchte deutsch", "j", "verified"),
        ("hallo, ich möchte deutsch", "n", "what_is_wrong"),
    ],
)
async def test_a_letter_is_an_answer_in_its_own_language(greeting: str, answer: str, node: str) -> None:
    asked = await say(load_library("kyc"), greeting, "4321", "23.4.1990", answer)
    assert asked.node == node


@pytest.mark.parametrize(
    ("correction", "slots"),
    [
        ("no, it is 4329", {"last_four": "4329", "date_of_birth": "1990-04-23"}),
        ("sorry, 4329 not 4321", {"last_four": "4329", "date_of_birth": "1990-04-23"}),
        ("no, I was born on 24 April 1990", {"last_four": "4321", "date_of_birth": "1990-04-24"}),
        ("wrong! April 24 1990", {"last_four": "4321", "date_of_birth": "1990-04-24"}),
    ],
)
async def test_a_correction_overwrites_and_is_read_back(correction: str, slots: dict[str, str]) -> None:
    dialog = load_library("kyc")
    check = await say(dialog, "hi", "4321", "23 April 1990", correction)
    assert (check.outcome, check.node) == ("advance", "confirm")
    assert check.text.endswith("Is that right?")
    assert dialog.state is not None
    assert dialog.state["slots"] == slots


@pytest.mark.parametrize(
    ("denial", "node"),
    [("my birthday is wrong", "ask_new_date_of_birth"), ("the digits are wrong", "ask_new_last_four")],
)
async def test_what_is_wrong_may_be_said_at_once(denial: str, node: str) -> None:
    asked = await say(load_library("kyc"), "hi", "4321", "23 April 1990", denial)
    assert asked.node == node


async def test_one_detail_is_put_right_by_choosing_it() -> None:
    dialog = load_library("kyc")
    asked = await say(dialog, "hi", "4321", "23 April 1990", "no", "2")
    assert asked.text == "All right. What is your date of birth? For example 23 April 1990."
    check = await dialog.turn("24 April 1990")
    assert check.text == "The card ends in 4321 and you were born on 24 April 1990. Is that right?"


async def test_the_digits_are_corrected_while_the_date_is_asked() -> None:
    dialog = load_library("kyc")
    corrected = await say(dialog, "hi", "4321", "wait, it's 4329")
    assert [message.text for message in corrected.messages] == [
        "Got it, the card ends in 4329.",
        "What is your date of birth? For example 23 April 1990.",
    ]


async def test_an_ambiguous_date_is_asked_again_with_the_reason_and_never_twice_alike() -> None:
    dialog = load_library("kyc")
    first = await say(dialog, "hi", "4321", "04/05/1990")
    second = await dialog.turn("04/05/1990")
    assert first.text.startswith(
        "04/05/1990 could be 5 April 1990 or 4 May 1990. Please write the month as a word."
    )
    assert first.text.endswith("What is your date of birth? For example 23 April 1990.")
    assert second.outcome == "stay"
    assert second.text != first.text
    assert (await dialog.turn("4 May 1990")).node == "confirm"


@pytest.mark.parametrize("answer", ["31 February 1990", "1 January 2030", "31/02/90"])
async def test_an_impossible_date_of_birth_is_asked_again(answer: str) -> None:
    asked = await say(load_library("kyc"), "hi", "4321", answer)
    assert (asked.outcome, asked.node) == ("stay", "ask_date_of_birth")


async def test_a_year_of_birth_of_two_digits_is_past() -> None:
    dialog = load_library("kyc")
    await say(dialog, "hi", "4321", "23/04/90")
    assert dialog.state is not None
    assert dialog.state["slots"] == {"last_four": "4321", "date_of_birth": "1990-04-23"}


async def test_a_number_of_five_digits_is_not_cut_to_four() -> None:
    asked = await say(load_library("kyc"), "hi", "43211")
    assert asked.node == "ask_last_four"
    assert asked.text.startswith("That does not look like the last four digits of your card.")


async def test_both_details_in_the_first_message_skip_the_questions() -> None:
    check = await load_library("kyc").turn("Hi, my card ends in 4321 and I was born on 23 April 1990")
    assert check.node == "confirm"
    assert len(check.messages) == 2
    assert check.messages[0].text.startswith("Hello, this is Harbour Bank.")


async def test_the_date_first_is_kept_until_the_digits_come() -> None:
    dialog = load_library("kyc")
    asked = await say(dialog, "hi", "23 April 1990")
    assert asked.text == "What are the last four digits of your card?"
    assert (await dialog.turn("4321")).node == "confirm"


async def test_a_question_in_between_is_answered_and_the_open_question_asked_again() -> None:
    dialog = load_library("kyc")
    answered = await say(dialog, "hi", "4321", "why do you need this?")
    assert answered.messages[0].text.startswith("I ask so that nobody else can get at your account.")
    assert answered.messages[1].text == "What is your date of birth? For example 23 April 1990."
    assert (await dialog.turn("23 April 1990")).node == "confirm"


async def test_questions_in_between_are_not_counted_as_tries() -> None:
    dialog = load_library("kyc")
    await dialog.turn("hi")
    for _ in range(10):
        assert (await dialog.turn("is this safe?")).node == "ask_last_four"
    assert (await dialog.turn("4321")).node == "ask_date_of_birth"


@pytest.mark.parametrize("text", ["I want to talk to a person", "agent please", "a humann", "I lost my card"])
async def test_a_request_for_an_agent_hands_off(text: str) -> None:
    passed = await say(load_library("kyc"), "hi", text)
    assert (passed.outcome, passed.hand_off) == ("hand_off", True)


async def test_a_request_for_an_agent_outranks_an_answer() -> None:
    assert (await say(load_library("kyc"), "hi", "4321 but I'd rather talk to a person")).hand_off


async def test_a_negated_request_for_an_agent_does_not_hand_off() -> None:
    assert not (await say(load_library("kyc"), "hi", "I do not want a person")).hand_off


async def test_too_many_attempts_hand_off() -> None:
    dialog = load_library("kyc")
    outcomes = [(await dialog.turn("blue")).outcome for _ in range(5)]
    assert outcomes == ["stay", "stay", "stay", "stay", "hand_off"]


async def test_a_right_answer_in_the_last_try_still_counts() -> None:
    dialog = load_library("kyc")
    await say(dialog, "hi", "blue", "red", "green", "black")
    assert (await dialog.turn("4321")).node == "ask_date_of_birth"


async def test_after_a_hand_off_the_open_question_is_repeated() -> None:
    dialog = load_library("kyc")
    await say(dialog, "hi", "4321", "talk to a person")
    assert (await dialog.turn("23 April 1990")).node == "confirm"


async def test_the_customer_may_stop() -> None:
    stopped = await say(load_library("kyc"), "hi", "forget it")
    assert (stopped.outcome, stopped.node) == ("final", "cancelled")


async def test_a_message_after_the_end_begins_again() -> None:
    dialog = load_library("kyc")
    await say(dialog, "hi", "4321", "23 April 1990", "yes")
    again = await dialog.turn("hello")
    assert again.node == "ask_last_four"
    assert again.text.startswith("Hello, this is Harbour Bank.")
    assert dialog.state is not None
    assert "slots" not in dialog.state


async def test_a_reason_is_never_led_by_a_refusal() -> None:
    dialog = load_library("kyc")
    await dialog.turn("hi")
    for answer in ("90", "90", "90", "90"):
        reply = (await dialog.turn(answer)).text
        assert "does not look like the last four digits" in reply
        assert "help with" not in reply


async def test_what_is_not_understood_is_never_said_twice_alike() -> None:
    dialog = load_library("kyc")
    await say(dialog, "hi", "4321", "23 April 1990")
    replies = [(await dialog.turn("purple monkeys")).text for _ in range(12)]
    assert all(one != other for one, other in pairwise(replies))
    assert all("Is that right?" in reply for reply in replies)
    assert "talk to a person" in replies[3]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["hi", "4321"], ["23 April 1990", "23 April 1990", "yes"]),
        (["hi", "4321", "23 April 1990", "the digits are wrong"], ["4329", "yes"]),
        (["hi", "4321", "23 April 1990", "no"], ["the date", "24 April 1990", "yes"]),
    ],
)
async def test_a_conversation_in_the_flow_of_an_earlier_release_continues(
    before: list[str], after: list[str]
) -> None:
    old = machine(Flow.load(ROOT / "tests" / "payloads" / "upgrade" / "kyc.json"))
    await say(old, *before)
    dialog = DialogMachine(load_library("kyc").flow, state=old.state, today=lambda: TODAY)
    assert (await say(dialog, *after)).node == "verified"
