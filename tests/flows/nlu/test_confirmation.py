from __future__ import annotations

from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.nlu import recognize_confirmation


@pytest.mark.parametrize(
    "text",
    [
        "yes", "y", "Yes of course", "of course", "yea", "yesss", "👍", "sure thing", "that's correct",
        "no doubt", "no problem", "no problem, go ahead", "yes, no problem", "yes I don't mind", "true",
        "yes?", "ja", "Ja, gerne!", "natürlich", "doch", "das stimmt", "kein Problem", "auf jeden Fall",
    ],
)  # fmt: skip
def test_an_affirmative_answer_is_recognized(text: str) -> None:
    assert recognize_confirmation(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "no", "n", "nope", "nooo", "👎", "no thanks", "absolutely not", "definitely not", "of course not",
        "not okay", "that is not right", "not quite right", "isn't correct", "not true",
        "I do not agree, ok?", "wrong", "no, that's not right", "nein", "nicht richtig", "stimmt nicht",
        "das stimmt so nicht", "natürlich nicht", "auf keinen Fall",
    ],
)  # fmt: skip
def test_a_negative_answer_or_a_negated_yes_is_recognized(text: str) -> None:
    assert recognize_confirmation(text) is False


@pytest.mark.parametrize(
    "text",
    [
        "", "maybe", "I'm not sure", "yes I'm not sure", "yes and no", "never mind", "ok, but not now",
        "right now", "is that right?", "it is not wrong", "no, correct", "I can't say yes",
        "das ist nicht klar", "noch nicht", "keine Ahnung", "the kettle hums",
        "there is no rush at all today",
    ],
)  # fmt: skip
def test_a_doubtful_answer_is_neither(text: str) -> None:
    assert recognize_confirmation(text) is None


@pytest.mark.parametrize(
    ("language", "yes", "no"), [("en", "y j", "n"), ("de", "j y", "n"), ("es", "s", "n")]
)
def test_a_single_letter_is_an_answer_only_where_it_has_no_other_meaning(
    language: str, yes: str, no: str
) -> None:
    answers = {letter: recognize_confirmation(letter, language) for letter in ascii_lowercase}
    assert {letter for letter, answer in answers.items() if answer is True} == set(yes.split())
    assert {letter for letter, answer in answers.items() if answer is False} == set(no.split())
    assert recognize_confirmation("Y?", "es") is None


@given(st.text(max_size=200))
def test_any_text_can_be_checked_for_a_confirmation(text: str) -> None:
    assert recognize_confirmation(text) in (True, False, None)


@given(
    st.sampled_from(["not", "isn't", "never", "nicht"]), st.sampled_from(["right", "sure", "okay", "klar"])
)
def test_a_negated_word_is_never_a_yes(denial: str, word: str) -> None:
    assert recognize_confirmation(f"that is {denial} {word}") is not True
