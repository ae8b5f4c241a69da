from __future__ import annotations

import pytest

from tests.flows.conversation import load_library, say, turn


async def test_the_greeting_offers_four_choices() -> None:
    greeting = await load_library("support").turn("hi")
    assert greeting.text == "Hi, this is Harbour Lane. What can I do for you?"
    assert [choice.label for choice in greeting.messages[0].choices] == [
        "Track my order", "Returns", "Opening hours", "Talk to a person",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "edge"),
    [
        ("2", "returns"),
        ("the third one", "opening_hours"),
        ("Opening hours", "opening_hours"),
        ("opning huors", "opening_hours"),
        ("where's my parcel?", "track_order"),
        ("my package still has not arrived", "track_order"),
        ("tarck my ordr", "track_order"),
        ("I'd like to send the pan back", "returns"),
        ("refnd please", "returns"),
        ("are you open on sundays?", "opening_hours"),
        ("how much is delivery", "shipping"),
        ("do you take visa", "payment"),
        ("can I speak to somebody", "talk_to_a_person"),
        ("this is useless, get me an agent", "talk_to_a_person"),
        ("the mug came broken", "talk_to_a_person"),
        ("are you a robot", "robot"),
        ("thanks!", "thanks"),
        ("no thanks", "no_more"),
        ("bye", "bye"),
    ],
)
async def test_what_a_customer_writes_finds_its_answer(text: str, edge: str) -> None:
    assert (await say(load_library("support"), "hi", text)).edge == edge


@pytest.mark.parametrize(
    "text",
    [
        "what is the capital of France",
        "tell me a joke",
        "42",
        "7",
        "asdf",
        "…",
        "how old are you",
        "I don't want to return it",
    ],
)
async def test_what_is_out_of_scope_is_said_so_with_the_choices(text: str) -> None:
    answer = await say(load_library("support"), "hi", text)
    assert answer.outcome == "stay"
    assert answer.text.startswith("Sorry, I didn't get that.")
    assert len(answer.messages[0].choices) == 4


async def test_an_answer_is_followed_by_the_choices_again() -> None:
    answer = await say(load_library("support"), "hi", "opening hours")
    assert [message.text for message in answer.messages] == [
        "We are open Monday to Friday from 9 to 18 and Saturday from 10 to 16. "
        "On Sundays and public holidays we are closed.",
        "What else can I do for you?",
    ]
    assert [len(message.choices) for message in answer.messages] == [0, 4]


async def test_a_first_message_is_greeted_and_answered_in_one_go() -> None:
    answer = await load_library("support").turn("when are you open?")
    assert [message.text.split(".")[0] for message in answer.messages] == [
        "Hi, this is Harbour Lane",
        "We are open Monday to Friday from 9 to 18 and Saturday from 10 to 16",
        "What else can I do for you?",
    ]


@pytest.mark.parametrize("text", ["purple", "HL-12", "x 7"])
async def test_a_first_message_that_says_nothing_clear_is_greeted_only(text: str) -> None:
    answer = await load_library("support").turn(text)
    assert [message.text for message in answer.messages] == [
        "Hi, this is Harbour Lane. What can I do for you?"
    ]


async def test_a_number_in_a_first_message_is_not_a_choice() -> None:
    assert (await load_library("support").turn("2")).outcome == "stay"


async def test_an_order_is_tracked() -> None:
    dialog = load_library("support")
    assert (await say(dialog, "hi", "1")).text.startswith("Happy to help. What is your order number?")
    answer = await dialog.turn("it's hl 123456")
    assert [message.text for message in answer.messages] == [
        "Thank you. You can follow your order here: https://harbourlane.example/orders/123456",
        "Is there anything else?",
    ]
    done = await dialog.turn("no that's all")
    assert (done.outcome, done.node) == ("final", "goodbye")


async def test_an_order_number_said_in_passing_is_not_asked_for() -> None:
    answer = await load_library("support").turn("Where is my order HL-123456?")
    assert answer.node == "anything_else"
    assert "orders/123456" in answer.text


async def test_a_user_who_has_no_order_number_is_told_where_it_is() -> None:
    dialog = load_library("support")
    answer = await say(dialog, "hi", "1", "I don't know it")
    assert answer.node == "ask_order_number"
    assert answer.messages[0].text.startswith("You find it in the subject of the e-mail")
    assert answer.messages[1].text == "What is your order number? It looks like HL-123456."


async def test_a_question_in_the_middle_returns_to_the_order_number() -> None:
    dialog = load_library("support")
    answer = await say(dialog, "hi", "1", "what are your opening hours?")
    assert answer.node == "ask_order_number"
    assert answer.messages[-1].text == "What is your order number? It looks like HL-123456."


async def test_a_wrong_order_number_is_said_so_and_in_the_end_a_person_comes() -> None:
    dialog = load_library("support")
    answer = await say(dialog, "hi", "1", "HL-12")
    assert answer.text.startswith("That does not look like your order number, which looks like HL-123456.")
    assert (await say(dialog, "HL-13", "HL-14", "HL-15", "HL-16")).hand_off


async def test_a_tapped_button_counts_by_its_payload() -> None:
    dialog = load_library("support")
    await dialog.turn("hi")
    assert (await dialog.turn(turn(payload="returns"))).edge == "returns"
    assert (await dialog.turn(turn("Opening hours", payload="opening_hours"))).edge == "opening_hours"


async def test_an_old_button_still_works() -> None:
    dialog = load_library("support")
    await say(dialog, "hi", "1")
    assert (await dialog.turn(turn("Opening hours", payload="opening_hours"))).edge == "opening_hours"


async def test_a_yes_to_anything_else_asks_what() -> None:
    answer = await say(load_library("support"), "hi", "track HL-123456", "yes")
    assert answer.node == "listening"
    assert answer.messages[-1].choices


async def test_a_person_is_called_and_a_new_message_after_that_is_answered() -> None:
    dialog = load_library("support")
    passed = await say(dialog, "hi", "4")
    assert passed.hand_off
    assert passed.text.startswith("I'm passing you on to a colleague")
    assert (await dialog.turn("when are you open?")).edge == "opening_hours"


async def test_everything_begins_again_after_goodbye() -> None:
    dialog = load_library("support")
    await say(dialog, "hi", "bye")
    assert (await dialog.turn("returns")).messages[
        0
    ].text == "Hi, this is Harbour Lane. What can I do for you?"
