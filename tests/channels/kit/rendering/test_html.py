"""CommonMark rendered as the HTML of help desks, with an allow-list of tags."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels._kit.rendering import markdown_to_html, text_to_html

_OURS = {
    "p",
    "br",
    "b",
    "i",
    "s",
    "a",
    "img",
    "code",
    "pre",
    "ul",
    "ol",
    "li",
    "h1",
    "h2",
    "blockquote",
    "hr",
}


class TagCollector(HTMLParser):
    """Collects the tags that a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= set(attrs)
        if tag not in ("br", "img", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("**bold** and _it_ and ~~gone~~", "<p><b>bold</b> and <i>it</i> and <s>gone</s></p>"),
        ("one\ntwo  \nthree\n\nfour", "<p>one<br>two<br>three</p><p>four</p>"),
        ("# A\n\n## B\n\n### C *d*", "<h1>A</h1><h2>B</h2><p><b>C <i>d</i></b></p>"),
        ("- a\n- b\n  - c", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"),
        ("- a\n\n  more\n- b", "<ul><li>a<p>more</p></li><li>b</li></ul>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("3. a", '<ol start="3"><li>a</li></ol>'),
        ("> said\n> so", "<blockquote><p>said<br>so</p></blockquote>"),
        ("use `a<b`", "<p>use <code>a&lt;b</code></p>"),
        ("```py\nx < 1\n```", "<pre><code>x &lt; 1\n</code></pre>"),
        (
            "[a & b](https://a.example/?x=1&y=2)",
            '<p><a href="https://a.example/?x=1&amp;y=2">a &amp; b</a></p>',
        ),
        ("![cat](https://a.example/c.png)", '<p><img src="https://a.example/c.png" alt="cat"></p>'),
        ("a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("[press](javascript:alert(1))", "<p>[press](javascript:alert(1))</p>"),
        ("3 < 5 & AT&amp;T", "<p>3 &lt; 5 &amp; AT&amp;T</p>"),
        ("", ""),
    ],
)
def test_each_markdown_element_has_its_tag(markdown: str, expected: str) -> None:
    assert markdown_to_html(markdown) == expected


def test_markdown_nested_too_deeply_is_shown_literally() -> None:
    assert markdown_to_html(">" * 200 + "x") == f"<p>{'&gt;' * 200}x</p>"


def test_plain_text_keeps_its_lines_and_nothing_else() -> None:
    assert text_to_html(" **a**\n<b> ") == "<p>**a**<br>&lt;b&gt;</p>"
    assert text_to_html(" \n") == ""


@given(text=st.text(alphabet="ab #*_>`~-1.[]()<!/=\"'\n\\&:", max_size=200))
def test_no_input_makes_an_unlisted_tag_or_loses_a_character(text: str) -> None:
    seen = TagCollector(markdown_to_html(text))

    assert seen.tags <= _OURS
    assert seen.open == []
    assert {name for name, _ in seen.attributes} <= {"href", "src", "alt", "start"}
    if not any(mark in text for mark in ("`", "&", "[", "<", "~~~")):
        assert [letter for letter in seen.text if letter in "ab"] == [
            letter for letter in text if letter in "ab"
        ]
