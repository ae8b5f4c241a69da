"""Quoted words have no effect, and a reaction only the effect that its node defines (guarantee L15)."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model import QuotedMessage, Reaction, Turn
from core.processing import merge_turns
from flows.document import Flow
from flows.engine import DialogMachine, TurnResult
from tests.effort import example_count
from tests.flows.conversation import HERE, edge, flow, input_schema, load_library, machine, node, say, turn

QUESTION = "Shall I cancel your order?"
CHOICES = [{"label": "Cancel the order", "payload": "cancel"}, {"label": "Keep the order", "payload": "keep"}]


def build_flow(**more: object) -> Flow:
    return flow(
        node(
            "ask",
            QUESTION,
            choices=CHOICES,
            edges=[
                edge("cancel", "cancelled", keywords=["cancel", "yes"]),
                edge("keep", "kept", keywords=["keep", "no"]),
            ],
            **more,
        ),
        node("cancelled", "CANCELLED", edges=[edge("again", "ask", keywords=["again"])]),
        node("kept", "KEPT", edges=[edge("again", "ask", keywords=["again"])]),
    )


async def ask_question(of: Flow) -> DialogMachine:
    dialog = machine(of)
    assert (await dialog.turn("hi")).text == QUESTION
    return dialog


@pytest.mark.parametrize(
    "text",
    [
        f"Liked “{QUESTION}”",
        f"Disliked “{QUESTION}”",
        f"Questioned “{QUESTION}”",
        f"Removed a like from “{QUESTION}”",
        f"Gefällt „{QUESTION}“",
        f"Le gustó «{QUESTION}»",
        f'Reacted to "{QUESTION}" with 👍',
        "Liked “Shall I cancel yo…”",
        "Loved an image",
    ],
)
async def test_a_tapback_changes_nothing_and_is_not_answered(text: str) -> None:
    dialog = await ask_question(build_flow())
    before = dialog.state

    answer = await dialog.turn(text)

    assert (answer.messages, answer.outcome, answer.node, dialog.state) == ((), "reaction", "ask", before)


@pytest.mark.parametrize(
    "text",
    [
        f"Svarade med 👍 på ”{QUESTION}”",
        f"Reagiu com 👍 a “{QUESTION}”",
        f"Отреагировал(а) 👍 на «{QUESTION}»",
        f"「{QUESTION}」に👍でリアクション",
        f"Reageerde met ✅ op “{QUESTION}”",
        f"👍🏽 “{QUESTION}”",
        f"“{QUESTION}” 👍",
    ],
)
async def test_an_emoji_beside_a_quotation_of_the_bot_answers_nothing_in_any_language(text: str) -> None:
    dialog = await ask_question(build_flow())

    assert (await dialog.turn(text)).node == "ask"


@pytest.mark.parametrize(
    ("text", "reply"),
    [(f"> {QUESTION}\n👍", "CANCELLED"), (f"“{QUESTION}” yes 👍", "CANCELLED"), ("👍", "CANCELLED")],
)
async def test_an_emoji_below_a_quotation_or_with_words_is_an_answer(text: str, reply: str) -> None:
    dialog = await ask_question(build_flow())

    assert (await dialog.turn(text)).text == reply


async def test_a_tapback_to_the_menu_of_the_default_flow_hands_nothing_off() -> None:
    dialog = load_library("support")
    greeting = await dialog.turn("hello")
    menu = "\n".join(f"{at}. {each.label}" for at, each in enumerate(greeting.messages[-1].choices, 1))

    assert (await dialog.turn(f"Liked “{greeting.text}\n\n{menu}”")).outcome == "reaction"


async def test_the_words_beside_a_quotation_decide() -> None:
    dialog = await ask_question(build_flow())

    answer = await dialog.turn(f"> {QUESTION}\n> 1. Cancel the order\n2")

    assert answer.text == "KEPT"


async def test_a_mere_quotation_is_answered_with_the_question() -> None:
    dialog = await ask_question(build_flow(max_turns=1))

    for _ in range(3):
        answer = await dialog.turn(f"> {QUESTION}\n> 1. Cancel the order")
        assert (answer.text, answer.node, answer.hand_off) == (QUESTION, "ask", False)


@pytest.mark.parametrize(
    ("texts", "reply"),
    [
        (("hi\n\n-- \nAda", "2"), "KEPT"),
        ((f"hi\n-----Original Message-----\n{QUESTION}", "2"), "KEPT"),
        (("hello\n\nSent from my iPhone", "2\n\nSent from my iPhone"), "KEPT"),
        ((f"Liked “{QUESTION}”", "2"), "KEPT"),
        (("2", f"> {QUESTION}\n> 1. Cancel the order"), "KEPT"),
        ((f"> {QUESTION}", f"> {QUESTION}\n> 1. Cancel the order"), QUESTION),
        ((f"Liked “{QUESTION}”", f"Disliked “{QUESTION}”"), ""),
    ],
)
async def test_quotations_of_merged_messages_end_with_each_message(
    texts: tuple[str, ...], reply: str
) -> None:
    dialog = await ask_question(build_flow())
    merged = merge_turns([turn(text) for text in texts])

    assert (await dialog.turn(merged)).text.endswith(reply)


KEYWORDS = st.sampled_from(["cancel", "keep", "yes", "no", "person", "1", "order", "please"])
MARKS = st.sampled_from(
    [
        "> {}",
        "Liked “{}”",
        "Disliked „{}“",
        "Hat mit 👍 auf „{}“ reagiert",
        'Reacted to "{}" with 👍',
        "On Monday, Shop wrote:\n> {}",
        "-----Original Message-----\n{}",
        "{}",
        "“{}”",
    ]
)


@settings(max_examples=example_count(300, quick=60))
@given(
    question=st.lists(KEYWORDS, min_size=4, max_size=12).map(" ".join),
    mark=MARKS,
    own=st.sampled_from(["", "blue horses"]),
    is_above=st.booleans(),
)
def test_the_quoted_part_of_a_message_decides_nothing(
    question: str, mark: str, own: str, is_above: bool
) -> None:
    made = flow(
        node(
            "ask",
            f"{question}?",
            edges=[
                edge("cancel", "done", keywords=["cancel", "yes", "1"]),
                edge("keep", "done", keywords=["no"]),
            ],
        ),
        node("done", "DONE", is_final=True),
        node("desk", "DESK", hand_off=True),
        global_edges=[edge("desk", "desk", keywords=["person"])],
    )
    quotation = mark.format(f"{question}?")

    async def dialog() -> TurnResult:
        dialog = machine(made)
        await dialog.turn("hi")
        return await dialog.turn(f"{own}\n\n{quotation}" if is_above else f"{quotation}\n{own}")

    answer = asyncio.run(dialog())
    assert (answer.node, answer.hand_off) == ("ask", False)


async def test_a_language_of_a_tapback_is_not_that_of_the_person() -> None:
    dialog = load_library("support")
    first = await dialog.turn("hello, good morning")

    await dialog.turn(f"Gefällt „{first.text}“")
    assert dialog.state is not None
    assert dialog.state["language"] == "en"


async def react(dialog: DialogMachine, emoji: str, quoted: str = QUESTION) -> TurnResult:
    return await dialog.turn(
        Turn(
            id="r",
            session="s",
            address=HERE,
            kind="reaction",
            reaction=Reaction(emoji=emoji),
            quoted=QuotedMessage(id="m", text=quoted),
        )
    )


MEANINGS = {"👍": "keep", "👎": "Cancel the order"}


@pytest.mark.parametrize(("emoji", "reply"), [("👍", "KEPT"), ("👍🏽", "KEPT"), ("👎", "CANCELLED")])
async def test_a_reaction_means_what_the_node_says(emoji: str, reply: str) -> None:
    assert (await react(await ask_question(build_flow(on_reaction=MEANINGS)), emoji)).text == reply


async def test_a_tapback_means_what_the_node_says() -> None:
    dialog = await ask_question(build_flow(on_reaction=MEANINGS))

    assert (await dialog.turn(f"Liked “{QUESTION}”")).text == "KEPT"


async def test_an_edge_without_words_of_its_own_can_be_meant() -> None:
    dialog = machine(
        flow(
            node("ask", QUESTION, edges=[edge("go", "end", "it is time")], on_reaction={"❤️": "go"}),
            node("end", "END", is_final=True),
        )
    )
    await dialog.turn("hi")

    assert (await react(dialog, "❤")).text == "END"


async def test_a_yes_fills_a_slot() -> None:
    confirmed = edge("given", "end", input_schema=input_schema(sure={"type": "boolean"}))
    dialog = machine(
        flow(
            node("ask", QUESTION, edges=[confirmed], on_reaction={"👍": "yes", "👎": "no"}),
            node("end", "{{ sure }}", is_final=True),
        )
    )
    await dialog.turn("hi")

    assert (await react(dialog, "👎")).text == "False"


@pytest.mark.parametrize(
    ("emoji", "quoted"), [("🎉", QUESTION), ("", QUESTION), ("👍", "An older message"), ("👍", "")]
)
async def test_other_reactions_decide_nothing(emoji: str, quoted: str) -> None:
    dialog = await ask_question(build_flow(on_reaction=MEANINGS))

    assert (await react(dialog, emoji, quoted)).outcome == "reaction"


async def test_a_reaction_to_an_older_question_decides_nothing() -> None:
    dialog = await ask_question(build_flow(on_reaction=MEANINGS))
    await say(dialog, "keep")

    assert (await react(dialog, "👎")).outcome == "reaction"


async def test_a_reaction_begins_no_conversation_and_reopens_none() -> None:
    dialog = machine(flow(node("end", "Bye, and thanks for all of this.", is_final=True)))
    assert (await react(dialog, "👍")).messages == ()
    await dialog.turn("hi")

    assert (await react(dialog, "👍", "Bye, and thanks for all of this.")).messages == ()
    assert (await dialog.turn("> Bye, and thanks for all of this.")).messages == ()


async def test_an_unsupported_message_is_answered_once() -> None:
    dialog = await ask_question(build_flow())

    answers = [await dialog.turn(turn(kind="unsupported")) for _ in range(3)]

    assert QUESTION in answers[0].text
    assert answers[0].text.startswith("I can't see this kind of message here.")
    assert [answer.text for answer in answers[1:]] == ["", ""]
    assert (await dialog.turn("keep")).text == "KEPT"
    assert (await dialog.turn(turn(kind="unsupported"))).text


async def test_the_flow_has_its_own_words_for_an_unsupported_message() -> None:
    own = flow(
        node("ask", QUESTION, edges=[edge("keep", "ask", keywords=["keep"])]),
        unsupported_text="Words only, please.",
        languages={
            "de": {"unsupported_text": "Bitte nur Text.", "nodes": {"ask": {"static_text": "Stornieren?"}}}
        },
    )
    dialog = machine(own)
    await dialog.turn("guten Morgen, ich habe eine Frage")

    assert (await dialog.turn(turn(kind="unsupported"))).text == "Bitte nur Text. Stornieren?"


@pytest.mark.parametrize(
    "text",
    [
        "1️⃣",
        "\u200f1",
        "1\u200e",
        "\u20661\u2069",
        "1 please",
        "1\n\nSent from my iPhone",
        "uno",
        "１",
    ],
)
async def test_a_choice_by_an_odd_digit(text: str) -> None:
    assert (await (await ask_question(build_flow())).turn(text)).text == "CANCELLED"


@pytest.mark.parametrize(
    "text",
    [
        "2️⃣",
        "\u200f2",
        "2\u200e",
        "2 please",
        "2 pls",
        "2\n\nSent from my iPhone",
        "dos",
        "zwei",
        "2 👍",
        "👍🏽 2",
        "2️⃣ ✅",
        "keep the order 👍",
        "2nd",
        "the 2nd one",
    ],
)
async def test_the_second_choice_by_an_odd_digit(text: str) -> None:
    assert (await (await ask_question(build_flow())).turn(text)).text == "KEPT"
