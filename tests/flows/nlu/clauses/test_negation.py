from __future__ import annotations

import string
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flows.nlu import denied_positions, is_reserved, is_unreserved_yes
from flows.nlu.clauses.neighbors import has_unknown_neighbor
from flows.slots import extract_slot, slots_from_schema
from flows.text import tokenize

TODAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "yes"),
        ("en", "Yes, please book it, thank you"),
        ("en", "okay great"),
        ("en", "yess"),
        ("en", "of course"),
        ("de", "ja, genau"),
        ("de", "aber natürlich"),
        ("es", "sí, está bien"),
        ("es", "claro que sí"),
    ],
)
def test_a_yes_without_a_reservation(language: str, text: str) -> None:
    assert is_unreserved_yes(text, language, {"book"})


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "ok don't"),
        ("en", "ok wait"),
        ("en", "yes but what does it cost"),
        ("en", "yes, after I ask my wife"),
        ("en", "right?"),
        ("en", "yes and add olives"),
        ("en", "correct, except the date"),
        ("de", "ja, aber später"),
        ("de", "stimmt, bis auf den Namen"),
        ("de", "ja nicht"),
        ("es", "sí, si es gratis"),
        ("es", "vale, no"),
        ("fr", "yes but later"),
    ],
)
def test_a_yes_with_a_reservation(language: str, text: str) -> None:
    assert not is_unreserved_yes(text, language)


def test_a_reservation_is_found_anywhere_but_not_in_a_phrase_that_agrees() -> None:
    assert is_reserved("all good, except the date")
    assert not is_reserved("aber gerne", "de")


@pytest.mark.parametrize(
    ("language", "text", "word"),
    [
        ("en", "I do not want to talk to a person", "person"),
        ("en", "please don't connect me to an agent", "agent"),
        ("en", "never put me through to a representative again", "representative"),
        ("de", "ich will nicht mit einem Menschen sprechen", "menschen"),
        ("de", "mit einem Menschen sprechen möchte ich nicht", "menschen"),
        ("de", "ich möchte mit keinem Mitarbeiter reden", "mitarbeiter"),
        ("es", "no quiero hablar con una persona", "persona"),
    ],
)
def test_the_denial_of_a_wish_covers_its_clause(language: str, text: str, word: str) -> None:
    assert tokenize(text).index(word) in denied_positions(text, language)


@pytest.mark.parametrize(
    ("language", "text", "word"),
    [
        ("en", "no, I want a person", "person"),
        ("en", "can't I just talk to a human?", "human"),
        ("en", "I don't want a bot, I want a human", "human"),
        ("en", "I don't want a bot I want a human", "human"),
        ("en", "I can't find anything in my order", "order"),
        ("de", "kann ich nicht mit einem Mitarbeiter sprechen?", "mitarbeiter"),
        ("es", "no, quiero hablar con una persona", "persona"),
    ],
)
def test_a_denial_ends_with_its_clause(language: str, text: str, word: str) -> None:
    assert tokenize(text).index(word) not in denied_positions(text, language)


# words that no pack can know, so that nothing can be said of what they do to a value
_UNKNOWN = st.text(string.ascii_lowercase, min_size=6, max_size=10).map(lambda word: f"x{word}q")
_VALUES = ("monday", "tomorrow", "3 pm", "next tuesday")


@given(word=_UNKNOWN, value=st.sampled_from(_VALUES), is_behind=st.booleans())
def test_an_unknown_word_beside_a_value_means_asking_back(word: str, value: str, *, is_behind: bool) -> None:
    text = f"{value} {word}" if is_behind else f"{word} {value}"
    kind = "time" if "pm" in value else "date"
    schema = {"properties": {"v": {"type": "string", "format": kind, "x-future": kind == "date"}}}
    (slot,) = slots_from_schema(schema, "en")
    assume(extract_slot(slot, value, TODAY).value is not None)
    reading = extract_slot(slot, text, TODAY)
    assert reading.value is None
    assert reading.error_message


@given(word=_UNKNOWN)
def test_a_word_that_is_only_linked_to_a_value_leaves_it(word: str) -> None:
    assert not has_unknown_neighbor((word, "on"), ("for", "my", word))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "any day but Monday"),
        ("en", "every day except Friday"),
        ("en", "the first Monday in December"),
        ("en", "the Monday after Christmas"),
        ("en", "tomorrow week"),
        ("de", "jeder Tag außer Freitag"),
        ("de", "letzter Freitag im Dezember"),
        ("es", "cualquier día menos el lunes"),
    ],
)
def test_what_is_left_out_or_counted_is_not_a_day(language: str, text: str) -> None:
    schema = {"properties": {"v": {"type": "string", "format": "date", "x-future": True}}}
    (slot,) = slots_from_schema(schema, language)
    assert extract_slot(slot, text, TODAY).value is None
