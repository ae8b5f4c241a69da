from __future__ import annotations

import re
import warnings
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.text import BoundedRegex, pattern_error
from flows.text.bounded_regex import MAX_TEXT_LENGTH

SLOW = ["^(a|a)*$", "(a+)+b", "(.*,){12}P", r"^(([a-z])+.)+[A-Z]([a-z])+$", "^(?:ab|a|b)*$"]
PARTS = r"""
a b 1 . \d \w \s [ab] [^a] [[a] []a] [a{e}] (a) (?:b|1) a? b* 1+ a{2} a{1,} { } a{e} {a} a{,2} a{} | ^ $ \b
\{ \\ (?=a) (?!b) (?<=a) (?P<n>a) (?i:A) & [a|b] [+-] é [à-ü]
"""
parts = st.sampled_from([*PARTS.split(), " ", "\n"])
letters = st.text(st.sampled_from(list("ab1A {}[]\\|&é-\n,e")), max_size=6)


def test_a_pattern_is_found_anywhere_or_takes_the_whole() -> None:
    found = BoundedRegex(r"hl-?(?P<number>\d{6})", ignore_case=True).search("order HL-123456 please")
    assert found
    assert found.groupdict() == {"number": "123456"}
    assert BoundedRegex(r"(?P<number>\d{6})(x)?").group_names == ("number",)
    assert not BoundedRegex(r"\d{6}").fullmatch("1234567")
    assert BoundedRegex(r"\d{6}").fullmatch("123456")


@given(st.lists(parts, max_size=5).map("".join), st.lists(letters, min_size=1, max_size=3))
def test_a_pattern_is_read_as_python_reads_it(source: str, texts: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        try:
            python = re.compile(source)
        except re.error:
            python = None
    assert bool(pattern_error(source)) == (python is None)
    for text in texts if python else ():
        assert bool(BoundedRegex(source).search(text)) == bool(python and python.search(text))
        assert bool(BoundedRegex(source).fullmatch(text)) == bool(python and python.fullmatch(text))


@pytest.mark.parametrize("source", SLOW)
def test_a_match_that_takes_too_long_counts_as_none(source: str) -> None:
    pattern = BoundedRegex(source)
    begun = process_time()
    assert pattern.search("a" * 60 + "1," * 30 + "!") is None
    assert pattern.fullmatch("a" * 60 + "!") is None
    assert process_time() - begun < 2
    assert pattern.is_slow


@pytest.mark.parametrize(
    "source", [r"^\d{4}$", "(ab)+c*", r"^HL-?\d{6}$", r"[\w.+-]+@[\w-]+\.[a-z]{2,}", "yes|no"]
)
def test_a_common_pattern_is_not_slow(source: str) -> None:
    assert not BoundedRegex(source).is_slow


def test_a_text_that_is_too_long_is_not_looked_at() -> None:
    assert BoundedRegex("a").search("a" * MAX_TEXT_LENGTH)
    assert BoundedRegex("a").search("a" * (MAX_TEXT_LENGTH + 1)) is None


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("(", "This is not a regular expression: missing ), unterminated subpattern at position 0."),
        (5, "This must be a regular expression in quotes."),
        ("a{99999999}", "A repetition of more than 10000 times is too long."),
        ("a{999999999999999999999}", "A repetition of more than 10000 times is too long."),
        (r"\p{L}", r"This is not a regular expression: bad escape \p at position 0."),
        ("(" * 5_000 + ")" * 5_000, "This is not a regular expression: "),
        (r"^\d{4}$", ""),
    ],
)
def test_an_invalid_pattern_is_reported(source: object, sentence: str) -> None:
    assert pattern_error(source).startswith(sentence)
    assert bool(pattern_error(source)) == bool(sentence)
