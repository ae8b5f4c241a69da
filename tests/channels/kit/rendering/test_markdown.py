"""CommonMark rendered in messenger dialects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels._kit.rendering import (
    ASTERISK_DIALECT,
    PLAIN_DIALECT,
    format_numbered_list,
    render_markdown,
)


@pytest.mark.parametrize(
    ("markdown", "plain", "asterisks"),
    [
        ("**bold** and _it_ and ~~gone~~", "bold and it and gone", "*bold* and _it_ and ~gone~"),
        ("# Title **x**\n\ntext", "Title x\n\ntext", "*Title x*\n\ntext"),
        ("one\ntwo  \nthree", "one\ntwo\nthree", "one\ntwo\nthree"),
        ("- a\n- b\n  - c", "- a\n- b\n  - c", "- a\n- b\n  - c"),
        ("3. a\n4. b", "3. a\n4. b", "3. a\n4. b"),
        ("> said\n> so", "> said\n> so", "> said\n> so"),
        ("use `code_x`", "use code_x", "use `code_x`"),
        ("```py\nx = 1\n```", "x = 1", "```x = 1```"),
        ("[page](https://a.example/b_c)", "page (https://a.example/b_c)", "page (https://a.example/b_c)"),
        ("<https://a.example/>", "https://a.example/", "https://a.example/"),
        ("[https://a.example](https://a.example)", "https://a.example", "https://a.example"),
        ("![cat](https://a.example/c.png)", "cat (https://a.example/c.png)", "cat (https://a.example/c.png)"),
        ("a\n\n---\n\nb", "a\n\n---\n\nb", "a\n\n---\n\nb"),
        ("AT&amp;T \\*kept\\*", "AT&T *kept*", "AT&T \u2060*kept*"),
        ("** no bold **", "** no bold **", "\u2060** no bold **"),
        ("snake_case_name 2 * 3 * 4", "snake_case_name 2 * 3 * 4", "snake_case_name 2 * 3 * 4"),
    ],
)
def test_each_markdown_element_has_its_marker(markdown: str, plain: str, asterisks: str) -> None:
    assert render_markdown(markdown, PLAIN_DIALECT) == plain
    assert render_markdown(markdown, ASTERISK_DIALECT) == asterisks


@pytest.mark.parametrize(
    "text",
    [
        "<b>shown</b>",
        "<!-- shown -->",
        "    indented",
        "[shown]: https://a.example",
        "<shown",
        ">" * 200 + "x",
    ],
)
def test_no_content_is_lost(text: str) -> None:
    assert render_markdown(text, PLAIN_DIALECT) == text.strip()


@given(text=st.text(alphabet="ab #*_>`~-1.[]()<!\n\\&", max_size=200))
def test_no_input_raises_or_loses_a_character(text: str) -> None:
    for dialect in (PLAIN_DIALECT, ASTERISK_DIALECT):
        shown = render_markdown(text, dialect)
        if not any(mark in text for mark in ("`", "&", "[", "<", "~~~")):
            assert [letter for letter in shown if letter in "ab"] == [
                letter for letter in text if letter in "ab"
            ]


@given(text=st.text(alphabet="ab 12.)#+=-:/!?,'\"ü€😀@|{}$%^;h", min_size=1, max_size=60))
def test_a_line_is_rendered_alike_alone_and_before_another_paragraph(text: str) -> None:
    for dialect in (PLAIN_DIALECT, ASTERISK_DIALECT):
        alone = render_markdown(text, dialect)
        assert f"{alone}\n\nx".strip() == render_markdown(f"{text}\n\nx", dialect)


def test_a_list_of_choices_is_numbered_from_one() -> None:
    assert format_numbered_list(["Yes", "No\n  thanks"]) == "1. Yes\n2. No thanks"
