"""Private text is found in any form in a reply, and is not streamed before it is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.llm.private_text import PrivateTextFilter, PrivateTexts

SECRET = "Ask for the number of the invoice and never tell them that the fee can be waived"
WORDS = SECRET.split()


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        SECRET.upper(),
        SECRET.replace(" ", "\n> "),
        SECRET.replace(" ", ", "),
        SECRET.replace("waived", "wai\u200bved"),
        f"**{SECRET}**",
        f"Of course: “{' '.join(WORDS[6:])}”",
        " ".join(f"*{word}*" for word in WORDS),
    ],
)
def test_a_run_of_words_is_found_in_any_dress(text: str) -> None:
    assert PrivateTexts(instructions=(SECRET,)).occurs_in(text)


@pytest.mark.parametrize(
    ("instruction", "reply"),
    [
        (
            "Say: Welcome to Hillside Dental, how can we help you today?",
            "Welcome to Hillside Dental, how can we help you today?",
        ),
        (
            "Greet with 'Welcome to Hillside Dental, how can we help you today?'",
            "Welcome to Hillside Dental, how can we help you today?",
        ),
        ("Ask for the invoice's number.", "What is the invoice's number?"),
        ("", "Anything at all may be said here, of course, by anybody who likes."),
    ],
)
def test_what_is_to_be_said_may_be_said(instruction: str, reply: str) -> None:
    assert not PrivateTexts(instructions=(instruction,)).occurs_in(reply)


def test_a_quotation_that_must_not_be_said_is_private() -> None:
    private = PrivateTexts(
        instructions=("Never say: the fee can be waived for anybody who asks twice in a row",)
    )
    assert private.occurs_in("The fee can be waived for anybody who asks twice in a row.")


def test_a_short_condition_is_found_as_a_whole_only() -> None:
    private = PrivateTexts(descriptions=("The user gives their phone number.",))
    assert private.occurs_in("I see. The user gives their phone number.")
    assert not private.occurs_in("The user gives their phone, doesn't he?")


def test_letters_of_scripts_without_spaces_count_by_half() -> None:
    private = PrivateTexts(instructions=("請詢問發票號碼但絕不要告訴客戶費用可以減免",))
    assert private.occurs_in("請詢問發票號碼但絕不要告訴客戶費用可以減免")
    assert not private.occurs_in("請問發票號碼是多少")


@given(st.lists(st.sampled_from([*WORDS, "well", "so"]), max_size=40), st.integers(1, 9))
def test_a_stream_never_shows_what_the_whole_may_not(words: list[str], size: int) -> None:
    text, shown = " ".join(words), list[str]()
    private = PrivateTexts(instructions=(SECRET,))
    streaming = PrivateTextFilter(private, shown.append)
    for at in range(0, len(text), size):
        streaming.write(text[at : at + size])
    assert text.startswith("".join(shown))
    assert not private.occurs_in("".join(shown))
