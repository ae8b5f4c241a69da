"""Literal values in a text are shown unchanged on WhatsApp, and copied unchanged where possible."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels._kit.rendering import ASTERISK_DIALECT, escape_markdown, escape_markers, render_markdown
from core.model import Address, Choice, Message
from tests.channels.twilio import builders as twilio
from tests.channels.whatsapp import builders as whatsapp

JOINER = "\u2060"
_PAIRS = [
    re.compile(rf"(?<![A-Za-z0-9{JOINER}]){mark}(?=\S)[^\n]+?(?<=\S){mark}(?![A-Za-z0-9{JOINER}])")
    for mark in (r"\*", "_", "~", "`")
]
_BLOCKS = re.compile(r"^[-*>] ", re.MULTILINE)
VALUES = st.text("*_~`-> 1a.é", min_size=1, max_size=12).filter(str.strip)


def find_formatted(text: str) -> list[str]:
    """Return what WhatsApp would show as formatted, by its observed rules."""
    found = [each[0] for pair in _PAIRS for each in pair.finditer(text)]
    if "```" in text.replace("```", "", 1):
        found.append("```")
    return found + _BLOCKS.findall(text)


def remove_joiners(text: str) -> str:
    return text.replace(JOINER, "")


def render(markdown: str) -> str:
    return render_markdown(markdown, ASTERISK_DIALECT)


def test_the_rules_see_what_whatsapp_formats() -> None:
    for text in ("*a*", "x _a b_.", "(~a~)", "`a`", "```a\nb```", "> a", "hi\n- a"):
        assert find_formatted(text), text
    for text in ("A*12*B", "x * a*", "*a", "2 * 3 * 4", "ORD_12_34"):
        assert not find_formatted(text), text


@given(value=VALUES, label=VALUES)
@example(value="*12*", label="- *x*")
@example(value="```x```", label="_")
@example(value="1", label="```")
def test_any_value_arrives_as_it_is(value: str, label: str) -> None:
    shown, line = escape_markdown(value), " ".join(value.split())
    for before, after in (("", ""), ("Code: ", "!"), ("(", ")"), ("Hi\n", "\nBye"), ("a*b ", " c*")):
        expected = before + line + after
        text = render((before + "%s" + after).replace("*", r"\*") % shown)
        assert (remove_joiners(text), find_formatted(text)) == (expected.strip(), []), text
    choices = (Choice(label=label, payload="p"), Choice(label=label, payload="q"))  # alike: numbered
    for channel, ours, theirs in (
        (whatsapp.build_channel(), whatsapp.OURS, whatsapp.PHONE),
        (twilio.build_channel(), "whatsapp:+15550101", "whatsapp:+15550170"),
    ):
        address = Address(channel=channel.name, account=twilio.ACCOUNT, ours=ours, theirs=theirs)
        [part] = channel.render(Message(text=f"Code {shown}", choices=choices), address)
        name = " ".join(label.split())
        assert remove_joiners(part.body) == f"Code {line}\n\n1. {name}\n2. {name}".strip()
        assert not find_formatted(part.body)


@given(value=VALUES)
@example(value="*12*")
@example(value="a*")
def test_markup_around_a_value_never_takes_its_characters(value: str) -> None:
    text = render(f"**{escape_markdown(value)}** ok")
    plain = remove_joiners(text).removesuffix(" ok")
    line = " ".join(value.split())
    assert plain in (line, f"*{line}*", f"**{line}**")
    if plain != line:
        assert [each for each in find_formatted(text) if remove_joiners(each) != plain] == []


@pytest.mark.parametrize(
    "code", ["A*12*B", "ORD_12_34", "*A12", "A12*", "2 * 3 * 4", "~5", "a`b", "-5", ">5"]
)
def test_a_code_that_nothing_formats_is_copied_as_it_is(code: str) -> None:
    assert render(f"Your code is {escape_markdown(code)}, thanks") == f"Your code is {code}, thanks"
    assert render(f"**Total:** {escape_markdown(code)}") == f"*Total:* {code}"


def test_the_joiner_is_outside_the_words() -> None:
    assert render(r"Code \*12\*!") == f"Code {JOINER}*12*!"
    assert escape_markers("_id_") == f"{JOINER}_id_"


def test_a_link_keeps_its_characters() -> None:
    url = "https://shop.example/_a_?q=*b*"
    assert render(f"See {url} and [here]({url})") == f"See {url} and here ({url})"


def test_code_keeps_its_characters() -> None:
    assert render("`a *b* _c_` \\*d") == "`a *b* _c_` *d"
