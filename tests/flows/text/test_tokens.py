from __future__ import annotations

import pytest

from flows.nlu import is_small_talk


@pytest.mark.parametrize(
    "text",
    ["thanks", "thank you so much!", "ok thanks bye", "have a nice day", "👍", "danke", "tschüss",
     "vielen Dank, schönen Tag noch"],
)  # fmt: skip
def test_thanks_and_a_goodbye_are_a_courtesy(text: str) -> None:
    assert is_small_talk(text)


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "thaaanks 😘"), ("en", "okkk thankssss byeee"), ("de", "dankeee"), ("es", "graciasss")],
)
def test_stretched_thanks_are_thanks(language: str, text: str) -> None:
    assert is_small_talk(text, language)


@pytest.mark.parametrize(
    "text", ["", "hello", "good day", "4321", "thanks, but the date is wrong", "ok, and the price?", "noooo"]
)
def test_a_text_that_says_more_is_not_a_short_answer(text: str) -> None:
    assert not is_small_talk(text)
